import { integer, list, long, map, optional, string, struct, timestamp } from '../schema.ts'
import { mediaType, registryId, repositoryName } from './common.ts'

export const imageDigest = string()
export const imageTag = string({ min: 1, max: 300 })
export const imageManifest = string({ min: 1, max: 4_194_304 })

export const imageIdentifier = struct({ imageDigest: optional(imageDigest), imageTag: optional(imageTag) })
export const imageIdentifierList = list(imageIdentifier, { min: 1, max: 100 })

export const image = struct({
  registryId: optional(registryId),
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
        'UpstreamAccessDenied',
        'UpstreamTooManyRequests',
        'UpstreamUnavailable',
        'ImageInaccessible',
      ],
    }),
  ),
  failureReason: optional(string()),
})

const tagStatus = string({ values: ['TAGGED', 'UNTAGGED', 'ANY'] })
const imageStatusFilter = string({ values: ['ACTIVE', 'ARCHIVED', 'ACTIVATING', 'ANY'] })

/** ListImagesFilter and DescribeImagesFilter: two names for one shape. */
export const imagesFilter = struct({ tagStatus: optional(tagStatus), imageStatus: optional(imageStatusFilter) })

const imageScanStatus = struct({
  status: optional(
    string({
      values: [
        'IN_PROGRESS',
        'COMPLETE',
        'FAILED',
        'UNSUPPORTED_IMAGE',
        'ACTIVE',
        'PENDING',
        'SCAN_ELIGIBILITY_EXPIRED',
        'FINDINGS_UNAVAILABLE',
        'LIMIT_EXCEEDED',
        'IMAGE_ARCHIVED',
      ],
    }),
  ),
  description: optional(string()),
})

const findingSeverity = string({ values: ['INFORMATIONAL', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL', 'UNDEFINED'] })

const imageScanFindingsSummary = struct({
  imageScanCompletedAt: optional(timestamp()),
  vulnerabilitySourceUpdatedAt: optional(timestamp()),
  findingSeverityCounts: optional(map(findingSeverity, integer({ min: 0 }))),
})

export const imageDetail = struct({
  registryId: optional(registryId),
  repositoryName: optional(repositoryName),
  imageDigest: optional(imageDigest),
  imageTags: optional(list(imageTag)),
  imageSizeInBytes: optional(long()),
  imagePushedAt: optional(timestamp()),
  imageScanStatus: optional(imageScanStatus),
  imageScanFindingsSummary: optional(imageScanFindingsSummary),
  imageManifestMediaType: optional(mediaType),
  artifactMediaType: optional(mediaType),
  lastRecordedPullTime: optional(timestamp()),
  subjectManifestDigest: optional(imageDigest),
  imageStatus: optional(string({ values: ['ACTIVE', 'ARCHIVED', 'ACTIVATING'] })),
  lastArchivedAt: optional(timestamp()),
  lastActivatedAt: optional(timestamp()),
})

const artifactType = string({ min: 1, max: 255 })

export const imageReferrersFilter = struct({
  artifactTypes: optional(list(artifactType, { min: 0, max: 5 })),
  artifactStatus: optional(imageStatusFilter),
})

export const imageReferrer = struct({
  digest: imageDigest,
  mediaType,
  artifactType: optional(artifactType),
  size: long(),
  annotations: optional(map(string(), string())),
  artifactStatus: optional(string({ values: ['ACTIVE', 'ARCHIVED', 'ACTIVATING'] })),
})
