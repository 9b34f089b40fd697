import { parseRepositoryArn } from '../../domain/references.ts'
import { resourceTagsOf } from '../../domain/resource-tags.ts'
import { optional, struct } from '../../model/schema.ts'
import { resourceArn, resourceTagList } from '../../model/shapes/common.ts'
import { ecr, operation } from '../operation.ts'
import { onArn } from '../resources.ts'

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ListTagsForResource.html */
export const listTagsForResource = operation({
  service: ecr,
  name: 'ListTagsForResource',
  input: struct({ resourceArn }),
  output: struct({ tags: optional(resourceTagList) }),
  errors: ['InvalidParameterException', 'RepositoryNotFoundException', 'ServerException'],
  allow: onArn('ListTagsForResource'),
  handle: async (ctx, input) => {
    const { registry, name } = parseRepositoryArn(input.resourceArn)
    const tags = await resourceTagsOf(ctx, registry, name)
    return { tags: tags.map(({ key, value }) => ({ Key: key, Value: value })) }
  },
})
