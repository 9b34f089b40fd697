import { parseRepositoryArn } from '../../domain/references.ts'
import { tagRepository } from '../../domain/resource-tags.ts'
import { struct } from '../../model/schema.ts'
import { resourceArn, resourceTagList } from '../../model/shapes/common.ts'
import { ecr, operation } from '../operation.ts'
import { onArn, tagging } from '../resources.ts'

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_TagResource.html */
export const tagResource = operation({
  service: ecr,
  name: 'TagResource',
  input: struct({ resourceArn, tags: resourceTagList }),
  output: struct({}),
  errors: [
    'InvalidParameterException',
    'InvalidTagParameterException',
    'TooManyTagsException',
    'RepositoryNotFoundException',
    'ServerException',
  ],
  allow: { ...onArn('TagResource'), ...tagging },
  handle: async (ctx, input) => {
    const { registry, name } = parseRepositoryArn(input.resourceArn)
    await tagRepository(
      ctx,
      registry,
      name,
      input.tags.map(({ Key, Value }) => ({ key: Key, value: Value })),
    )
    return {}
  },
})
