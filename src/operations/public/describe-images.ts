import { describeImages as describe } from '../../domain/describe-images.ts'
import { page } from '../../domain/paging.ts'
import type { ImageSummary } from '../../domain/ports/metadata.ts'
import { publicRegistry } from '../../domain/public/registries.ts'
import { getRepository } from '../../domain/repositories.ts'
import { parseDigest } from '../../lib/digest.ts'
import { list, optional, struct } from '../../model/schema.ts'
import { imageIdentifierList } from '../../model/shapes/image.ts'
import { inRepository, maxResults, nextToken } from '../../model/shapes/public/common.ts'
import { imageDetail } from '../../model/shapes/public/image.ts'
import { ecrPublic, operation } from '../operation.ts'
import { presentDetails } from '../present-image.ts'
import { refuseTogether } from '../refuse-together.ts'
import { onPublicRepository } from './public-resources.ts'

/** https://docs.aws.amazon.com/AmazonECRPublic/latest/APIReference/API_DescribeImages.html */
export const describeImages = operation({
  service: ecrPublic,
  name: 'DescribeImages',
  input: struct({
    ...inRepository,
    imageIds: optional(imageIdentifierList),
    nextToken: optional(nextToken),
    maxResults: optional(maxResults),
  }),
  output: struct({ imageDetails: optional(list(imageDetail)), nextToken: optional(nextToken) }),
  errors: [
    'ImageNotFoundException',
    'InvalidParameterException',
    'RepositoryNotFoundException',
    'ServerException',
    'UnsupportedCommandException',
  ],
  allow: onPublicRepository('DescribeImages'),
  handle: async (ctx, input) => {
    const repository = await getRepository(ctx, await publicRegistry(ctx, input.registryId), input.repositoryName)
    const reads = ctx.metadata.read
    const present = (images: readonly ImageSummary[]) => presentDetails(ctx, repository, images, () => ({}))
    if (input.imageIds !== undefined) {
      refuseTogether('imageIds', input)
      return { imageDetails: await present(await describe(ctx, repository, input.imageIds)) }
    }
    const { items, nextToken: next } = await page(
      ctx,
      input,
      100,
      ['ecr-public DescribeImages', repository.id],
      (position, limit) => reads.images.page(repository.id, 'ANY', parseDigest(position?.[0] ?? ''), limit),
      (image) => [image.digest],
    )
    return { imageDetails: await present(items), nextToken: next }
  },
})
