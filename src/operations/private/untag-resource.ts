import { parseRepositoryArn } from '../../domain/references.ts'
import { untagRepository } from '../../domain/resource-tags.ts'
import { list, string, struct } from '../../model/schema.ts'
import { resourceArn } from '../../model/shapes/common.ts'
import { ecr, operation } from '../operation.ts'
import { onArn } from '../resources.ts'

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_UntagResource.html */
export const untagResource = operation({
  service: ecr,
  name: 'UntagResource',
  input: struct({ resourceArn, tagKeys: list(string()) }),
  output: struct({}),
  errors: [
    'InvalidParameterException',
    'InvalidTagParameterException',
    'TooManyTagsException',
    'RepositoryNotFoundException',
    'ServerException',
  ],
  allow: { ...onArn('UntagResource'), circumstances: ({ tagKeys }) => ({ tagKeys }) },
  handle: async (ctx, input) => {
    const { registry, name } = parseRepositoryArn(input.resourceArn)
    await untagRepository(ctx, registry, name, input.tagKeys)
    return {}
  },
})
