import { checkImageDigest } from '../../domain/image-ids.ts'
import { deleteLayer as remove } from '../../domain/layers.ts'
import { privateRegistry } from '../../domain/references.ts'
import { getRepository } from '../../domain/repositories.ts'
import { struct } from '../../model/schema.ts'
import { layerDigest } from '../../model/shapes/layer.ts'
import { inRepository } from '../../model/shapes/repository.ts'
import { ecr, operation } from '../operation.ts'
import { onRepository } from '../resources.ts'

/** Takes a layer out of a repository (DELETE of a blob). One that an image names stays: InvalidParameterException. */
export const deleteLayer = operation({
  service: ecr,
  name: 'DeleteLayer',
  input: struct({ ...inRepository, layerDigest }),
  output: struct({}),
  errors: ['ServerException', 'InvalidParameterException', 'RepositoryNotFoundException', 'LayersNotFoundException'],
  allow: onRepository('BatchDeleteImage'),
  handle: async (ctx, input) => {
    const repository = await getRepository(ctx, privateRegistry(ctx, input.registryId), input.repositoryName)
    await remove(ctx, repository, checkImageDigest(input.layerDigest, 'layerDigest'))
    return {}
  },
})
