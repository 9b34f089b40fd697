import { authorise } from '../../domain/authorisation/authorise.ts'
import { checkImageDigest } from '../../domain/image-ids.ts'
import { mountLayer as mount } from '../../domain/layers.ts'
import { privateRegistry, repositoryArn } from '../../domain/references.ts'
import { getRepository } from '../../domain/repositories.ts'
import { boolean, optional, struct } from '../../model/schema.ts'
import { repositoryName } from '../../model/shapes/common.ts'
import { layerDigest } from '../../model/shapes/layer.ts'
import { inRepository } from '../../model/shapes/repository.ts'
import { EcrError } from '../../model/errors.ts'
import { ecr, operation } from '../operation.ts'
import { onRepository } from '../resources.ts'

/**
 * Cross-repository mount (OCI distribution specification, "Mounting a blob from another repository"; CloudTrail knows it as MountLayer).
 * Without `from` only what is already in the target counts. A source that does not exist or may not be read is the same as one without
 * the layer: the answer must not tell (row D22).
 */
export const mountLayer = operation({
  service: ecr,
  name: 'MountLayer',
  input: struct({ ...inRepository, layerDigest, from: optional(repositoryName) }),
  output: struct({ mounted: boolean() }),
  errors: ['ServerException', 'InvalidParameterException', 'RepositoryNotFoundException'],
  allow: onRepository('InitiateLayerUpload'),
  handle: async (ctx, input) => {
    const digest = checkImageDigest(input.layerDigest, 'layerDigest')
    const registry = privateRegistry(ctx, input.registryId)
    const target = await getRepository(ctx, registry, input.repositoryName)
    const from = input.from ?? input.repositoryName
    try {
      authorise(ctx, 'ecr:GetDownloadUrlForLayer', repositoryArn(registry, from))
    } catch (error) {
      if (error instanceof EcrError) return { mounted: false }
      throw error
    }
    const source = await ctx.metadata.read.repositories.find(registry, from)
    return { mounted: source !== undefined && (await mount(ctx, source, target, digest)) }
  },
})
