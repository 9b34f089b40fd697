import { publicRegistry } from '../../domain/public/registries.ts'
import { getRepository } from '../../domain/repositories.ts'
import { list, optional, struct } from '../../model/schema.ts'
import { inRepository, maxResults, nextToken } from '../../model/shapes/public/common.ts'
import { imageTagDetail } from '../../model/shapes/public/image.ts'
import { pageImageTags } from '../image-tag-page.ts'
import { ecrPublic, operation } from '../operation.ts'
import { presentImage } from '../present-image.ts'
import { onPublicRepository } from './public-resources.ts'

/**
 * https://docs.aws.amazon.com/AmazonECRPublic/latest/APIReference/API_DescribeImageTags.html
 * Tags in byte order, so that a page costs the same wherever it starts. `createdAt` is when the tag was given to its present image.
 */
export const describeImageTags = operation({
  service: ecrPublic,
  name: 'DescribeImageTags',
  input: struct({ ...inRepository, nextToken: optional(nextToken), maxResults: optional(maxResults) }),
  output: struct({ imageTagDetails: optional(list(imageTagDetail)), nextToken: optional(nextToken) }),
  errors: [
    'InvalidParameterException',
    'RepositoryNotFoundException',
    'ServerException',
    'UnsupportedCommandException',
  ],
  allow: onPublicRepository('DescribeImageTags'),
  handle: async (ctx, input) => {
    const repository = await getRepository(ctx, await publicRegistry(ctx, input.registryId), input.repositoryName)
    const { items, nextToken: next } = await pageImageTags(ctx, input, 'ecr-public DescribeImageTags', repository)
    const details = items.map(({ tag, updatedAtMs, image }) => ({
      imageTag: tag,
      createdAt: updatedAtMs,
      imageDetail: presentImage(image),
    }))
    return { imageTagDetails: details, nextToken: next }
  },
})
