import { describeImages } from '../../domain/describe-images.ts'
import { privateRegistry } from '../../domain/references.ts'
import { getRepository } from '../../domain/repositories.ts'
import { fail } from '../../model/errors.ts'
import { long, struct } from '../../model/schema.ts'
import { mediaType } from '../../model/shapes/common.ts'
import { imageDigest, imageIdentifier } from '../../model/shapes/image.ts'
import { inRepository } from '../../model/shapes/repository.ts'
import { ecr, operation } from '../operation.ts'
import { onRepository } from '../resources.ts'

/** What a manifest is, without its bytes and without counting as a pull (HEAD of a manifest). */
export const headImage = operation({
  service: ecr,
  name: 'HeadImage',
  input: struct({ ...inRepository, imageId: imageIdentifier }),
  output: struct({ imageDigest, mediaType, bytes: long() }),
  errors: ['ServerException', 'InvalidParameterException', 'RepositoryNotFoundException', 'ImageNotFoundException'],
  allow: onRepository('BatchGetImage'),
  handle: async (ctx, input) => {
    const repository = await getRepository(ctx, privateRegistry(ctx, input.registryId), input.repositoryName)
    const [image] = await describeImages(ctx, repository, [input.imageId])
    if (!image) return fail('ServerException') // describeImages fails for what it cannot find
    return { imageDigest: image.digest, mediaType: image.mediaType, bytes: image.manifestBytes }
  },
})
