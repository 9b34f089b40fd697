import { boolean, list, optional, string, struct, timestamp } from '../schema.ts'
import { registryId, repositoryName, resourceArn, url } from './common.ts'

export const imageTagMutability = string({
  values: ['MUTABLE', 'IMMUTABLE', 'IMMUTABLE_WITH_EXCLUSION', 'MUTABLE_WITH_EXCLUSION'],
})

export const imageTagMutabilityExclusionFilters = list(
  struct({
    filterType: string({ values: ['WILDCARD'] }),
    filter: string({ min: 1, max: 128, pattern: '^[0-9a-zA-Z._*-]{1,128}$' }),
  }),
  { min: 1, max: 5 },
)

export const imageScanningConfiguration = struct({ scanOnPush: optional(boolean()) })

export const encryptionConfiguration = struct({
  encryptionType: string({ values: ['AES256', 'KMS', 'KMS_DSSE'] }),
  kmsKey: optional(string({ min: 1, max: 2048 })),
})

export const repository = struct({
  repositoryArn: optional(resourceArn),
  registryId: optional(registryId),
  repositoryName: optional(repositoryName),
  repositoryUri: optional(url),
  createdAt: optional(timestamp()),
  imageTagMutability: optional(imageTagMutability),
  imageTagMutabilityExclusionFilters: optional(imageTagMutabilityExclusionFilters),
  imageScanningConfiguration: optional(imageScanningConfiguration),
  encryptionConfiguration: optional(encryptionConfiguration),
})

/** What most operations on one repository take first. */
export const inRepository = { registryId: optional(registryId), repositoryName }

/** What they answer first. */
export const ofRepository = { registryId: optional(registryId), repositoryName: optional(repositoryName) }
