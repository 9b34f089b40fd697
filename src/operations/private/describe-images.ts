import { parseDigest, type Digest } from '../../lib/digest.ts'
import { describeImages as describe } from '../../domain/describe-images.ts'
import { page } from '../../domain/paging.ts'
import { privateRegistry } from '../../domain/references.ts'
import { getRepository } from '../../domain/repositories.ts'
import type { ImageSummary } from '../../domain/ports/metadata.ts'
import { list, optional, struct } from '../../model/schema.ts'
import { maxResults, nextToken } from '../../model/shapes/common.ts'
import { imageDetail, imageIdentifierList, imagesFilter } from '../../model/shapes/image.ts'
import { inRepository } from '../../model/shapes/repository.ts'
import { ecr, operation } from '../operation.ts'
import { presentDetails } from '../present-image.ts'
import { refuseTogether } from '../refuse-together.ts'
import { onRepository } from '../resources.ts'
import { showsActive } from './shows-active.ts'

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html */
export const describeImages = operation({
  service: ecr,
  name: 'DescribeImages',
  input: struct({
    ...inRepository,
    imageIds: optional(imageIdentifierList),
    nextToken: optional(nextToken),
    maxResults: optional(maxResults),
    filter: optional(imagesFilter),
  }),
  output: struct({ imageDetails: optional(list(imageDetail)), nextToken: optional(nextToken) }),
  errors: ['ServerException', 'InvalidParameterException', 'RepositoryNotFoundException', 'ImageNotFoundException'],
  allow: onRepository('DescribeImages'),
  note: 'Images are always ACTIVE, and there are no scan results: archiving and scanning are not offered yet.',
  handle: async (ctx, input) => {
    const repository = await getRepository(ctx, privateRegistry(ctx, input.registryId), input.repositoryName)
    const reads = ctx.metadata.read
    const present = (images: readonly ImageSummary[]) => presentDetails(ctx, repository, images, beside)
    if (input.imageIds !== undefined) {
      refuseTogether('imageIds', input)
      return { imageDetails: await present(await describe(ctx, repository, input.imageIds)) }
    }
    if (!showsActive(input.filter)) return { imageDetails: [] }
    const status = input.filter?.tagStatus ?? 'ANY'
    const { items, nextToken: next } = await page(
      ctx,
      input,
      100,
      ['DescribeImages', repository.id, input.filter ?? {}],
      (position, limit) => reads.images.page(repository.id, status, parseDigest(position?.[0] ?? ''), limit),
      (image: { readonly digest: Digest }) => [image.digest],
    )
    return { imageDetails: await present(items), nextToken: next }
  },
})

/** What the private API says of an image beside what both sides say. */
function beside(image: ImageSummary) {
  return {
    lastRecordedPullTime: image.lastPulledAtMs,
    subjectManifestDigest: image.subject,
    imageStatus: 'ACTIVE' as const,
  }
}
