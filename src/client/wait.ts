// Waiting for what ECR tells nobody: that an image has come, that a repository is gone.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Ecr, EcrInput, EcrOutput, EcrPublic, EcrPublicInput, EcrPublicOutput } from './ecr.ts'

export interface WaitOptions {
  /** How long to wait in all. Default 5 minutes. */
  readonly timeoutMs?: number | undefined
  /** Between two questions. Default 2 s, then half as much more each time, up to 15 s. */
  readonly intervalMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** What was waited for did not come in time. */
export class WaitTimeoutError extends Error {
  override readonly name = 'WaitTimeoutError'
}

type Image = NonNullable<EcrOutput<'DescribeImages'>['imageDetails']>[number]
type PublicImage = NonNullable<EcrPublicOutput<'DescribeImages'>['imageDetails']>[number]
type OneImage<I> = Omit<I, 'imageIds' | 'nextToken' | 'maxResults' | 'filter'> & {
  readonly imageId: { readonly imageTag?: string; readonly imageDigest?: string }
}

/** Waits until the image is in the repository, which has to be there; gives it. Throws `WaitTimeoutError`, or what `call` throws. */
export function imagePresent(
  ecr: Pick<Ecr, 'try'>,
  input: OneImage<EcrInput<'DescribeImages'>>,
  options?: WaitOptions,
): Promise<Image>
export function imagePresent(
  ecr: Pick<EcrPublic, 'try'>,
  input: OneImage<EcrPublicInput<'DescribeImages'>>,
  options?: WaitOptions,
): Promise<PublicImage>
export async function imagePresent(
  ecr: Pick<Ecr, 'try'> | Pick<EcrPublic, 'try'>,
  { imageId, ...input }: OneImage<EcrInput<'DescribeImages'>>,
  options: WaitOptions = {},
): Promise<Image | PublicImage> {
  const { try: ask } = ecr as Pick<Ecr, 'try'> // both have this operation
  const what = `image ${imageId.imageDigest ?? imageId.imageTag} in ${input.repositoryName}`
  return waitFor(what, options, async (signal) => {
    const result = await ask('DescribeImages', { ...input, imageIds: [imageId] }, { signal })
    if (result.ok) return result.value.imageDetails?.[0]
    if (result.error.name === 'ImageNotFoundException') return undefined
    throw result.error
  })
}

/** Waits until there is no such repository. Throws `WaitTimeoutError`, or what `call` throws. */
export async function repositoryGone(
  ecr: Pick<Ecr, 'try'> | Pick<EcrPublic, 'try'>,
  { repositoryName, registryId }: { readonly repositoryName: string; readonly registryId?: string | undefined },
  options: WaitOptions = {},
): Promise<void> {
  const { try: ask } = ecr as Pick<Ecr, 'try'> // both have this operation
  const input = { repositoryNames: [repositoryName], ...(registryId !== undefined && { registryId }) }
  await waitFor(`the end of repository ${repositoryName}`, options, async (signal) => {
    const result = await ask('DescribeRepositories', input, { signal })
    if (result.ok) return undefined
    if (result.error.name === 'RepositoryNotFoundException') return true
    throw result.error
  })
}

const intervalGrowth = 1.5
const intervalMaxMs = 15_000

/** Asks until there is an answer. */
async function waitFor<T>(
  what: string,
  { timeoutMs = 300_000, intervalMs = 2000, signal }: WaitOptions,
  ask: (signal: AbortSignal | undefined) => Promise<T | undefined>,
): Promise<T> {
  const endsAtMs = performance.now() + timeoutMs
  for (let pauseMs = intervalMs; ; pauseMs = Math.min(pauseMs * intervalGrowth, Math.max(intervalMs, intervalMaxMs))) {
    const found = await ask(signal)
    if (found !== undefined) return found
    const leftMs = endsAtMs - performance.now()
    if (leftMs <= 0) throw new WaitTimeoutError(`Waited ${timeoutMs} ms for ${what}`)
    // Ended by the signal, it asks once more: the answer is the same `Aborted` as of any call.
    await sleep(Math.min(pauseMs, leftMs), undefined, signal && { signal }).catch(() => undefined)
  }
}
