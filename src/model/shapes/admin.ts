// Shapes of the operator's own API, which AWS does not have. Names follow those of the APIs beside it.

import { boolean, list, long, optional, string, struct, timestamp } from '../schema.ts'
import { mediaType, repositoryName } from './common.ts'
import { imageDigest, imageTag } from './image.ts'

export const accountId = string({ pattern: '^[0-9]{12}$' })
/** The pattern of ECR Public's PrimaryRegistryAliasName. */
export const aliasName = string({ min: 2, max: 50, pattern: '^[a-z][a-z0-9]+(?:[._-][a-z0-9]+)*$' })
export const aliasStatus = string({ values: ['ACTIVE', 'PENDING', 'REJECTED'] })

export const registryAlias = struct({
  name: aliasName,
  registryId: accountId,
  status: aliasStatus,
  primaryRegistryAlias: boolean(),
  defaultRegistryAlias: boolean(),
  createdAt: timestamp(),
})

export const publicRegistry = struct({
  registryId: accountId,
  displayName: optional(string()),
  verified: boolean(),
  aliases: list(registryAlias),
})

/** Which of the two registries of an account: the private one of a region, or the public one. */
const registryType = string({ values: ['PRIVATE', 'PUBLIC'] })

/** A repository of any registry: of the server's own account and region, and private, unless something else is said. */
export const inAnyRegistry = {
  registryType: optional(registryType),
  registryId: optional(accountId),
  region: optional(string({ pattern: '^[a-z0-9-]{2,25}$' })),
  repositoryName,
}

export const repositoryUsage = struct({
  registryType,
  registryId: accountId,
  region: optional(string()),
  repositoryName,
  imageCount: long(),
  layerCount: long(),
  layerBytes: long(),
  manifestBytes: long(),
})

export const totalUsage = struct({
  layerCount: long(),
  layerBytes: long(),
  leasedLayerCount: long(),
  leasedLayerBytes: long(),
  collectableLayerCount: long(),
  collectableLayerBytes: long(),
  trashFileCount: long(),
  trashBytes: long(),
  openUploadCount: long(),
  openUploadBytes: long(),
})

export const deletedImage = struct({
  imageDigest,
  imageTags: list(imageTag),
  imageManifestMediaType: mediaType,
  artifactMediaType: optional(mediaType),
  imageSizeInBytes: long(),
  imagePushedAt: timestamp(),
  deletedAt: timestamp(),
  keptUntil: timestamp(),
})
