import { parsePublicRepositoryArn } from '../../domain/references.ts'
import { tagRepository } from '../../domain/resource-tags.ts'
import { struct } from '../../model/schema.ts'
import { arn, resourceTagList } from '../../model/shapes/public/common.ts'
import { ecrPublic, operation } from '../operation.ts'
import { tagging } from '../resources.ts'
import { onPublicArn } from './public-resources.ts'
import { resourceTagsOf } from './resource-tags-of.ts'

/** https://docs.aws.amazon.com/AmazonECRPublic/latest/APIReference/API_TagResource.html */
export const tagResource = operation({
  service: ecrPublic,
  name: 'TagResource',
  input: struct({ resourceArn: arn, tags: resourceTagList }),
  output: struct({}),
  errors: [
    'InvalidParameterException',
    'InvalidTagParameterException',
    'RepositoryNotFoundException',
    'ServerException',
    'TooManyTagsException',
    'UnsupportedCommandException',
  ],
  allow: { ...onPublicArn('TagResource'), ...tagging },
  handle: async (ctx, input) => {
    const { registry, name } = parsePublicRepositoryArn(input.resourceArn)
    await tagRepository(ctx, registry, name, resourceTagsOf(input.tags))
    return {}
  },
})
