// Operations of AWS's model (2015-09-21, November 2026) that the server does not offer yet: what may be sent and which errors are declared,
// drawn once from the model, so that the client knows all 62. Copy from here when you declare one in src/operations/private.

import { integer, list, optional, string, struct } from '../src/model/schema.ts'
import type { Declared } from './declared-modules.ts'

const repositoryName = string({
  min: 2,
  max: 256,
  pattern: '[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(\\/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*',
  shownPattern: '(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*',
})
const ecrRepositoryPrefix = string({
  min: 2,
  max: 30,
  pattern: '^([a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(\\/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*\\/?|ROOT)$',
})
const registryId = string({ pattern: '[0-9]{12}' })
const credentialArn = string({
  min: 50,
  max: 612,
  pattern: '^arn:aws(-\\w+)*:secretsmanager:[a-zA-Z0-9-:]+:secret:ecr\\-pullthroughcache\\/[a-zA-Z0-9\\/_+=.@-]+$',
})
const customRoleArn = string({ max: 2048 })
const prefix = string({
  min: 1,
  max: 256,
  pattern: '^([a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(\\/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*\\/?|ROOT)$',
})
const description = string({ max: 256 })
const encryptionType = string({ values: ['AES256', 'KMS', 'KMS_DSSE'] })
const kmsKey = string({ min: 0, max: 2048, pattern: '^$|arn:aws[a-z0-9-]*:kms:[a-z0-9-]+:[0-9]{12}:key\\/[a-z0-9-]+' })
const encryptionConfiguration = struct({ encryptionType: encryptionType, kmsKey: optional(kmsKey) })
const resourceTag = struct({ Key: string(), Value: string() })
const resourceTags = list(resourceTag)
const imageTagMutability = string({
  values: ['MUTABLE', 'IMMUTABLE', 'IMMUTABLE_WITH_EXCLUSION', 'MUTABLE_WITH_EXCLUSION'],
})
const filterType = string({ values: ['WILDCARD'] })
const filter = string({ min: 1, max: 128, pattern: '^[0-9a-zA-Z._*-]{1,128}$' })
const imageTagMutabilityExclusionFilter = struct({ filterType: filterType, filter: filter })
const imageTagMutabilityExclusionFilters = list(imageTagMutabilityExclusionFilter, { min: 1, max: 5 })
const repositoryPolicy = string({ min: 0, max: 10240 })
const lifecyclePolicy = string({ min: 0, max: 30720 })
const appliedForItem = string({ values: ['REPLICATION', 'PULL_THROUGH_CACHE', 'CREATE_ON_PUSH'] })
const appliedFor = list(appliedForItem)
const principalArn = string({
  max: 200,
  pattern: '^arn:aws(-[a-z]+)*:iam::[0-9]{12}:(role|user)/[\\w+=,.@-]+(/[\\w+=,.@-]+)*$',
})
const imageTag = string({ min: 1, max: 300 })
const imageId = struct({ imageDigest: optional(string()), imageTag: optional(imageTag) })
const maxResults = integer({ min: 1, max: 1000 })
const replicationBackfillId = string({
  pattern: '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}',
})
const name = string({ min: 1, max: 64 })
const lifecyclePolicyText = string({ min: 100, max: 30720 })
const region = string({ min: 2, max: 25, pattern: '[0-9a-z-]{2,25}' })
const destination = struct({ region: region, registryId: registryId })

