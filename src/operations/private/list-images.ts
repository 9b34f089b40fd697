import { parseDigest } from '../../lib/digest.ts'
import { page } from '../../domain/paging.ts'
import { privateRegistry } from '../../domain/references.ts'
import { getRepository } from '../../domain/repositories.ts'
import { optional, struct } from '../../model/schema.ts'
import { maxResults, nextToken } from '../../model/shapes/common.ts'
import { imageIdentifierList, imagesFilter } from '../../model/shapes/image.ts'
import { inRepository } from '../../model/shapes/repository.ts'
import { ecr, operation } from '../operation.ts'
import { onRepository } from '../resources.ts'
import { showsActive } from './shows-active.ts'

/**
 * https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ListImages.html
 * (digest, tag) pairs, ordered by digest; ECR promises no order.
 */
export const listImages = operation({
  service: ecr,
  name: 'ListImages',
  input: struct({
    ...inRepository,
    nextToken: optional(nextToken),
    maxResults: optional(maxResults),
    filter: optional(imagesFilter),
  }),
  output: struct({ imageIds: optional(imageIdentifierList), nextToken: optional(nextToken) }),
  errors: ['ServerException', 'InvalidParameterException', 'RepositoryNotFoundException'],
  allow: onRepository('ListImages'),
  note: 'Images are always ACTIVE: archiving comes with UpdateImageStorageClass.',
  handle: async (ctx, input) => {
    const repository = await getRepository(ctx, privateRegistry(ctx, input.registryId), input.repositoryName)
    if (!showsActive(input.filter)) return { imageIds: [] }
    const status = input.filter?.tagStatus ?? 'ANY'
    const { items, nextToken: next } = await page(
      ctx,
      input,
      100,
      ['ListImages', repository.id, input.filter ?? {}],
      (position, limit) => {
        const digest = parseDigest(position?.[0] ?? '')
        const after = digest && { digest, tag: position?.[1] || undefined }
        return ctx.metadata.read.images.pageIds(repository.id, status, after, limit)
      },
      (row) => [row.digest, row.tag ?? ''],
    )
    return { imageIds: items.map((row) => ({ imageDigest: row.digest, imageTag: row.tag })), nextToken: next }
  },
})
