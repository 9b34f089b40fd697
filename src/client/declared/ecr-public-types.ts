// Made by `npm run docs` from the declarations of the operations; changes here are lost.

import type * as sdk from '@aws-sdk/client-ecr-public'

/** Inputs and outputs by operation, as the official SDK types them. */
export interface EcrPublicTypes {
  BatchCheckLayerAvailability: { input: sdk.BatchCheckLayerAvailabilityCommandInput; output: sdk.BatchCheckLayerAvailabilityCommandOutput }
  BatchDeleteImage: { input: sdk.BatchDeleteImageCommandInput; output: sdk.BatchDeleteImageCommandOutput }
  CompleteLayerUpload: { input: sdk.CompleteLayerUploadCommandInput; output: sdk.CompleteLayerUploadCommandOutput }
  CreateRepository: { input: sdk.CreateRepositoryCommandInput; output: sdk.CreateRepositoryCommandOutput }
  DeleteRepository: { input: sdk.DeleteRepositoryCommandInput; output: sdk.DeleteRepositoryCommandOutput }
  DeleteRepositoryPolicy: { input: sdk.DeleteRepositoryPolicyCommandInput; output: sdk.DeleteRepositoryPolicyCommandOutput }
  DescribeImageTags: { input: sdk.DescribeImageTagsCommandInput; output: sdk.DescribeImageTagsCommandOutput }
  DescribeImages: { input: sdk.DescribeImagesCommandInput; output: sdk.DescribeImagesCommandOutput }
  DescribeRegistries: { input: sdk.DescribeRegistriesCommandInput; output: sdk.DescribeRegistriesCommandOutput }
  DescribeRepositories: { input: sdk.DescribeRepositoriesCommandInput; output: sdk.DescribeRepositoriesCommandOutput }
  GetAuthorizationToken: { input: sdk.GetAuthorizationTokenCommandInput; output: sdk.GetAuthorizationTokenCommandOutput }
  GetRegistryCatalogData: { input: sdk.GetRegistryCatalogDataCommandInput; output: sdk.GetRegistryCatalogDataCommandOutput }
  GetRepositoryCatalogData: { input: sdk.GetRepositoryCatalogDataCommandInput; output: sdk.GetRepositoryCatalogDataCommandOutput }
  GetRepositoryPolicy: { input: sdk.GetRepositoryPolicyCommandInput; output: sdk.GetRepositoryPolicyCommandOutput }
  InitiateLayerUpload: { input: sdk.InitiateLayerUploadCommandInput; output: sdk.InitiateLayerUploadCommandOutput }
  ListTagsForResource: { input: sdk.ListTagsForResourceCommandInput; output: sdk.ListTagsForResourceCommandOutput }
  PutImage: { input: sdk.PutImageCommandInput; output: sdk.PutImageCommandOutput }
  PutRegistryCatalogData: { input: sdk.PutRegistryCatalogDataCommandInput; output: sdk.PutRegistryCatalogDataCommandOutput }
  PutRepositoryCatalogData: { input: sdk.PutRepositoryCatalogDataCommandInput; output: sdk.PutRepositoryCatalogDataCommandOutput }
  SetRepositoryPolicy: { input: sdk.SetRepositoryPolicyCommandInput; output: sdk.SetRepositoryPolicyCommandOutput }
  TagResource: { input: sdk.TagResourceCommandInput; output: sdk.TagResourceCommandOutput }
  UntagResource: { input: sdk.UntagResourceCommandInput; output: sdk.UntagResourceCommandOutput }
  UploadLayerPart: { input: sdk.UploadLayerPartCommandInput; output: sdk.UploadLayerPartCommandOutput }
}
