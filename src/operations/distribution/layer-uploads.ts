// What the data plane may do with an upload beside the four operations of the API.

import { cancelUpload, getUpload } from '../../domain/uploads.ts'
import { struct } from '../../model/schema.ts'
import { partSize, uploadId } from '../../model/shapes/layer.ts'
import { operation } from '../operation.ts'
import { privateSide, type Side } from '../side.ts'

const errors = [
  'ServerException',
  'InvalidParameterException',
  'RepositoryNotFoundException',
  'UploadNotFoundException',
]

/** How many bytes an upload has (GET of its location). */
export const getLayerUploadOn = (side: Side) =>
  operation({
    service: side.service,
    name: 'GetLayerUpload',
    input: struct({ ...side.inRepository, uploadId }),
    output: struct({ uploadId, received: partSize }),
    errors,
    allow: side.toWrite('UploadLayerPart'),
    handle: async (ctx, input) => {
      const { received } = await getUpload(
        ctx,
        side.registry(ctx, input.registryId),
        input.repositoryName,
        input.uploadId,
      )
      return { uploadId: input.uploadId, received }
    },
  })

export const getLayerUpload = getLayerUploadOn(privateSide)

/** UploadLayerPart as the data plane does it: the bytes are streamed past the operation (`performBy`), and it tells how many there are. */
export const streamLayerPartOn = (side: Side) => ({ ...getLayerUploadOn(side), name: 'UploadLayerPart' })

export const streamLayerPart = streamLayerPartOn(privateSide)

/** Ends an upload (DELETE of its location). */
export const cancelLayerUploadOn = (side: Side) =>
  operation({
    service: side.service,
    name: 'CancelLayerUpload',
    input: struct({ ...side.inRepository, uploadId }),
    output: struct({}),
    errors,
    allow: side.toWrite('UploadLayerPart'),
    handle: async (ctx, input) => {
      await cancelUpload(
        ctx,
        await getUpload(ctx, side.registry(ctx, input.registryId), input.repositoryName, input.uploadId),
      )
      return {}
    },
  })

export const cancelLayerUpload = cancelLayerUploadOn(privateSide)
