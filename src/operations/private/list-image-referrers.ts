import { parseDigest } from '../../lib/digest.ts'
import { checkImageDigest } from '../../domain/image-ids.ts'
import { page } from '../../domain/paging.ts'
import { describeReferrers, fittingOneAnswer } from '../../domain/referrers.ts'
import { getRepository } from '../../domain/repositories.ts'
import { integer, list, optional, struct } from '../../model/schema.ts'
import { nextToken } from '../../model/shapes/common.ts'
import { imageDigest, imageReferrer, imageReferrersFilter } from '../../model/shapes/image.ts'
import { operation } from '../operation.ts'
import { privateSide, type Side } from '../side.ts'

/**
 * https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ListImageReferrers.html
 * The subject need not exist: an artifact may come before its image.
 */
export const listImageReferrersOn = (side: Side) =>
  operation({
    service: side.service,
    name: 'ListImageReferrers',
    input: struct({
      ...side.inRepository,
      subjectId: struct({ imageDigest }),
      filter: optional(imageReferrersFilter),
      nextToken: optional(nextToken),
      maxResults: optional(integer({ min: 1, max: 50 })),
    }),
    output: struct({ referrers: optional(list(imageReferrer)), nextToken: optional(nextToken) }),
    errors: [
      'ServerException',
      'InvalidParameterException',
      'RepositoryNotFoundException',
      'ValidationException',
      'UnableToListUpstreamImageReferrersException',
    ],
    allow: side.toRead('ListImageReferrers'),
    note: 'Referrers are always ACTIVE: archiving comes with UpdateImageStorageClass.',
    handle: async (ctx, input) => {
      const subject = checkImageDigest(input.subjectId.imageDigest)
      const repository = await getRepository(ctx, side.registry(ctx, input.registryId), input.repositoryName)
      const status = input.filter?.artifactStatus ?? 'ACTIVE'
      // Nothing is archived until UpdateImageStorageClass is offered.
      if (status !== 'ACTIVE' && status !== 'ANY') return { referrers: [] }
      // An empty list of types filters nothing (the model allows it).
      const types = input.filter?.artifactTypes?.length ? input.filter.artifactTypes : undefined
      const { items, nextToken: next } = await page(
        ctx,
        input,
        20,
        ['ListImageReferrers', repository.id, subject, input.filter ?? {}],
        (position, limit) =>
          ctx.metadata.read.images.referrers(repository.id, subject, types, parseDigest(position?.[0] ?? ''), limit),
        (image) => [image.digest],
        (images) => fittingOneAnswer(ctx, images),
      )
      const referrers = await describeReferrers(ctx, repository, items)
      return {
        referrers: referrers.map((referrer) => ({ ...referrer, artifactStatus: 'ACTIVE' as const })),
        nextToken: next,
      }
    },
  })

export const listImageReferrers = listImageReferrersOn(privateSide)
