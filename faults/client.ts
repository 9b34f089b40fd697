// One client of a registry: pushes and deletes as real clients do, and writes into the journal what it tries and what it is told. A fault
// is something that it sees as a connection that ends.

import { type ECRClient, ECRServiceException, ImageAlreadyExistsException, PutImageCommand } from '@aws-sdk/client-ecr'
import { setTimeout as sleep } from 'node:timers/promises'

import { ask, NoAnswerError, RefusedError, type Target } from './data-plane.ts'
import { type Blob, type Image, partOf } from './images.ts'
import type { Attempt, Journal } from './journal.ts'
import type { Random } from './random.ts'
import { hasBlob, mount, uploadChunks, uploadParts, uploadWhole } from './uploads.ts'

export interface ClientOptions {
  readonly target: Target
  /** Undefined for a registry without ECR's API. */
  readonly ecr: ECRClient | undefined
  readonly journal: Journal
  readonly repositories: readonly string[]
  /** Resolves when the server takes requests and nobody wants quiet. Asked before each request that changes something. */
  readonly turn: () => Promise<void>
  /** Whether a refusal may be tried again, as a client does whose layers were collected under its push; up to `triesMax` in all. */
  readonly mayRepeat?: ((error: RefusedError) => boolean) | undefined
  readonly triesMax?: number | undefined
  readonly signal: AbortSignal
}

export interface Totals {
  attempts: number
  acked: number
  unknown: number
  /** Whole pushes and deletes by the number of tries that they took. */
  readonly tries: Map<number, number>
  /** Pushes given up after `triesMax` tries that were refused as they may be. */
  givenUp: number
  /** What a server that does its work never says to this client. */
  readonly refusals: string[]
}

export interface Push {
  readonly repository: string
  /** Undefined: by digest alone. */
  readonly tag: string | undefined
  readonly byApi: boolean
}

export interface Client {
  /** Whether the server acknowledged all of it. */
  readonly push: (image: Image, push: Push) => Promise<boolean>
  readonly remove: (repository: string, digest: string) => Promise<boolean>
}

export const noTotals = (): Totals => ({
  attempts: 0,
  acked: 0,
  unknown: 0,
  givenUp: 0,
  tries: new Map(),
  refusals: [],
})

const refusalsMax = 50

export function createClient(name: string, options: ClientOptions, random: Random, totals: Totals): Client {
  const { target, ecr, journal, turn, repositories, mayRepeat, triesMax = 1, signal } = options

  /** One thing, tried and written down. Throws NoAnswerError and RefusedError after that. */
  async function attempt(what: Attempt, work: () => Promise<void>): Promise<void> {
    await turn()
    const pending = journal.attempt(name, what)
    totals.attempts++
    try {
      await work()
    } catch (error) {
      const known = toKnown(error)
      if (known instanceof RefusedError) pending.fail(known.message)
      else {
        totals.unknown++
        pending.lost(known.message)
      }
      throw known
    }
    totals.acked++
    pending.ack()
  }

  async function carryOut(work: () => Promise<void>): Promise<boolean> {
    for (let count = 1; ; count++) {
      try {
        await work()
        totals.tries.set(count, (totals.tries.get(count) ?? 0) + 1)
        return true
      } catch (error) {
        const known = toKnown(error)
        if (known instanceof NoAnswerError) {
          // As people do: half of them try once more what they do not know the end of.
          if (count > 1 || signal.aborted || random.chance(0.5)) return false
          await sleep(20)
          await turn()
          continue
        }
        const isUsual = mayRepeat?.(known) === true
        if (isUsual && signal.aborted) return false
        if (isUsual && count < triesMax) continue
        if (isUsual) totals.givenUp++
        else if (totals.refusals.length < refusalsMax) totals.refusals.push(`${name}, try ${count}: ${known.message}`)
        return false
      }
    }
  }

  async function pushBlob(blob: Blob, { repository, byApi }: Push): Promise<void> {
    await turn()
    // A tenth sends what may be there already, as clients do that do not ask.
    if (!random.chance(0.1) && (await hasBlob(target, repository, blob.digest))) return
    const what = { kind: 'blob', repository, ...partOf(blob) } as const
    const other = random.chance(0.3) ? repositories.find((each) => each !== repository) : undefined
    if (other !== undefined && (await mount(target, repository, blob, other, (work) => attempt(what, work)))) return
    await attempt(what, () => {
      if (byApi && ecr) return uploadParts(ecr, repository, blob)
      return random.chance(0.5)
        ? uploadWhole(target, repository, blob)
        : uploadChunks(target, repository, blob, random, turn)
    })
  }

  async function putManifest(image: Image, { repository, tag, byApi }: Push): Promise<void> {
    const { mediaType, imageBytes, bytes, digest, subject } = image
    const what = {
      kind: 'image',
      repository,
      ...partOf(image),
      mediaType,
      imageBytes,
      blobs: image.blobs.map(partOf),
      children: image.images.map((child) => child.digest),
      ...(tag !== undefined && { tag }),
      ...(subject !== undefined && { subject }),
    } as const
    await attempt(what, async () => {
      if (byApi && ecr) return putByApi(ecr, { repository, tag, image })
      const path = `/v2/${repository}/manifests/${tag ?? digest}`
      await ask(target, { method: 'PUT', path, headers: { 'content-type': mediaType }, body: bytes }, 201)
    })
  }

  async function pushWhole(image: Image, push: Push): Promise<void> {
    for (const child of image.images) await pushWhole(child, { ...push, tag: undefined })
    for (const blob of image.blobs) await pushBlob(blob, push)
    await putManifest(image, push)
  }

  return {
    push: (image, push) => carryOut(() => pushWhole(image, push)),
    remove: (repository, digest) =>
      carryOut(() =>
        attempt({ kind: 'delete', repository, digest }, async () => {
          await ask(target, { method: 'DELETE', path: `/v2/${repository}/manifests/${digest}` }, 202)
        }).catch((error: unknown) => {
          // Deleted by somebody else, or never there: what was wanted.
          if (!(error instanceof RefusedError && error.status === 404)) throw error
        }),
      ),
  }
}

async function putByApi(
  ecr: ECRClient,
  { repository, tag, image }: { readonly repository: string; readonly tag: string | undefined; readonly image: Image },
): Promise<void> {
  const name = tag === undefined ? { imageDigest: image.digest } : { imageTag: tag }
  const manifest = { imageManifest: image.bytes.toString(), imageManifestMediaType: image.mediaType }
  try {
    await ecr.send(new PutImageCommand({ repositoryName: repository, ...manifest, ...name }))
  } catch (error) {
    // The same image under the same name is there: what was asked for.
    if (!(error instanceof ImageAlreadyExistsException)) throw error
  }
}

/**
 * The server's own "no", after which nothing has happened, or that there is no answer. An error of its inside (5xx) leaves that as open as a
 * connection that ends. Anything else is thrown on: it is a defect of ours.
 */
function toKnown(error: unknown): RefusedError | NoAnswerError {
  if (error instanceof NoAnswerError) return error
  if (error instanceof RefusedError) return error.status < 500 ? error : new NoAnswerError(error.message)
  if (error instanceof TypeError || error instanceof RangeError || !(error instanceof Error)) throw error
  if (!(error instanceof ECRServiceException)) return new NoAnswerError(error.message, { cause: error })
  const status = error.$metadata.httpStatusCode ?? 500
  const body = Buffer.from(JSON.stringify({ errors: [{ code: error.name, message: error.message }] }))
  return toKnown(new RefusedError('the API', { status, headers: {}, body }))
}
