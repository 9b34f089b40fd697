import { checkImageDigest } from '../../domain/image-ids.ts'
import { mountLayer as mount } from '../../domain/layers.ts'
import { getRepository } from '../../domain/repositories.ts'
import { boolean, optional, struct } from '../../model/schema.ts'
import { layerDigest } from '../../model/shapes/layer.ts'
import { EcrError } from '../../model/errors.ts'
import { operation } from '../operation.ts'
import { authoriseFor } from '../perform.ts'
import { privateSide, type Side } from '../side.ts'

/**
 * Cross-repository mount (OCI distribution specification, "Mounting a blob from another repository"; CloudTrail knows it as MountLayer).
 * Without `from` only what is already in the target counts. A source that does not exist or may not be read is the same as one without
 * the layer: the answer must not tell (row D22).
 */
export const mountLayerOn = (side: Side) =>
  operation({
    service: side.service,
    name: 'MountLayer',
    input: struct({ ...side.inRepository, layerDigest, from: optional(side.inRepository.repositoryName) }),
    output: struct({ mounted: boolean() }),
    errors: ['ServerException', 'InvalidParameterException', 'RepositoryNotFoundException'],
    allow: side.toWrite('InitiateLayerUpload'),
    handle: async (ctx, input) => {
      const digest = checkImageDigest(input.layerDigest, 'layerDigest')
      const registry = side.registry(ctx, input.registryId)
      const target = await getRepository(ctx, registry, input.repositoryName)
      const from = input.from ?? input.repositoryName
      try {
        await authoriseFor(side.toRead('GetDownloadUrlForLayer'), ctx, { ...input, repositoryName: from })
      } catch (error) {
        if (error instanceof EcrError) return { mounted: false }
        throw error
      }
      const source = await ctx.metadata.read.repositories.find(registry, from)
      return { mounted: source !== undefined && (await mount(ctx, source, target, digest)) }
    },
  })

export const mountLayer = mountLayerOn(privateSide)
