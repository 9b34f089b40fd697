// Image identifiers: a tag, a digest, or both, from a client that may have any of them wrong.

import { parseDigest, type Digest } from '../lib/digest.ts'
import { fail, failureReasons } from '../model/errors.ts'
import type { ImageReads, Repository, TagReads } from './ports/metadata.ts'

export interface ImageIdentifier {
  readonly imageDigest?: string | undefined
  readonly imageTag?: string | undefined
}

/** An item of a batch that failed: a value, never an exception. */
export interface ImageFailure {
  readonly imageId: ImageIdentifier
  readonly failureCode:
    | 'InvalidImageDigest'
    | 'InvalidImageTag'
    | 'ImageTagDoesNotMatchDigest'
    | 'ImageNotFound'
    | 'MissingDigestAndTag'
    | 'ImageReferencedByManifestList'
  readonly failureReason: string
}

export type ResolvedImageId =
  | { readonly digest: Digest; readonly tag: string | undefined }
  | { readonly failure: ImageFailure }

/** ECR's tag grammar on the API: as the OCI specification's, but up to 300 characters. */
const tagPattern = '[a-zA-Z0-9_][a-zA-Z0-9-_.]{0,299}'
const wholeTag = new RegExp(`^${tagPattern}$`)

/** Fails with InvalidParameterException for a tag that is not one. */
export function checkImageTag(tag: string): void {
  if (!wholeTag.test(tag)) {
    fail('InvalidParameterException', {
      parameter: 'imageTag',
      constraint: `must satisfy regular expression '${tagPattern}'`,
    })
  }
}

/** The digest in `text`. Fails with InvalidParameterException when it is not one. */
export function checkImageDigest(text: string, parameter = 'imageDigest'): Digest {
  return (
    parseDigest(text) ??
    fail('InvalidParameterException', {
      parameter,
      constraint: `must satisfy regular expression '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'`,
    })
  )
}

/** Finds out which image an identifier means, in the state that `reads` shows. */
export async function resolveImageId(
  reads: { readonly images: ImageReads; readonly tags: TagReads },
  repository: Repository,
  imageId: ImageIdentifier,
): Promise<ResolvedImageId> {
  const { imageDigest, imageTag } = imageId
  if (imageDigest === undefined && imageTag === undefined) return failed(imageId, 'MissingDigestAndTag')
  const digest = imageDigest === undefined ? undefined : parseDigest(imageDigest)
  if (imageDigest !== undefined && digest === undefined) return failed(imageId, 'InvalidImageDigest')
  if (imageTag === undefined) {
    // One of both is there, and the digest was parsed above.
    return digest !== undefined ? { digest, tag: undefined } : failed(imageId, 'MissingDigestAndTag')
  }
  if (!wholeTag.test(imageTag)) return failed(imageId, 'InvalidImageTag')
  const tagged = await reads.tags.find(repository.id, imageTag)
  if (tagged === undefined) return failed(imageId, 'ImageNotFound')
  if (digest !== undefined && digest !== tagged) return failed(imageId, 'ImageTagDoesNotMatchDigest')
  return { digest: tagged, tag: imageTag }
}

export function failed(
  imageId: ImageIdentifier,
  code: Exclude<ImageFailure['failureCode'], 'ImageReferencedByManifestList'>,
): { readonly failure: ImageFailure } {
  return { failure: { imageId, failureCode: code, failureReason: failureReasons[code].text() } }
}

/** Batches answer an identifier that is given twice once. */
export function distinctImageIds(imageIds: readonly ImageIdentifier[]): readonly ImageIdentifier[] {
  if (imageIds.length === 1) return imageIds
  return [...new Map(imageIds.map((id) => [JSON.stringify([id.imageDigest, id.imageTag]), id])).values()]
}
