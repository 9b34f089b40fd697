import { publicRegistry } from '../../domain/public/registries.ts'
import { uploadPart } from '../../domain/upload-parts.ts'
import { getOpenUpload } from '../../domain/uploads.ts'
import { blob, optional, struct } from '../../model/schema.ts'
import { partSize } from '../../model/shapes/layer.ts'
import { inAnyRepository, ofRepository } from '../../model/shapes/public/common.ts'
import { uploadId } from '../../model/shapes/public/layer.ts'
import { ecrPublic, operation } from '../operation.ts'
import { onPublicRepository } from './public-resources.ts'

/** https://docs.aws.amazon.com/AmazonECRPublic/latest/APIReference/API_UploadLayerPart.html */
export const uploadLayerPart = operation({
  service: ecrPublic,
  name: 'UploadLayerPart',
  input: struct({
    ...inAnyRepository,
    uploadId,
    partFirstByte: partSize,
    partLastByte: partSize,
    layerPartBlob: blob({ min: 0, max: 20_971_520 }),
  }),
  output: struct({ ...ofRepository, uploadId: optional(uploadId), lastByteReceived: optional(partSize) }),
  errors: [
    'InvalidLayerPartException',
    'InvalidParameterException',
    'LimitExceededException',
    'RegistryNotFoundException',
    'RepositoryNotFoundException',
    'ServerException',
    'UnsupportedCommandException',
    'UploadNotFoundException',
  ],
  allow: onPublicRepository('UploadLayerPart'),
  handle: async (ctx, input) => {
    const registry = await publicRegistry(ctx, input.registryId)
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
