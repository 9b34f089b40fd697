import { checkLayers } from '../../domain/layers.ts'
import { privateRegistry } from '../../domain/references.ts'
import { getRepository } from '../../domain/repositories.ts'
import { list, optional, struct } from '../../model/schema.ts'
import { batchedLayerDigest, layer, layerFailure } from '../../model/shapes/layer.ts'
import { inRepository } from '../../model/shapes/repository.ts'
import { ecr, operation } from '../operation.ts'
import { presentLayer } from '../present-layer.ts'
import { onRepository } from '../resources.ts'

/**
 * https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchCheckLayerAvailability.html
 * Unknown layers are UNAVAILABLE entries; only malformed digests are failures (the containerd resolver relies on it).
 */
export const batchCheckLayerAvailability = operation({
  service: ecr,
  name: 'BatchCheckLayerAvailability',
  input: struct({ ...inRepository, layerDigests: list(batchedLayerDigest, { min: 1, max: 100 }) }),
  output: struct({ layers: optional(list(layer)), failures: optional(list(layerFailure)) }),
  errors: ['RepositoryNotFoundException', 'InvalidParameterException', 'ServerException'],
  allow: onRepository('BatchCheckLayerAvailability'),
  handle: async (ctx, input) => {
    const repository = await getRepository(ctx, privateRegistry(ctx, input.registryId), input.repositoryName)
    const checked = await checkLayers(ctx, repository, input.layerDigests)
    return {
      layers: checked.filter((item) => 'digest' in item).map(presentLayer),
      failures: checked.filter((item) => 'failure' in item).map((item) => item.failure),
    }
  },
})
