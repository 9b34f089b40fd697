// A test for the compiler: the types that our schemas infer are those of the official SDK, member by member. It holds nothing to run;
// `npm run check` fails when a line of it does not compile.

import type * as sdk from '@aws-sdk/client-ecr'
import type * as sts from '@aws-sdk/client-sts'
import type { Operation } from '../src/operations/operation.ts'
import type { batchCheckLayerAvailability } from '../src/operations/private/batch-check-layer-availability.ts'
import type { batchDeleteImage } from '../src/operations/private/batch-delete-image.ts'
import type { batchGetImage } from '../src/operations/private/batch-get-image.ts'
import type { completeLayerUpload } from '../src/operations/private/complete-layer-upload.ts'
import type { createRepository } from '../src/operations/private/create-repository.ts'
import type { deleteRepository } from '../src/operations/private/delete-repository.ts'
import type { describeImages } from '../src/operations/private/describe-images.ts'
import type { describeRegistry } from '../src/operations/private/describe-registry.ts'
import type { describeRepositories } from '../src/operations/private/describe-repositories.ts'
import type { getAuthorizationToken } from '../src/operations/private/get-authorization-token.ts'
import type { getDownloadUrlForLayer } from '../src/operations/private/get-download-url-for-layer.ts'
import type { initiateLayerUpload } from '../src/operations/private/initiate-layer-upload.ts'
import type { listImageReferrers } from '../src/operations/private/list-image-referrers.ts'
import type { listImages } from '../src/operations/private/list-images.ts'
import type { listTagsForResource } from '../src/operations/private/list-tags-for-resource.ts'
import type { putImage } from '../src/operations/private/put-image.ts'
import type { putImageScanningConfiguration } from '../src/operations/private/put-image-scanning-configuration.ts'
import type { putImageTagMutability } from '../src/operations/private/put-image-tag-mutability.ts'
import type { tagResource } from '../src/operations/private/tag-resource.ts'
import type { untagResource } from '../src/operations/private/untag-resource.ts'
import type { uploadLayerPart } from '../src/operations/private/upload-layer-part.ts'
import type { getCallerIdentity } from '../src/operations/sts/get-caller-identity.ts'

/** Both sides in one form: times as numbers, lists read-only, no optional members (the model test compares what is required). */
type Plain<T> = T extends Date
  ? number
  : T extends Uint8Array
    ? Uint8Array
    : T extends readonly (infer Item)[]
      ? readonly Plain<Item>[]
      : T extends object
        ? { readonly [K in keyof T]-?: Plain<Exclude<T[K], undefined>> }
        : T

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : { readonly onlyInSdk: B }) : { readonly onlyInOurs: A }
export type Holds<Op, Input, Output> =
  Op extends Operation<infer I, infer O>
    ? [Same<Plain<I>, Plain<Input>>, Same<Plain<O>, Plain<Omit<Output, '$metadata'>>>]
    : never
export type Expect<Verdict extends [true, true]> = Verdict

/** One line an operation: the compiler refuses one whose members, kinds or enum values differ from the SDK's. */
export type SameTypes = [
  Expect<
    Holds<
      typeof batchCheckLayerAvailability,
      sdk.BatchCheckLayerAvailabilityCommandInput,
      sdk.BatchCheckLayerAvailabilityCommandOutput
    >
  >,
  Expect<Holds<typeof batchDeleteImage, sdk.BatchDeleteImageCommandInput, sdk.BatchDeleteImageCommandOutput>>,
  Expect<Holds<typeof batchGetImage, sdk.BatchGetImageCommandInput, sdk.BatchGetImageCommandOutput>>,
  Expect<Holds<typeof completeLayerUpload, sdk.CompleteLayerUploadCommandInput, sdk.CompleteLayerUploadCommandOutput>>,
  Expect<Holds<typeof createRepository, sdk.CreateRepositoryCommandInput, sdk.CreateRepositoryCommandOutput>>,
  Expect<Holds<typeof deleteRepository, sdk.DeleteRepositoryCommandInput, sdk.DeleteRepositoryCommandOutput>>,
  Expect<Holds<typeof describeImages, sdk.DescribeImagesCommandInput, sdk.DescribeImagesCommandOutput>>,
  Expect<Holds<typeof describeRegistry, sdk.DescribeRegistryCommandInput, sdk.DescribeRegistryCommandOutput>>,
  Expect<
    Holds<typeof describeRepositories, sdk.DescribeRepositoriesCommandInput, sdk.DescribeRepositoriesCommandOutput>
  >,
  Expect<
    Holds<typeof getAuthorizationToken, sdk.GetAuthorizationTokenCommandInput, sdk.GetAuthorizationTokenCommandOutput>
  >,
  Expect<
    Holds<
      typeof getDownloadUrlForLayer,
      sdk.GetDownloadUrlForLayerCommandInput,
      sdk.GetDownloadUrlForLayerCommandOutput
    >
  >,
  Expect<Holds<typeof initiateLayerUpload, sdk.InitiateLayerUploadCommandInput, sdk.InitiateLayerUploadCommandOutput>>,
  Expect<Holds<typeof listImageReferrers, sdk.ListImageReferrersCommandInput, sdk.ListImageReferrersCommandOutput>>,
  Expect<Holds<typeof listImages, sdk.ListImagesCommandInput, sdk.ListImagesCommandOutput>>,
  Expect<Holds<typeof listTagsForResource, sdk.ListTagsForResourceCommandInput, sdk.ListTagsForResourceCommandOutput>>,
  Expect<Holds<typeof putImage, sdk.PutImageCommandInput, sdk.PutImageCommandOutput>>,
  Expect<
    Holds<
      typeof putImageScanningConfiguration,
      sdk.PutImageScanningConfigurationCommandInput,
      sdk.PutImageScanningConfigurationCommandOutput
    >
  >,
  Expect<
    Holds<typeof putImageTagMutability, sdk.PutImageTagMutabilityCommandInput, sdk.PutImageTagMutabilityCommandOutput>
  >,
  Expect<Holds<typeof tagResource, sdk.TagResourceCommandInput, sdk.TagResourceCommandOutput>>,
  Expect<Holds<typeof untagResource, sdk.UntagResourceCommandInput, sdk.UntagResourceCommandOutput>>,
  Expect<Holds<typeof uploadLayerPart, sdk.UploadLayerPartCommandInput, sdk.UploadLayerPartCommandOutput>>,
  Expect<Holds<typeof getCallerIdentity, sts.GetCallerIdentityCommandInput, sts.GetCallerIdentityCommandOutput>>,
]

export type { SamePublicTypes } from './model-types-public.ts'
