import { describeImages } from '../../domain/describe-images.ts'
import { getRepository } from '../../domain/repositories.ts'
import { fail } from '../../model/errors.ts'
import { long, struct } from '../../model/schema.ts'
import { mediaType } from '../../model/shapes/common.ts'
import { imageDigest, imageIdentifier } from '../../model/shapes/image.ts'
import { operation } from '../operation.ts'
import { imageTagsOf } from '../resources.ts'
import { privateSide, type Side } from '../side.ts'

/** What a manifest is, without its bytes and without counting as a pull (HEAD of a manifest). */
export const headImageOn = (side: Side) =>
  operation({
    service: side.service,
    name: 'HeadImage',
    input: struct({ ...side.inRepository, imageId: imageIdentifier }),
    output: struct({ imageDigest, mediaType, bytes: long() }),
    errors: ['ServerException', 'InvalidParameterException', 'RepositoryNotFoundException', 'ImageNotFoundException'],
    allow: { ...side.toRead('BatchGetImage'), circumstances: ({ imageId }) => imageTagsOf([imageId]) },
    handle: async (ctx, input) => {
      const repository = await getRepository(ctx, side.registry(ctx, input.registryId), input.repositoryName)
      const [image] = await describeImages(ctx, repository, [input.imageId])
      if (!image) return fail('ServerException') // describeImages fails for what it cannot find
      return { imageDigest: image.digest, mediaType: image.mediaType, bytes: image.manifestBytes }
    },
  })

export const headImage = headImageOn(privateSide)
