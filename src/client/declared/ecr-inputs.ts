// Made by `npm run docs` from the declarations of the operations; changes here are lost.

import { blob, boolean, integer, list, long, optional, string, struct, type StructSchema } from '../../model/schema.ts'
import type { ecrErrors } from './ecr-errors.ts'

const registryId = string({ pattern: "[0-9]{12}" })
const repositoryName = string({ min: 2, max: 256, pattern: "[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(\\/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*", shownPattern: "(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*" })
const imageTag = string({ min: 1, max: 300 })
const imageId = struct({ imageDigest: optional(string()), imageTag: optional(imageTag) })
const imageIds = list(imageId, { min: 1, max: 100 })
const uploadId = string({ pattern: "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}" })
const layerDigest = string({ pattern: "[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+" })
const ecrRepositoryPrefix = string({ min: 2, max: 30, pattern: "^([a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(\\/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*\\/?|ROOT)$" })
const credentialArn = string({ min: 50, max: 612, pattern: "^arn:aws(-\\w+)*:secretsmanager:[a-zA-Z0-9-:]+:secret:ecr\\-pullthroughcache\\/[a-zA-Z0-9\\/_+=.@-]+$" })
const customRoleArn = string({ max: 2048 })
const tag = struct({ Key: string(), Value: string() })
const tags = list(tag)
const imageTagMutability = string({ values: ["MUTABLE","IMMUTABLE","IMMUTABLE_WITH_EXCLUSION","MUTABLE_WITH_EXCLUSION"] })
const filterType = string({ values: ["WILDCARD"] })
const filter = string({ min: 1, max: 128, pattern: "^[0-9a-zA-Z._*-]{1,128}$" })
const imageTagMutabilityExclusionFilter = struct({ filterType: filterType, filter: filter })
const imageTagMutabilityExclusionFilters = list(imageTagMutabilityExclusionFilter, { min: 1, max: 5 })
const imageScanningConfiguration = struct({ scanOnPush: optional(boolean()) })
const encryptionType = string({ values: ["AES256","KMS","KMS_DSSE"] })
const prefix = string({ min: 1, max: 256, pattern: "^([a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(\\/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*\\/?|ROOT)$" })
const description = string({ max: 256 })
const kmsKey = string({ min: 0, max: 2048, pattern: "^$|arn:aws[a-z0-9-]*:kms:[a-z0-9-]+:[0-9]{12}:key\\/[a-z0-9-]+" })
const encryptionConfiguration = struct({ encryptionType: encryptionType, kmsKey: optional(kmsKey) })
const repositoryPolicy = string({ min: 0, max: 10240 })
const lifecyclePolicy = string({ min: 0, max: 30720 })
const appliedForItem = string({ values: ["REPLICATION","PULL_THROUGH_CACHE","CREATE_ON_PUSH"] })
const appliedFor = list(appliedForItem)
const principalArn = string({ max: 200, pattern: "^arn:aws(-[a-z]+)*:iam::[0-9]{12}:(role|user)/[\\w+=,.@-]+(/[\\w+=,.@-]+)*$" })
const maxResults = integer({ min: 1, max: 1000 })
const tagStatus = string({ values: ["TAGGED","UNTAGGED","ANY"] })
const imageStatus = string({ values: ["ACTIVE","ARCHIVED","ACTIVATING","ANY"] })
const filter2 = struct({ tagStatus: optional(tagStatus), imageStatus: optional(imageStatus) })
const name = string({ min: 1, max: 64 })
const maxResults2 = integer({ min: 1, max: 50 })
const lifecyclePolicyText = string({ min: 100, max: 30720 })
const region = string({ min: 2, max: 25, pattern: "[0-9a-z-]{2,25}" })
const destination = struct({ region: region, registryId: registryId })
const partFirstByte = long({ min: 0 })

