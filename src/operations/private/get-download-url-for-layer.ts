import { checkImageDigest } from '../../domain/image-ids.ts'
import { layerUrl } from '../../domain/layers.ts'
import { privateRegistry } from '../../domain/references.ts'
import { getRepository } from '../../domain/repositories.ts'
import { optional, struct } from '../../model/schema.ts'
import { url } from '../../model/shapes/common.ts'
import { layerDigest } from '../../model/shapes/layer.ts'
import { inRepository } from '../../model/shapes/repository.ts'
import { ecr, operation } from '../operation.ts'
import { onRepository } from '../resources.ts'

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetDownloadUrlForLayer.html */
export const getDownloadUrlForLayer = operation({
  service: ecr,
  name: 'GetDownloadUrlForLayer',
  input: struct({ ...inRepository, layerDigest }),
  output: struct({ downloadUrl: optional(url), layerDigest: optional(layerDigest) }),
  errors: [
    'ServerException',
    'InvalidParameterException',
    'LayersNotFoundException',
    'LayerInaccessibleException',
    'RepositoryNotFoundException',
    'UnableToGetUpstreamLayerException',
  ],
  allow: onRepository('GetDownloadUrlForLayer'),
  handle: async (ctx, input) => {
    const digest = checkImageDigest(input.layerDigest, 'layerDigest')
    const repository = await getRepository(ctx, privateRegistry(ctx, input.registryId), input.repositoryName)
    return { downloadUrl: await layerUrl(ctx, repository, digest), layerDigest: digest }
  },
})