/** By operation. One that the server offers has its declaration there, and is refused here (test/client/declared.test.ts). */
export const privateDrafts: Readonly<Record<string, Declared>> = {
  BatchGetRepositoryScanningConfiguration: {
    input: struct({ repositoryNames: list(repositoryName, { min: 1, max: 25 }) }),
    errors: ['InvalidParameterException', 'RepositoryNotFoundException', 'ServerException', 'ValidationException'],
  },
  CreatePullThroughCacheRule: {
    input: struct({
      ecrRepositoryPrefix: ecrRepositoryPrefix,
      upstreamRegistryUrl: string(),
      registryId: optional(registryId),
      upstreamRegistry: optional(
        string({
          values: [
            'ecr',
            'ecr-public',
            'quay',
            'k8s',
            'docker-hub',
            'github-container-registry',
            'azure-container-registry',
            'gitlab-container-registry',
            'chainguard',
          ],
        }),
      ),
      credentialArn: optional(credentialArn),
      customRoleArn: optional(customRoleArn),
      upstreamRepositoryPrefix: optional(ecrRepositoryPrefix),
    }),
    errors: [
      'InvalidParameterException',
      'LimitExceededException',
      'PullThroughCacheRuleAlreadyExistsException',
      'SecretNotFoundException',
      'ServerException',
      'UnableToAccessSecretException',
      'UnableToDecryptSecretValueException',
      'UnsupportedUpstreamRegistryException',
      'ValidationException',
    ],
  },
  CreateRepositoryCreationTemplate: {
    input: struct({
      prefix: prefix,
      description: optional(description),
      encryptionConfiguration: optional(encryptionConfiguration),
      resourceTags: optional(resourceTags),
      imageTagMutability: optional(imageTagMutability),
      imageTagMutabilityExclusionFilters: optional(imageTagMutabilityExclusionFilters),
      repositoryPolicy: optional(repositoryPolicy),
      lifecyclePolicy: optional(lifecyclePolicy),
      appliedFor: appliedFor,
      customRoleArn: optional(customRoleArn),
    }),
    errors: [
      'InvalidParameterException',
      'LimitExceededException',
      'ServerException',
      'TemplateAlreadyExistsException',
      'ValidationException',
    ],
  },
  DeleteLifecyclePolicy: {
    input: struct({ registryId: optional(registryId), repositoryName: repositoryName }),
    errors: [
      'InvalidParameterException',
      'LifecyclePolicyNotFoundException',
      'RepositoryNotFoundException',
      'ServerException',
      'ValidationException',
    ],
  },
  DeletePullThroughCacheRule: {
    input: struct({ ecrRepositoryPrefix: ecrRepositoryPrefix, registryId: optional(registryId) }),
    errors: [
      'InvalidParameterException',
      'PullThroughCacheRuleNotFoundException',
      'ServerException',
      'ValidationException',
    ],
  },
  DeleteRepositoryCreationTemplate: {
    input: struct({ prefix: prefix }),
    errors: ['InvalidParameterException', 'ServerException', 'TemplateNotFoundException', 'ValidationException'],
  },
  DeleteSigningConfiguration: {
    input: struct({}),
    errors: ['ServerException', 'SigningConfigurationNotFoundException', 'ValidationException'],
  },
  DeregisterPullTimeUpdateExclusion: {
    input: struct({ principalArn: principalArn }),
    errors: [
      'ExclusionNotFoundException',
      'InvalidParameterException',
      'LimitExceededException',
      'ServerException',
      'ValidationException',
    ],
  },
  DescribeImageReplicationStatus: {
    input: struct({ repositoryName: repositoryName, imageId: imageId, registryId: optional(registryId) }),
    errors: [
      'ImageNotFoundException',
      'InvalidParameterException',
      'RepositoryNotFoundException',
      'ServerException',
      'ValidationException',
    ],
  },
  DescribeImageScanFindings: {
    input: struct({
      registryId: optional(registryId),
      repositoryName: repositoryName,
      imageId: imageId,
      nextToken: optional(string()),
      maxResults: optional(maxResults),
    }),
    errors: [
      'ImageNotFoundException',
      'InvalidParameterException',
      'RepositoryNotFoundException',
      'ScanNotFoundException',
      'ServerException',
      'ValidationException',
    ],
  },
  DescribeImageSigningStatus: {
    input: struct({ repositoryName: repositoryName, imageId: imageId, registryId: optional(registryId) }),
    errors: [
      'ImageNotFoundException',
      'InvalidParameterException',
      'RepositoryNotFoundException',
      'ServerException',
      'ValidationException',
    ],
  },
  DescribePullThroughCacheRules: {
    input: struct({
      registryId: optional(registryId),
      ecrRepositoryPrefixes: optional(list(ecrRepositoryPrefix, { min: 1, max: 100 })),
      nextToken: optional(string()),
      maxResults: optional(maxResults),
    }),
    errors: [
      'InvalidParameterException',
      'PullThroughCacheRuleNotFoundException',
      'ServerException',
      'ValidationException',
    ],
  },
  DescribeReplicationBackfillResults: {
    input: struct({
      registryId: optional(registryId),
      replicationBackfillId: replicationBackfillId,
      resultStatusFilter: optional(string({ values: ['COMPLETE', 'FAILED'] })),
      maxResults: optional(maxResults),
      nextToken: optional(string()),
    }),
    errors: [
      'InvalidParameterException',
      'ReplicationBackfillNotFoundException',
      'ServerException',
      'ValidationException',
    ],
  },
  DescribeRepositoryCreationTemplates: {
    input: struct({
      prefixes: optional(list(prefix)),
      nextToken: optional(string()),
      maxResults: optional(maxResults),
    }),
    errors: ['InvalidParameterException', 'ServerException', 'ValidationException'],
  },
  GetAccountSetting: {
    input: struct({ name: name }),
    errors: ['InvalidParameterException', 'ServerException', 'ValidationException'],
  },
  GetLifecyclePolicy: {
    input: struct({ registryId: optional(registryId), repositoryName: repositoryName }),
    errors: [
      'InvalidParameterException',
      'LifecyclePolicyNotFoundException',
      'RepositoryNotFoundException',
      'ServerException',
      'ValidationException',
    ],
  },
  GetLifecyclePolicyPreview: {
    input: struct({
      registryId: optional(registryId),
      repositoryName: repositoryName,
      imageIds: optional(list(imageId, { min: 1, max: 100 })),
      nextToken: optional(string()),
      maxResults: optional(integer({ min: 1, max: 100 })),
      filter: optional(struct({ tagStatus: optional(string({ values: ['TAGGED', 'UNTAGGED', 'ANY'] })) })),
    }),
    errors: [
      'InvalidParameterException',
      'LifecyclePolicyPreviewNotFoundException',
      'RepositoryNotFoundException',
      'ServerException',
      'ValidationException',
    ],
  },
  GetRegistryScanningConfiguration: {
    input: struct({}),
    errors: ['InvalidParameterException', 'ServerException', 'ValidationException'],
  },
  GetSigningConfiguration: {
    input: struct({}),
    errors: [
      'InvalidParameterException',
      'ServerException',
      'SigningConfigurationNotFoundException',
      'ValidationException',
    ],
  },
  ListPullTimeUpdateExclusions: {
    input: struct({ maxResults: optional(maxResults), nextToken: optional(string()) }),
    errors: ['InvalidParameterException', 'LimitExceededException', 'ServerException', 'ValidationException'],
  },
  ListReplicationBackfills: {
    input: struct({
      registryId: optional(registryId),
      maxResults: optional(integer({ min: 1, max: 50 })),
      nextToken: optional(string()),
    }),
    errors: ['InvalidParameterException', 'ServerException', 'ValidationException'],
  },
  PutAccountSetting: {
    input: struct({ name: name, value: string() }),
    errors: ['InvalidParameterException', 'LimitExceededException', 'ServerException', 'ValidationException'],
  },
  PutLifecyclePolicy: {
    input: struct({
      registryId: optional(registryId),
      repositoryName: repositoryName,
      lifecyclePolicyText: lifecyclePolicyText,
    }),
    errors: ['InvalidParameterException', 'RepositoryNotFoundException', 'ServerException', 'ValidationException'],
  },
  PutRegistryScanningConfiguration: {
    input: struct({
      scanType: optional(string({ values: ['BASIC', 'ENHANCED'] })),
      rules: optional(
        list(
          struct({
            scanFrequency: string({ values: ['SCAN_ON_PUSH', 'CONTINUOUS_SCAN', 'MANUAL'] }),
            repositoryFilters: list(
              struct({
                filter: string({ min: 1, max: 255, pattern: '^[a-z0-9*](?:[._\\-/a-z0-9*]?[a-z0-9*]+)*$' }),
                filterType: filterType,
              }),
              { min: 0, max: 100 },
            ),
          }),
          { min: 0, max: 2 },
        ),
      ),
    }),
    errors: [
      'BlockedByOrganizationPolicyException',
      'InvalidParameterException',
      'ServerException',
      'ValidationException',
    ],
  },
  PutReplicationConfiguration: {
    input: struct({
      replicationConfiguration: struct({
        rules: list(
          struct({
            destinations: list(destination, { min: 0, max: 100 }),
            repositoryFilters: optional(
              list(
                struct({
                  filter: string({
                    min: 2,
                    max: 256,
                    pattern: '^(?:[a-z0-9]+(?:[._-][a-z0-9]*)*/)*[a-z0-9]*(?:[._-][a-z0-9]*)*$',
                  }),
                  filterType: string({ values: ['PREFIX_MATCH'] }),
                }),
                { min: 1, max: 100 },
              ),
            ),
          }),
          { min: 0, max: 25 },
        ),
      }),
    }),
    errors: ['InvalidParameterException', 'ServerException', 'ValidationException'],
  },
  PutSigningConfiguration: {
    input: struct({
      signingConfiguration: struct({
        rules: list(
          struct({
            signingProfileArn: string({
              max: 200,
              pattern: '^arn:aws(-[a-z]+)*:signer:[a-z0-9-]+:[0-9]{12}:\\/signing-profiles\\/[a-zA-Z0-9_]{2,}$',
            }),
            repositoryFilters: optional(
              list(
                struct({
                  filter: string({
                    min: 1,
                    max: 256,
                    pattern: '^(?:[a-z0-9*]+(?:[._-][a-z0-9*]+)*/)*[a-z0-9*]+(?:[._-][a-z0-9*]+)*$',
                  }),
                  filterType: string({ values: ['WILDCARD_MATCH'] }),
                }),
                { min: 1, max: 100 },
              ),
            ),
          }),
          { min: 0, max: 10 },
        ),
      }),
    }),
    errors: ['InvalidParameterException', 'ServerException', 'ValidationException'],
  },
  RegisterPullTimeUpdateExclusion: {
    input: struct({ principalArn: principalArn }),
    errors: [
      'ExclusionAlreadyExistsException',
      'InvalidParameterException',
      'LimitExceededException',
      'ServerException',
      'ValidationException',
    ],
  },
  StartImageScan: {
    input: struct({ registryId: optional(registryId), repositoryName: repositoryName, imageId: imageId }),
    errors: [
      'ImageArchivedException',
      'ImageNotFoundException',
      'InvalidParameterException',
      'LimitExceededException',
      'RepositoryNotFoundException',
      'ServerException',
      'UnsupportedImageTypeException',
      'ValidationException',
    ],
  },
  StartLifecyclePolicyPreview: {
    input: struct({
      registryId: optional(registryId),
      repositoryName: repositoryName,
      lifecyclePolicyText: optional(lifecyclePolicyText),
    }),
    errors: [
      'InvalidParameterException',
      'LifecyclePolicyNotFoundException',
      'LifecyclePolicyPreviewInProgressException',
      'RepositoryNotFoundException',
      'ServerException',
      'ValidationException',
    ],
  },
  StartReplicationBackfill: {
    input: struct({ registryId: optional(registryId), destination: destination }),
    errors: [
      'InvalidParameterException',
      'LimitExceededException',
      'ReplicationBackfillInProgressException',
      'ServerException',
      'ValidationException',
    ],
  },
  StopReplicationBackfill: {
    input: struct({ registryId: optional(registryId), replicationBackfillId: replicationBackfillId }),
    errors: [
      'InvalidParameterException',
      'ReplicationBackfillInvalidStatusException',
      'ReplicationBackfillNotFoundException',
      'ServerException',
      'ValidationException',
    ],
  },
  UpdateImageStorageClass: {
    input: struct({
      registryId: optional(registryId),
      repositoryName: repositoryName,
      imageId: imageId,
      targetStorageClass: string({ values: ['STANDARD', 'ARCHIVE'] }),
    }),
    errors: [
      'ImageNotFoundException',
      'ImageStorageClassUpdateNotSupportedException',
      'InvalidParameterException',
      'RepositoryNotFoundException',
      'ServerException',
      'ValidationException',
    ],
  },
  UpdatePullThroughCacheRule: {
    input: struct({
      registryId: optional(registryId),
      ecrRepositoryPrefix: ecrRepositoryPrefix,
      credentialArn: optional(credentialArn),
      customRoleArn: optional(customRoleArn),
    }),
    errors: [
      'InvalidParameterException',
      'PullThroughCacheRuleNotFoundException',
      'SecretNotFoundException',
      'ServerException',
      'UnableToAccessSecretException',
      'UnableToDecryptSecretValueException',
      'ValidationException',
    ],
  },
  UpdateRepositoryCreationTemplate: {
    input: struct({
      prefix: prefix,
      description: optional(description),
      encryptionConfiguration: optional(encryptionConfiguration),
      resourceTags: optional(resourceTags),
      imageTagMutability: optional(imageTagMutability),
      imageTagMutabilityExclusionFilters: optional(imageTagMutabilityExclusionFilters),
      repositoryPolicy: optional(repositoryPolicy),
      lifecyclePolicy: optional(lifecyclePolicy),
      appliedFor: optional(appliedFor),
      customRoleArn: optional(customRoleArn),
    }),
    errors: ['InvalidParameterException', 'ServerException', 'TemplateNotFoundException', 'ValidationException'],
  },
  ValidatePullThroughCacheRule: {
    input: struct({ ecrRepositoryPrefix: ecrRepositoryPrefix, registryId: optional(registryId) }),
    errors: [
      'InvalidParameterException',
      'PullThroughCacheRuleNotFoundException',
      'ServerException',
      'ValidationException',
    ],
  },
}