/** What may be sent, by operation. */
export const ecrInputs: Readonly<Record<keyof typeof ecrErrors, StructSchema>> = {
  BatchCheckLayerAvailability: struct({ registryId: optional(registryId), repositoryName: repositoryName, layerDigests: list(string({ min: 0, max: 1000 }), { min: 1, max: 100 }) }),
  BatchDeleteImage: struct({ registryId: optional(registryId), repositoryName: repositoryName, imageIds: imageIds }),
  BatchGetImage: struct({ registryId: optional(registryId), repositoryName: repositoryName, imageIds: imageIds, acceptedMediaTypes: optional(list(string(), { min: 1, max: 100 })) }),
  BatchGetRepositoryScanningConfiguration: struct({ repositoryNames: list(repositoryName, { min: 1, max: 25 }) }),
  CompleteLayerUpload: struct({ registryId: optional(registryId), repositoryName: repositoryName, uploadId: uploadId, layerDigests: list(layerDigest, { min: 1, max: 100 }) }),
  CreatePullThroughCacheRule: struct({ ecrRepositoryPrefix: ecrRepositoryPrefix, upstreamRegistryUrl: string(), registryId: optional(registryId), upstreamRegistry: optional(string({ values: ["ecr","ecr-public","quay","k8s","docker-hub","github-container-registry","azure-container-registry","gitlab-container-registry","chainguard"] })), credentialArn: optional(credentialArn), customRoleArn: optional(customRoleArn), upstreamRepositoryPrefix: optional(ecrRepositoryPrefix) }),
  CreateRepository: struct({ registryId: optional(registryId), repositoryName: repositoryName, tags: optional(tags), imageTagMutability: optional(imageTagMutability), imageTagMutabilityExclusionFilters: optional(imageTagMutabilityExclusionFilters), imageScanningConfiguration: optional(imageScanningConfiguration), encryptionConfiguration: optional(struct({ encryptionType: encryptionType, kmsKey: optional(string({ min: 1, max: 2048 })) })) }),
  CreateRepositoryCreationTemplate: struct({ prefix: prefix, description: optional(description), encryptionConfiguration: optional(encryptionConfiguration), resourceTags: optional(tags), imageTagMutability: optional(imageTagMutability), imageTagMutabilityExclusionFilters: optional(imageTagMutabilityExclusionFilters), repositoryPolicy: optional(repositoryPolicy), lifecyclePolicy: optional(lifecyclePolicy), appliedFor: appliedFor, customRoleArn: optional(customRoleArn) }),
  DeleteLifecyclePolicy: struct({ registryId: optional(registryId), repositoryName: repositoryName }),
  DeletePullThroughCacheRule: struct({ ecrRepositoryPrefix: ecrRepositoryPrefix, registryId: optional(registryId) }),
  DeleteRegistryPolicy: struct({}),
  DeleteRepository: struct({ registryId: optional(registryId), repositoryName: repositoryName, force: optional(boolean()) }),
  DeleteRepositoryCreationTemplate: struct({ prefix: prefix }),
  DeleteRepositoryPolicy: struct({ registryId: optional(registryId), repositoryName: repositoryName }),
  DeleteSigningConfiguration: struct({}),
  DeregisterPullTimeUpdateExclusion: struct({ principalArn: principalArn }),
  DescribeImageReplicationStatus: struct({ repositoryName: repositoryName, imageId: imageId, registryId: optional(registryId) }),
  DescribeImageScanFindings: struct({ registryId: optional(registryId), repositoryName: repositoryName, imageId: imageId, nextToken: optional(string()), maxResults: optional(maxResults) }),
  DescribeImageSigningStatus: struct({ repositoryName: repositoryName, imageId: imageId, registryId: optional(registryId) }),
  DescribeImages: struct({ registryId: optional(registryId), repositoryName: repositoryName, imageIds: optional(imageIds), nextToken: optional(string()), maxResults: optional(maxResults), filter: optional(filter2) }),
  DescribePullThroughCacheRules: struct({ registryId: optional(registryId), ecrRepositoryPrefixes: optional(list(ecrRepositoryPrefix, { min: 1, max: 100 })), nextToken: optional(string()), maxResults: optional(maxResults) }),
  DescribeRegistry: struct({}),
  DescribeReplicationBackfillResults: struct({ registryId: optional(registryId), replicationBackfillId: uploadId, resultStatusFilter: optional(string({ values: ["COMPLETE","FAILED"] })), maxResults: optional(maxResults), nextToken: optional(string()) }),
  DescribeRepositories: struct({ registryId: optional(registryId), repositoryNames: optional(list(repositoryName, { min: 1, max: 100 })), nextToken: optional(string()), maxResults: optional(maxResults) }),
  DescribeRepositoryCreationTemplates: struct({ prefixes: optional(list(prefix)), nextToken: optional(string()), maxResults: optional(maxResults) }),
  GetAccountSetting: struct({ name: name }),
  GetAuthorizationToken: struct({ registryIds: optional(list(registryId, { min: 1, max: 10 })) }),
  GetDownloadUrlForLayer: struct({ registryId: optional(registryId), repositoryName: repositoryName, layerDigest: layerDigest }),
  GetLifecyclePolicy: struct({ registryId: optional(registryId), repositoryName: repositoryName }),
  GetLifecyclePolicyPreview: struct({ registryId: optional(registryId), repositoryName: repositoryName, imageIds: optional(imageIds), nextToken: optional(string()), maxResults: optional(integer({ min: 1, max: 100 })), filter: optional(struct({ tagStatus: optional(tagStatus) })) }),
  GetRegistryPolicy: struct({}),
  GetRegistryScanningConfiguration: struct({}),
  GetRepositoryPolicy: struct({ registryId: optional(registryId), repositoryName: repositoryName }),
  GetSigningConfiguration: struct({}),
  InitiateLayerUpload: struct({ registryId: optional(registryId), repositoryName: repositoryName }),
  ListImageReferrers: struct({ registryId: optional(registryId), repositoryName: repositoryName, subjectId: struct({ imageDigest: string() }), filter: optional(struct({ artifactTypes: optional(list(string({ min: 1, max: 255 }), { min: 0, max: 5 })), artifactStatus: optional(imageStatus) })), nextToken: optional(string()), maxResults: optional(maxResults2) }),
  ListImages: struct({ registryId: optional(registryId), repositoryName: repositoryName, nextToken: optional(string()), maxResults: optional(maxResults), filter: optional(filter2) }),
  ListPullTimeUpdateExclusions: struct({ maxResults: optional(maxResults), nextToken: optional(string()) }),
  ListReplicationBackfills: struct({ registryId: optional(registryId), maxResults: optional(maxResults2), nextToken: optional(string()) }),
  ListTagsForResource: struct({ resourceArn: string() }),
  PutAccountSetting: struct({ name: name, value: string() }),
  PutImage: struct({ registryId: optional(registryId), repositoryName: repositoryName, imageManifest: string({ min: 1, max: 4194304 }), imageManifestMediaType: optional(string()), imageTag: optional(imageTag), imageDigest: optional(string()) }),
  PutImageScanningConfiguration: struct({ registryId: optional(registryId), repositoryName: repositoryName, imageScanningConfiguration: imageScanningConfiguration }),
  PutImageTagMutability: struct({ registryId: optional(registryId), repositoryName: repositoryName, imageTagMutability: imageTagMutability, imageTagMutabilityExclusionFilters: optional(imageTagMutabilityExclusionFilters) }),
  PutLifecyclePolicy: struct({ registryId: optional(registryId), repositoryName: repositoryName, lifecyclePolicyText: lifecyclePolicyText }),
  PutRegistryPolicy: struct({ policyText: repositoryPolicy }),
  PutRegistryScanningConfiguration: struct({ scanType: optional(string({ values: ["BASIC","ENHANCED"] })), rules: optional(list(struct({ scanFrequency: string({ values: ["SCAN_ON_PUSH","CONTINUOUS_SCAN","MANUAL"] }), repositoryFilters: list(struct({ filter: string({ min: 1, max: 255, pattern: "^[a-z0-9*](?:[._\\-/a-z0-9*]?[a-z0-9*]+)*$" }), filterType: filterType }), { min: 0, max: 100 }) }), { min: 0, max: 2 })) }),
  PutReplicationConfiguration: struct({ replicationConfiguration: struct({ rules: list(struct({ destinations: list(destination, { min: 0, max: 100 }), repositoryFilters: optional(list(struct({ filter: string({ min: 2, max: 256, pattern: "^(?:[a-z0-9]+(?:[._-][a-z0-9]*)*/)*[a-z0-9]*(?:[._-][a-z0-9]*)*$" }), filterType: string({ values: ["PREFIX_MATCH"] }) }), { min: 1, max: 100 })) }), { min: 0, max: 25 }) }) }),
  PutSigningConfiguration: struct({ signingConfiguration: struct({ rules: list(struct({ signingProfileArn: string({ max: 200, pattern: "^arn:aws(-[a-z]+)*:signer:[a-z0-9-]+:[0-9]{12}:\\/signing-profiles\\/[a-zA-Z0-9_]{2,}$" }), repositoryFilters: optional(list(struct({ filter: string({ min: 1, max: 256, pattern: "^(?:[a-z0-9*]+(?:[._-][a-z0-9*]+)*/)*[a-z0-9*]+(?:[._-][a-z0-9*]+)*$" }), filterType: string({ values: ["WILDCARD_MATCH"] }) }), { min: 1, max: 100 })) }), { min: 0, max: 10 }) }) }),
  RegisterPullTimeUpdateExclusion: struct({ principalArn: principalArn }),
  SetRepositoryPolicy: struct({ registryId: optional(registryId), repositoryName: repositoryName, policyText: repositoryPolicy, force: optional(boolean()) }),
  StartImageScan: struct({ registryId: optional(registryId), repositoryName: repositoryName, imageId: imageId }),
  StartLifecyclePolicyPreview: struct({ registryId: optional(registryId), repositoryName: repositoryName, lifecyclePolicyText: optional(lifecyclePolicyText) }),
  StartReplicationBackfill: struct({ registryId: optional(registryId), destination: destination }),
  StopReplicationBackfill: struct({ registryId: optional(registryId), replicationBackfillId: uploadId }),
  TagResource: struct({ resourceArn: string(), tags: tags }),
  UntagResource: struct({ resourceArn: string(), tagKeys: list(string()) }),
  UpdateImageStorageClass: struct({ registryId: optional(registryId), repositoryName: repositoryName, imageId: imageId, targetStorageClass: string({ values: ["STANDARD","ARCHIVE"] }) }),
  UpdatePullThroughCacheRule: struct({ registryId: optional(registryId), ecrRepositoryPrefix: ecrRepositoryPrefix, credentialArn: optional(credentialArn), customRoleArn: optional(customRoleArn) }),
  UpdateRepositoryCreationTemplate: struct({ prefix: prefix, description: optional(description), encryptionConfiguration: optional(encryptionConfiguration), resourceTags: optional(tags), imageTagMutability: optional(imageTagMutability), imageTagMutabilityExclusionFilters: optional(imageTagMutabilityExclusionFilters), repositoryPolicy: optional(repositoryPolicy), lifecyclePolicy: optional(lifecyclePolicy), appliedFor: optional(appliedFor), customRoleArn: optional(customRoleArn) }),
  UploadLayerPart: struct({ registryId: optional(registryId), repositoryName: repositoryName, uploadId: uploadId, partFirstByte: partFirstByte, partLastByte: partFirstByte, layerPartBlob: blob({ min: 0, max: 20971520 }) }),
  ValidatePullThroughCacheRule: struct({ ecrRepositoryPrefix: ecrRepositoryPrefix, registryId: optional(registryId) }),
}
