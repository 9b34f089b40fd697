import { parsePublicRepositoryArn } from '../../domain/references.ts'
import { untagRepository } from '../../domain/resource-tags.ts'
import { list, struct } from '../../model/schema.ts'
import { arn, resourceTagKey } from '../../model/shapes/public/common.ts'
import { ecrPublic, operation } from '../operation.ts'
import { onPublicArn } from './public-resources.ts'

/** https://docs.aws.amazon.com/AmazonECRPublic/latest/APIReference/API_UntagResource.html */
export const untagResource = operation({
  service: ecrPublic,
  name: 'UntagResource',
  input: struct({ resourceArn: arn, tagKeys: list(resourceTagKey, { min: 0, max: 200 }) }),
  output: struct({}),
  errors: [
    'InvalidParameterException',
    'InvalidTagParameterException',
    'RepositoryNotFoundException',
    'ServerException',
    'TooManyTagsException',
    'UnsupportedCommandException',
  ],
  allow: { ...onPublicArn('UntagResource'), circumstances: ({ tagKeys }) => ({ tagKeys }) },
  handle: async (ctx, input) => {
    const { registry, name } = parsePublicRepositoryArn(input.resourceArn)
    await untagRepository(ctx, registry, name, input.tagKeys)
    return {}
  },
})
