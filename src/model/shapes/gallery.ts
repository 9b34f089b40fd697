// Shapes of the gallery's own API. AWS documents none of it: names are those that its clients were seen to use, and more in the same style.

import { boolean, integer, list, long, optional, string, struct } from '../schema.ts'
import { mediaType } from './common.ts'
import { imageDigest, imageTag } from './image.ts'
import { architectures, catalogDataMembers, description, displayName, operatingSystems } from './public/catalog.ts'
import { repositoryName } from './public/common.ts'

/** Any active alias. An account's number is none: the gallery knows names alone. */
export const registryAliasName = string({ min: 2, max: 50, pattern: '^[a-z][a-z0-9]+(?:[._-][a-z0-9]+)*$' })
const downloadCount = long()
/** ISO 8601, where the signed APIs have numbers. */
const time = string()

export const inGalleryRepository = { registryAliasName, repositoryName }

export const searchResult = struct({
  repositoryName,
  primaryRegistryAliasName: registryAliasName,
  displayName: optional(displayName),
  logoUrl: optional(string()),
  repositoryDescription: optional(description),
  operatingSystems,
  architectures,
  registryVerified: boolean(),
  downloadCount,
})

export const totalResults = integer()

export const shownImageTagDetail = struct({
  imageTag,
  createdAt: time,
  imageDetail: struct({
    imageDigest,
    imageSizeInBytes: long(),
    imagePushedAt: time,
    imageManifestMediaType: mediaType,
    artifactMediaType: optional(mediaType),
  }),
})

/** As the public API has it, with the HTML of its texts beside them. */
export const shownCatalogData = struct({
  ...catalogDataMembers,
  aboutHtml: optional(string()),
  usageHtml: optional(string()),
})

export const insightData = struct({ downloadCount })
export const shownImageTagDetails = list(shownImageTagDetail)
