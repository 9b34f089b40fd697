// Made by `npm run docs` from the declarations of the operations; changes here are lost.

import { blob, boolean, integer, list, long, optional, string, struct, type StructSchema } from '../../model/schema.ts'
import type { ecrPublicErrors } from './ecr-public-errors.ts'

const registryId = string({ min: 2, max: 50 })
const repositoryName = string({ min: 2, max: 205, pattern: "^(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*$", shownPattern: "(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*" })
const imageTag = string({ min: 1, max: 300 })
const imageId = struct({ imageDigest: optional(string()), imageTag: optional(imageTag) })
const imageIds = list(imageId, { min: 1, max: 100 })
const uploadId = string({ pattern: "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$" })
const description = string({ min: 0, max: 1024 })
const architecture = string({ min: 1, max: 50 })
const architectures = list(architecture, { min: 0, max: 50 })
const logoImageBlob = blob({ min: 0, max: 512000 })
const aboutText = string({ min: 0, max: 25600 })
const catalogData = struct({ description: optional(description), architectures: optional(architectures), operatingSystems: optional(architectures), logoImageBlob: optional(logoImageBlob), aboutText: optional(aboutText), usageText: optional(aboutText) })
const key = string({ min: 1, max: 128 })
const value = string({ min: 0, max: 256 })
const tag = struct({ Key: optional(key), Value: optional(value) })
const tags = list(tag, { min: 0, max: 200 })
const registryId2 = string({ pattern: "^[0-9]{12}$" })
const maxResults = integer({ min: 1, max: 1000 })
const resourceArn = string({ min: 1, max: 2048 })
const partFirstByte = long({ min: 0 })

/** What may be sent, by operation. */
export const ecrPublicInputs: Readonly<Record<keyof typeof ecrPublicErrors, StructSchema>> = {
  BatchCheckLayerAvailability: struct({ registryId: optional(registryId), repositoryName: repositoryName, layerDigests: list(string({ min: 0, max: 1000 }), { min: 1, max: 100 }) }),
  BatchDeleteImage: struct({ registryId: optional(registryId), repositoryName: repositoryName, imageIds: imageIds }),
  CompleteLayerUpload: struct({ registryId: optional(registryId), repositoryName: repositoryName, uploadId: uploadId, layerDigests: list(string({ pattern: "^[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+$" }), { min: 1, max: 100 }) }),
  CreateRepository: struct({ repositoryName: repositoryName, catalogData: optional(catalogData), tags: optional(tags) }),
  DeleteRepository: struct({ registryId: optional(registryId2), repositoryName: repositoryName, force: optional(boolean()) }),
  DeleteRepositoryPolicy: struct({ registryId: optional(registryId2), repositoryName: repositoryName }),
  DescribeImageTags: struct({ registryId: optional(registryId2), repositoryName: repositoryName, nextToken: optional(string()), maxResults: optional(maxResults) }),
  DescribeImages: struct({ registryId: optional(registryId2), repositoryName: repositoryName, imageIds: optional(imageIds), nextToken: optional(string()), maxResults: optional(maxResults) }),
  DescribeRegistries: struct({ nextToken: optional(string()), maxResults: optional(maxResults) }),
  DescribeRepositories: struct({ registryId: optional(registryId2), repositoryNames: optional(list(repositoryName, { min: 1, max: 100 })), nextToken: optional(string()), maxResults: optional(maxResults) }),
  GetAuthorizationToken: struct({}),
  GetRegistryCatalogData: struct({}),
  GetRepositoryCatalogData: struct({ registryId: optional(registryId2), repositoryName: repositoryName }),
  GetRepositoryPolicy: struct({ registryId: optional(registryId2), repositoryName: repositoryName }),
  InitiateLayerUpload: struct({ registryId: optional(registryId), repositoryName: repositoryName }),
  ListTagsForResource: struct({ resourceArn: resourceArn }),
  PutImage: struct({ registryId: optional(registryId), repositoryName: repositoryName, imageManifest: string({ min: 1, max: 4194304 }), imageManifestMediaType: optional(string()), imageTag: optional(imageTag), imageDigest: optional(string()) }),
  PutRegistryCatalogData: struct({ displayName: optional(string({ min: 0, max: 100 })) }),
  PutRepositoryCatalogData: struct({ registryId: optional(registryId2), repositoryName: repositoryName, catalogData: catalogData }),
  SetRepositoryPolicy: struct({ registryId: optional(registryId2), repositoryName: repositoryName, policyText: string({ min: 0, max: 10240 }), force: optional(boolean()) }),
  TagResource: struct({ resourceArn: resourceArn, tags: tags }),
  UntagResource: struct({ resourceArn: resourceArn, tagKeys: list(key, { min: 0, max: 200 }) }),
  UploadLayerPart: struct({ registryId: optional(registryId), repositoryName: repositoryName, uploadId: uploadId, partFirstByte: partFirstByte, partLastByte: partFirstByte, layerPartBlob: blob({ min: 0, max: 20971520 }) }),
}
