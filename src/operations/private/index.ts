// The operations of the private API that are offered: this list is the only way to them. Those of the model that are missing here answer
// as not offered, in one place (protocol/aws-json).

import type { Operation } from '../operation.ts'
import { batchCheckLayerAvailability } from './batch-check-layer-availability.ts'
import { batchDeleteImage } from './batch-delete-image.ts'
import { batchGetImage } from './batch-get-image.ts'
import { completeLayerUpload } from './complete-layer-upload.ts'
import { createRepository } from './create-repository.ts'
import { deleteRegistryPolicy } from './delete-registry-policy.ts'
import { deleteRepositoryPolicy } from './delete-repository-policy.ts'
import { deleteRepository } from './delete-repository.ts'
import { describeImages } from './describe-images.ts'
import { describeRegistry } from './describe-registry.ts'
import { describeRepositories } from './describe-repositories.ts'
import { getAuthorizationToken } from './get-authorization-token.ts'
import { getDownloadUrlForLayer } from './get-download-url-for-layer.ts'
import { getRegistryPolicy } from './get-registry-policy.ts'
import { getRepositoryPolicy } from './get-repository-policy.ts'
import { initiateLayerUpload } from './initiate-layer-upload.ts'
import { listImageReferrers } from './list-image-referrers.ts'
import { listImages } from './list-images.ts'
import { listTagsForResource } from './list-tags-for-resource.ts'
import { putImageScanningConfiguration } from './put-image-scanning-configuration.ts'
import { putImageTagMutability } from './put-image-tag-mutability.ts'
import { putImage } from './put-image.ts'
import { putRegistryPolicy } from './put-registry-policy.ts'
import { setRepositoryPolicy } from './set-repository-policy.ts'
import { tagResource } from './tag-resource.ts'
import { untagResource } from './untag-resource.ts'
import { uploadLayerPart } from './upload-layer-part.ts'

export const privateOperations: readonly Operation[] = [
  batchCheckLayerAvailability,
  batchDeleteImage,
  batchGetImage,
  completeLayerUpload,
  createRepository,
  deleteRegistryPolicy,
  deleteRepository,
  deleteRepositoryPolicy,
  describeImages,
  describeRegistry,
  describeRepositories,
  getAuthorizationToken,
  getDownloadUrlForLayer,
  getRegistryPolicy,
  getRepositoryPolicy,
  initiateLayerUpload,
  listImageReferrers,
  listImages,
  listTagsForResource,
  putImage,
  putImageScanningConfiguration,
  putImageTagMutability,
  putRegistryPolicy,
  setRepositoryPolicy,
  tagResource,
  untagResource,
  uploadLayerPart,
]
