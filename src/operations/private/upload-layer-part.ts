import { privateRegistry } from '../../domain/references.ts'
import { uploadPart } from '../../domain/upload-parts.ts'
import { getOpenUpload } from '../../domain/uploads.ts'
import { blob, optional, struct } from '../../model/schema.ts'
import { partSize, uploadId } from '../../model/shapes/layer.ts'
import { inRepository, ofRepository } from '../../model/shapes/repository.ts'
import { ecr, operation } from '../operation.ts'
import { onRepository } from '../resources.ts'

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_UploadLayerPart.html */
export const uploadLayerPart = operation({
  service: ecr,
  name: 'UploadLayerPart',
  input: struct({
    ...inRepository,
    uploadId,
    partFirstByte: partSize,
    partLastByte: partSize,
    layerPartBlob: blob({ min: 0, max: 20_971_520 }),
  }),
  output: struct({ ...ofRepository, uploadId: optional(uploadId), lastByteReceived: optional(partSize) }),
  errors: [
    'ServerException',
    'InvalidParameterException',
    'InvalidLayerPartException',
    'RepositoryNotFoundException',
    'UploadNotFoundException',
    'LimitExceededException',
    'KmsException',
  ],
  allow: onRepository('UploadLayerPart'),
  handle: async (ctx, input) => {
    const registry = privateRegistry(ctx, input.registryId)
    const open = await getOpenUpload(ctx, registry, input.repositoryName, input.uploadId)
    const part = { firstByte: input.partFirstByte, lastByte: input.partLastByte, bytes: input.layerPartBlob }
    const lastByteReceived = await uploadPart(ctx, open, part)
    return {
      registryId: registry.accountId,
      repositoryName: input.repositoryName,
      uploadId: input.uploadId,
      lastByteReceived,
    }
  },
})
