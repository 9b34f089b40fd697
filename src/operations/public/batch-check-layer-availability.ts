import { checkLayers } from '../../domain/layers.ts'
import { publicRegistry } from '../../domain/public/registries.ts'
import { getRepository } from '../../domain/repositories.ts'
import { list, optional, struct } from '../../model/schema.ts'
import { batchedLayerDigest, layerFailure } from '../../model/shapes/layer.ts'
import { inAnyRepository } from '../../model/shapes/public/common.ts'
import { layer } from '../../model/shapes/public/layer.ts'
import { ecrPublic, operation } from '../operation.ts'
import { presentLayer } from '../present-layer.ts'
import { onPublicRepository } from './public-resources.ts'

/** https://docs.aws.amazon.com/AmazonECRPublic/latest/APIReference/API_BatchCheckLayerAvailability.html */
export const batchCheckLayerAvailability = operation({
  service: ecrPublic,
  name: 'BatchCheckLayerAvailability',
  input: struct({ ...inAnyRepository, layerDigests: list(batchedLayerDigest, { min: 1, max: 100 }) }),
  output: struct({ layers: optional(list(layer)), failures: optional(list(layerFailure)) }),
  errors: [
    'InvalidParameterException',
    'RegistryNotFoundException',
    'RepositoryNotFoundException',
    'ServerException',
    'UnsupportedCommandException',
  ],
  allow: onPublicRepository('BatchCheckLayerAvailability'),
  handle: async (ctx, input) => {
    const registry = await publicRegistry(ctx, input.registryId)
    const checked = await checkLayers(ctx, await getRepository(ctx, registry, input.repositoryName), input.layerDigests)
    return {
      layers: checked.filter((item) => 'digest' in item).map(presentLayer),
      failures: checked.filter((item) => 'failure' in item).map((item) => item.failure),
    }
  },
})
