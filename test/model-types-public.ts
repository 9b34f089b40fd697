// As model-types.ts, for the public API: the types that our schemas infer are those of the official SDK, member by member.

import type * as sdk from '@aws-sdk/client-ecr-public'
import type { Expect, Holds } from './model-types.ts'
import type { batchCheckLayerAvailability } from '../src/operations/public/batch-check-layer-availability.ts'
import type { batchDeleteImage } from '../src/operations/public/batch-delete-image.ts'
import type { completeLayerUpload } from '../src/operations/public/complete-layer-upload.ts'
import type { createRepository } from '../src/operations/public/create-repository.ts'
import type { deleteRepository } from '../src/operations/public/delete-repository.ts'
import type { deleteRepositoryPolicy } from '../src/operations/public/delete-repository-policy.ts'
import type { describeImageTags } from '../src/operations/public/describe-image-tags.ts'
import type { describeImages } from '../src/operations/public/describe-images.ts'
import type { describeRegistries } from '../src/operations/public/describe-registries.ts'
import type { describeRepositories } from '../src/operations/public/describe-repositories.ts'
import type { getAuthorizationToken } from '../src/operations/public/get-authorization-token.ts'
import type { getRegistryCatalogData } from '../src/operations/public/get-registry-catalog-data.ts'
import type { getRepositoryCatalogData } from '../src/operations/public/get-repository-catalog-data.ts'
import type { getRepositoryPolicy } from '../src/operations/public/get-repository-policy.ts'
import type { initiateLayerUpload } from '../src/operations/public/initiate-layer-upload.ts'
import type { listTagsForResource } from '../src/operations/public/list-tags-for-resource.ts'
import type { putImage } from '../src/operations/public/put-image.ts'
import type { putRegistryCatalogData } from '../src/operations/public/put-registry-catalog-data.ts'
import type { putRepositoryCatalogData } from '../src/operations/public/put-repository-catalog-data.ts'
import type { setRepositoryPolicy } from '../src/operations/public/set-repository-policy.ts'
import type { tagResource } from '../src/operations/public/tag-resource.ts'
import type { untagResource } from '../src/operations/public/untag-resource.ts'
import type { uploadLayerPart } from '../src/operations/public/upload-layer-part.ts'

/** One line an operation: the compiler refuses one whose members, kinds or enum values differ from the SDK's. */
export type SamePublicTypes = [
  Expect<
    Holds<
      typeof batchCheckLayerAvailability,
      sdk.BatchCheckLayerAvailabilityCommandInput,
      sdk.BatchCheckLayerAvailabilityCommandOutput
    >
  >,
  Expect<Holds<typeof batchDeleteImage, sdk.BatchDeleteImageCommandInput, sdk.BatchDeleteImageCommandOutput>>,
  Expect<Holds<typeof completeLayerUpload, sdk.CompleteLayerUploadCommandInput, sdk.CompleteLayerUploadCommandOutput>>,
  Expect<Holds<typeof createRepository, sdk.CreateRepositoryCommandInput, sdk.CreateRepositoryCommandOutput>>,
  Expect<Holds<typeof deleteRepository, sdk.DeleteRepositoryCommandInput, sdk.DeleteRepositoryCommandOutput>>,
  Expect<
    Holds<
      typeof deleteRepositoryPolicy,
      sdk.DeleteRepositoryPolicyCommandInput,
      sdk.DeleteRepositoryPolicyCommandOutput
    >
  >,
  Expect<Holds<typeof describeImageTags, sdk.DescribeImageTagsCommandInput, sdk.DescribeImageTagsCommandOutput>>,
  Expect<Holds<typeof describeImages, sdk.DescribeImagesCommandInput, sdk.DescribeImagesCommandOutput>>,
  Expect<Holds<typeof describeRegistries, sdk.DescribeRegistriesCommandInput, sdk.DescribeRegistriesCommandOutput>>,
  Expect<
    Holds<typeof describeRepositories, sdk.DescribeRepositoriesCommandInput, sdk.DescribeRepositoriesCommandOutput>
  >,
  Expect<
    Holds<typeof getAuthorizationToken, sdk.GetAuthorizationTokenCommandInput, sdk.GetAuthorizationTokenCommandOutput>
  >,
  Expect<
    Holds<
      typeof getRegistryCatalogData,
      sdk.GetRegistryCatalogDataCommandInput,
      sdk.GetRegistryCatalogDataCommandOutput
    >
  >,
  Expect<
    Holds<
      typeof getRepositoryCatalogData,
      sdk.GetRepositoryCatalogDataCommandInput,
      sdk.GetRepositoryCatalogDataCommandOutput
    >
  >,
  Expect<Holds<typeof getRepositoryPolicy, sdk.GetRepositoryPolicyCommandInput, sdk.GetRepositoryPolicyCommandOutput>>,
  Expect<Holds<typeof initiateLayerUpload, sdk.InitiateLayerUploadCommandInput, sdk.InitiateLayerUploadCommandOutput>>,
  Expect<Holds<typeof listTagsForResource, sdk.ListTagsForResourceCommandInput, sdk.ListTagsForResourceCommandOutput>>,
  Expect<Holds<typeof putImage, sdk.PutImageCommandInput, sdk.PutImageCommandOutput>>,
  Expect<
    Holds<
      typeof putRegistryCatalogData,
      sdk.PutRegistryCatalogDataCommandInput,
      sdk.PutRegistryCatalogDataCommandOutput
    >
  >,
  Expect<
    Holds<
      typeof putRepositoryCatalogData,
      sdk.PutRepositoryCatalogDataCommandInput,
      sdk.PutRepositoryCatalogDataCommandOutput
    >
  >,
  Expect<Holds<typeof setRepositoryPolicy, sdk.SetRepositoryPolicyCommandInput, sdk.SetRepositoryPolicyCommandOutput>>,
  Expect<Holds<typeof tagResource, sdk.TagResourceCommandInput, sdk.TagResourceCommandOutput>>,
  Expect<Holds<typeof untagResource, sdk.UntagResourceCommandInput, sdk.UntagResourceCommandOutput>>,
  Expect<Holds<typeof uploadLayerPart, sdk.UploadLayerPartCommandInput, sdk.UploadLayerPartCommandOutput>>,
]
