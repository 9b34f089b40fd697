import { checkImageDigest } from '../../domain/image-ids.ts'
import { deleteLayer as remove } from '../../domain/layers.ts'
import { getRepository } from '../../domain/repositories.ts'
import { struct } from '../../model/schema.ts'
import { layerDigest } from '../../model/shapes/layer.ts'
import { operation } from '../operation.ts'
import { privateSide, type Side } from '../side.ts'

/** Takes a layer out of a repository (DELETE of a blob). One that an image names stays: InvalidParameterException. */
export const deleteLayerOn = (side: Side) =>
  operation({
    service: side.service,
    name: 'DeleteLayer',
    input: struct({ ...side.inRepository, layerDigest }),
    output: struct({}),
    errors: ['ServerException', 'InvalidParameterException', 'RepositoryNotFoundException', 'LayersNotFoundException'],
    allow: side.toWrite('BatchDeleteImage'),
    handle: async (ctx, input) => {
      const repository = await getRepository(ctx, side.registry(ctx, input.registryId), input.repositoryName)
      await remove(ctx, repository, checkImageDigest(input.layerDigest, 'layerDigest'))
      return {}
    },
  })

export const deleteLayer = deleteLayerOn(privateSide)
