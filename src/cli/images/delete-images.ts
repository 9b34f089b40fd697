// Describing and deleting images of ECR by the hundred, the same for private and public repositories.

import type { Ecr, EcrPublic } from '../../client/ecr.ts'
import type { EcrPublicReference, EcrReference } from '../../client/transport/parse-reference.ts'
import { CommandError } from '../command-error.ts'
import { exitCodes } from './image-failure.ts'

interface ImageId {
  readonly imageTag?: string
  readonly imageDigest?: string
}

interface Failure {
  readonly imageId: { readonly imageTag?: string | undefined; readonly imageDigest?: string | undefined }
  readonly code: string | undefined
  readonly reason: string | undefined
}

export interface Described {
  readonly digest: string
  readonly tags: readonly string[]
}

/** Images of one repository. Everything throws what the clients' `call` throws. */
export interface ImageTarget {
  /** `undefined` when one of them is not there. At most a hundred. */
  readonly describe: (imageIds: ImageId[]) => Promise<readonly Described[] | undefined>
  /** Gives what was not removed. */
  readonly remove: (imageIds: readonly ImageId[]) => Promise<readonly Failure[]>
}

/** Of one call (API reference, BatchDeleteImage). */
const imagesPerCall = 100

export function privateTarget(ecr: Ecr, { accountId, repository }: EcrReference, signal: AbortSignal): ImageTarget {
  const named = { ...(accountId !== undefined && { registryId: accountId }), repositoryName: repository }
  const options = { signal }
  return {
    describe: async (imageIds) => describedIn(await ecr.try('DescribeImages', { ...named, imageIds }, options)),
    remove: (imageIds) =>
      inCalls(
        imageIds,
        async (some) => (await ecr.call('BatchDeleteImage', { ...named, imageIds: some }, options)).failures,
      ),
  }
}

/** Throws a CommandError for a registry that is somebody else's: the API would delete from the caller's own. */
export async function publicTarget(
  ecrPublic: EcrPublic,
  { host, alias, repository }: EcrPublicReference,
  signal: AbortSignal,
): Promise<ImageTarget> {
  const options = { signal }
  const { registries = [] } = await ecrPublic.call('DescribeRegistries', {}, options)
  const own = registries.flatMap(({ aliases = [] }) => aliases.map(({ name }) => name))
  if (!own.includes(alias))
    throw new CommandError(
      `${host}/${alias} is not your registry: your aliases are ${own.join(', ') || 'none'}`,
      exitCodes.refused,
    )
  const named = { repositoryName: repository }
  return {
    describe: async (imageIds) => describedIn(await ecrPublic.try('DescribeImages', { ...named, imageIds }, options)),
    remove: (imageIds) =>
      inCalls(
        imageIds,
        async (some) => (await ecrPublic.call('BatchDeleteImage', { ...named, imageIds: some }, options)).failures,
      ),
  }
}

interface ApiImage {
  readonly imageDigest?: string | undefined
  readonly imageTags?: readonly string[] | undefined
}

/** Of both APIs. */
type DescribeAnswer =
  | { readonly ok: true; readonly value: { readonly imageDetails?: readonly ApiImage[] | undefined } }
  | { readonly ok: false; readonly error: Error }

function describedIn(answer: DescribeAnswer): readonly Described[] | undefined {
  if (answer.ok) {
    const { imageDetails = [] } = answer.value
    return imageDetails.map(({ imageDigest = '', imageTags = [] }) => ({ digest: imageDigest, tags: imageTags }))
  }
  if (answer.error.name === 'ImageNotFoundException') return undefined
  throw answer.error
}

interface ApiFailure {
  readonly imageId?: { readonly imageTag?: string | undefined; readonly imageDigest?: string | undefined } | undefined
  readonly failureCode?: string | undefined
  readonly failureReason?: string | undefined
}

async function inCalls(
  imageIds: readonly ImageId[],
  call: (some: ImageId[]) => Promise<readonly ApiFailure[] | undefined>,
): Promise<readonly Failure[]> {
  const failures: Failure[] = []
  for (let first = 0; first < imageIds.length; first += imagesPerCall)
    for (const { imageId = {}, failureCode: code, failureReason: reason } of (await call(
      imageIds.slice(first, first + imagesPerCall),
    )) ?? [])
      failures.push({ imageId, code, reason })
  return failures
}

/** Those of `imageIds` that are there. One that is not fails the whole question, so they are then asked for one by one. */
export async function describeImages(target: ImageTarget, imageIds: readonly ImageId[]): Promise<readonly Described[]> {
  const found: Described[] = []
  for (let first = 0; first < imageIds.length; first += imagesPerCall) {
    const some = imageIds.slice(first, first + imagesPerCall)
    const all = await target.describe(some)
    if (all) found.push(...all)
    else for (const imageId of some) found.push(...((await target.describe([imageId])) ?? []))
  }
  return found
}
