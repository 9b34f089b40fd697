// What a data plane performs: operations of the API where it has them, and what the API does not offer beside.

import type { Context } from '../../domain/context.ts'
import { permit } from '../perform.ts'
import { batchCheckLayerAvailability } from '../private/batch-check-layer-availability.ts'
import { batchDeleteImage } from '../private/batch-delete-image.ts'
import { batchGetImage, batchGetImageOn } from '../private/batch-get-image.ts'
import { completeLayerUpload } from '../private/complete-layer-upload.ts'
import { getDownloadUrlForLayer } from '../private/get-download-url-for-layer.ts'
import { initiateLayerUpload } from '../private/initiate-layer-upload.ts'
import { listImageReferrers, listImageReferrersOn } from '../private/list-image-referrers.ts'
import { putImage } from '../private/put-image.ts'
import { batchDeleteImage as batchDeleteImagePublic } from '../public/batch-delete-image.ts'
import { completeLayerUpload as completeLayerUploadPublic } from '../public/complete-layer-upload.ts'
import { initiateLayerUpload as initiateLayerUploadPublic } from '../public/initiate-layer-upload.ts'
import { putImage as putImagePublic } from '../public/put-image.ts'
import type { NamesRepository } from '../resources.ts'
import { publicSide } from '../side.ts'
import { deleteLayer, deleteLayerOn } from './delete-layer.ts'
import { headImage, headImageOn } from './head-image.ts'
import {
  cancelLayerUpload,
  cancelLayerUploadOn,
  getLayerUpload,
  getLayerUploadOn,
  streamLayerPart,
  streamLayerPartOn,
} from './layer-uploads.ts'
import { listTags, listTagsOn } from './listings.ts'
import { mountLayer, mountLayerOn } from './mount-layer.ts'

/** Fails unless the caller may read a layer, or learn of it. */
async function permitLayer(
  ctx: Context,
  repository: NamesRepository,
  layerDigest: string,
  how: 'read' | 'check',
): Promise<void> {
  // The bytes come from the data plane itself and not by a redirect, so the right to the URL is the right to the bytes.
  if (how === 'read') await permit(getDownloadUrlForLayer, ctx, { ...repository, layerDigest })
  else await permit(batchCheckLayerAvailability, ctx, { ...repository, layerDigests: [layerDigest] })
}

export const privatePlane = {
  batchDeleteImage,
  batchGetImage,
  cancelLayerUpload,
  completeLayerUpload,
  deleteLayer,
  getLayerUpload,
  headImage,
  initiateLayerUpload,
  listImageReferrers,
  listTags,
  mountLayer,
  putImage,
  streamLayerPart,
  permitLayer,
}

export type PlaneOperations = typeof privatePlane

/** ECR Public offers neither BatchGetImage nor GetDownloadUrlForLayer nor ListImageReferrers: its data plane alone reads. */
export const publicPlane: PlaneOperations = {
  batchDeleteImage: batchDeleteImagePublic,
  batchGetImage: batchGetImageOn(publicSide),
  cancelLayerUpload: cancelLayerUploadOn(publicSide),
  completeLayerUpload: completeLayerUploadPublic,
  deleteLayer: deleteLayerOn(publicSide),
  getLayerUpload: getLayerUploadOn(publicSide),
  headImage: headImageOn(publicSide),
  initiateLayerUpload: initiateLayerUploadPublic,
  listImageReferrers: listImageReferrersOn(publicSide),
  listTags: listTagsOn(publicSide),
  mountLayer: mountLayerOn(publicSide),
  putImage: putImagePublic,
  streamLayerPart: streamLayerPartOn(publicSide),
  // Anyone may read.
  permitLayer: () => Promise.resolve(),
}
