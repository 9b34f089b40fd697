import { parsePublicRepositoryArn } from '../../domain/references.ts'
import { resourceTagsOf } from '../../domain/resource-tags.ts'
import { optional, struct } from '../../model/schema.ts'
import { arn, resourceTagList } from '../../model/shapes/public/common.ts'
import { ecrPublic, operation } from '../operation.ts'
import { onPublicArn } from './public-resources.ts'

/** https://docs.aws.amazon.com/AmazonECRPublic/latest/APIReference/API_ListTagsForResource.html */
export const listTagsForResource = operation({
  service: ecrPublic,
  name: 'ListTagsForResource',
  input: struct({ resourceArn: arn }),
  output: struct({ tags: optional(resourceTagList) }),
  errors: [
    'InvalidParameterException',
    'RepositoryNotFoundException',
    'ServerException',
    'UnsupportedCommandException',
  ],
  allow: onPublicArn('ListTagsForResource'),
  handle: async (ctx, input) => {
    const { registry, name } = parsePublicRepositoryArn(input.resourceArn)
    const tags = await resourceTagsOf(ctx, registry, name)
    return { tags: tags.map(({ key, value }) => ({ Key: key, Value: value })) }
  },
})
