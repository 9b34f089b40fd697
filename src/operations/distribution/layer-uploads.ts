// What the data plane may do with an upload beside the four operations of the API.

import { privateRegistry } from '../../domain/references.ts'
import { cancelUpload, getUpload } from '../../domain/uploads.ts'
import { struct } from '../../model/schema.ts'
import { partSize, uploadId } from '../../model/shapes/layer.ts'
import { inRepository } from '../../model/shapes/repository.ts'
import { ecr, operation } from '../operation.ts'
import { onRepository } from '../resources.ts'

const errors = [
  'ServerException',
  'InvalidParameterException',
  'RepositoryNotFoundException',
  'UploadNotFoundException',
]

/** How many bytes an upload has (GET of its location). */
export const getLayerUpload = operation({
  service: ecr,
  name: 'GetLayerUpload',
  input: struct({ ...inRepository, uploadId }),
  output: struct({ uploadId, received: partSize }),
  errors,
  allow: onRepository('UploadLayerPart'),
  handle: async (ctx, input) => {
    const { received } = await getUpload(
      ctx,
      privateRegistry(ctx, input.registryId),
      input.repositoryName,
      input.uploadId,
    )
    return { uploadId: input.uploadId, received }
  },
})

/** Ends an upload (DELETE of its location). */
export const cancelLayerUpload = operation({
  service: ecr,
  name: 'CancelLayerUpload',
  input: struct({ ...inRepository, uploadId }),
  output: struct({}),
  errors,
  allow: onRepository('UploadLayerPart'),
  handle: async (ctx, input) => {
    await cancelUpload(
      ctx,
      await getUpload(ctx, privateRegistry(ctx, input.registryId), input.repositoryName, input.uploadId),
    )
    return {}
  },
})
