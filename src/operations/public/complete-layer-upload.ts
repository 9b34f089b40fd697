import { parseLayerDigests } from '../../domain/parse-layer-digests.ts'
import { publicRegistry } from '../../domain/public/registries.ts'
import { completeUpload, getOpenUpload } from '../../domain/uploads.ts'
import { list, optional, struct } from '../../model/schema.ts'
import { inAnyRepository, ofRepository } from '../../model/shapes/public/common.ts'
import { layerDigest, uploadId } from '../../model/shapes/public/layer.ts'
import { ecrPublic, operation } from '../operation.ts'
import { onPublicRepository } from './public-resources.ts'

/** https://docs.aws.amazon.com/AmazonECRPublic/latest/APIReference/API_CompleteLayerUpload.html */
export const completeLayerUpload = operation({
  service: ecrPublic,
  name: 'CompleteLayerUpload',
  input: struct({ ...inAnyRepository, uploadId, layerDigests: list(layerDigest, { min: 1, max: 100 }) }),
  output: struct({ ...ofRepository, uploadId: optional(uploadId), layerDigest: optional(layerDigest) }),
  errors: [
    'EmptyUploadException',
    'InvalidLayerException',
    'InvalidParameterException',
    'LayerAlreadyExistsException',
    'LayerPartTooSmallException',
    'RegistryNotFoundException',
    'RepositoryNotFoundException',
    'ServerException',
    'UnsupportedCommandException',
    'UploadNotFoundException',
  ],
  allow: onPublicRepository('CompleteLayerUpload'),
  handle: async (ctx, input) => {
    const digests = parseLayerDigests(input.layerDigests)
    const registry = await publicRegistry(ctx, input.registryId)
    const open = await getOpenUpload(ctx, registry, input.repositoryName, input.uploadId)
    const digest = await completeUpload(ctx, open, digests)
    return {
      registryId: registry.accountId,
      repositoryName: input.repositoryName,
      uploadId: input.uploadId,
      layerDigest: digest,
    }
  },
})
