import { list, long, optional, string, struct, timestamp } from '../../schema.ts'
import { imageDigest, imageIdentifier, imageManifest, imageTag } from '../image.ts'
import { mediaType } from '../common.ts'
import { registryId, registryIdOrAlias, repositoryName } from './common.ts'

export const image = struct({
  registryId: optional(registryIdOrAlias),
  repositoryName: optional(repositoryName),
  imageId: optional(imageIdentifier),
  imageManifest: optional(imageManifest),
  imageManifestMediaType: optional(mediaType),
})

export const imageFailure = struct({
  imageId: optional(imageIdentifier),
  failureCode: optional(
    string({
      values: [
        'InvalidImageDigest',
        'InvalidImageTag',
        'ImageTagDoesNotMatchDigest',
        'ImageNotFound',
        'MissingDigestAndTag',
        'ImageReferencedByManifestList',
        'KmsError',
      ],
    }),
  ),
  failureReason: optional(string()),
})

const described = {
  imageSizeInBytes: optional(long()),
  imagePushedAt: optional(timestamp()),
  imageManifestMediaType: optional(mediaType),
  artifactMediaType: optional(mediaType),
}

export const imageDetail = struct({
  registryId: optional(registryId),
  repositoryName: optional(repositoryName),
  imageDigest: optional(imageDigest),
  imageTags: optional(list(imageTag)),
  ...described,
})

export const imageTagDetail = struct({
  imageTag: optional(imageTag),
  createdAt: optional(timestamp()),
  imageDetail: optional(struct({ imageDigest: optional(imageDigest), ...described })),
})
