import { parseLayerDigests } from '../../domain/parse-layer-digests.ts'
import { privateRegistry } from '../../domain/references.ts'
import { completeUpload, getOpenUpload } from '../../domain/uploads.ts'
import { list, optional, struct } from '../../model/schema.ts'
import { layerDigest, uploadId } from '../../model/shapes/layer.ts'
import { inRepository, ofRepository } from '../../model/shapes/repository.ts'
import { ecr, operation } from '../operation.ts'
import { onRepository } from '../resources.ts'

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CompleteLayerUpload.html */
export const completeLayerUpload = operation({
  service: ecr,
  name: 'CompleteLayerUpload',
  input: struct({ ...inRepository, uploadId, layerDigests: list(layerDigest, { min: 1, max: 100 }) }),
  output: struct({ ...ofRepository, uploadId: optional(uploadId), layerDigest: optional(layerDigest) }),
  errors: [
    'ServerException',
    'InvalidParameterException',
    'RepositoryNotFoundException',
    'UploadNotFoundException',
    'InvalidLayerException',
    'LayerPartTooSmallException',
    'LayerAlreadyExistsException',
    'EmptyUploadException',
    'KmsException',
  ],
  allow: onRepository('CompleteLayerUpload'),
  handle: async (ctx, input) => {
    const digests = parseLayerDigests(input.layerDigests)
    const registry = privateRegistry(ctx, input.registryId)
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
