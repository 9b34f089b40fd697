// An image from one place to another: what is missing there, and nothing else, in the order in which a registry can take it.

import type { Digest } from '../../lib/digest.ts'
import { collectImages, type ImagePlan } from './collect-images.ts'
import { openBlobSource } from './open-blob-source.ts'
import type { BlobOutcome, Descriptor, Place } from './place.ts'
import { trackProgress, type ProgressTracker, type TransferProgress } from './progress.ts'
import { runLimited } from './run-limited.ts'
import { throwIfAborted, transportFail } from './transport-error.ts'

export interface CopyImageOptions {
  /** One image of an index, as `linux/arm64`; all of them when absent. */
  readonly platform?: string | undefined
  /** Takes what refers to the image along: signatures, SBOMs, attestations. */
  readonly referrers?: boolean | undefined
  /** Given to the image besides the tag of the target's reference. */
  readonly tags?: readonly string[] | undefined
  /** Blobs on their way at once. */
  readonly parallel?: number | undefined
  /** Finds out what would be sent, and sends nothing. */
  readonly dryRun?: boolean | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((event: TransferProgress) => void) | undefined
}

export interface CopyReport {
  /** Of what was asked for: the index, or the image of the platform. */
  readonly digest: Digest
  readonly mediaType: string
  readonly tags: readonly string[]
  /** Manifests in the order in which they went. */
  readonly manifests: readonly Digest[]
  readonly written: readonly Digest[]
  readonly existed: readonly Digest[]
  readonly mounted: readonly Digest[]
  /** Layers that are kept by nobody but their own `urls`: not copied. */
  readonly foreign: readonly Digest[]
  /** Of the blobs that were written. */
  readonly writtenBytes: number
}

const parallelDefault = 4

/** Copies an image. Closes neither place. Fails with a TransportError. */
export async function copyImage(source: Place, target: Place, options: CopyImageOptions = {}): Promise<CopyReport> {
  const failed = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, failed.signal]) : failed.signal
  throwIfAborted(options.signal)
  const plan = await collectImages(source, { ...options, reference: source.digest ?? source.tag, signal })
  const tags = tagsFor(target, options)
  if (target.digest !== undefined && target.digest !== plan.root.digest)
    transportFail('DigestMismatch', { digest: target.digest, found: plan.root.digest, where: source.name })
  await target.prepare(plan.manifests, signal)
  const progress = trackProgress(options.onProgress)
  const existing = await target.findExisting(plan.blobs, signal)
  announce(plan, existing, progress)
  const outcomes = new Map<Digest, BlobOutcome>()
  const missing = plan.blobs.filter(({ digest }) => !existing.has(digest))
  if (options.dryRun === true)
    return report(plan, tags, existing, new Map(missing.map(({ digest }) => [digest, 'written'])))
  await runLimited(options.parallel ?? parallelDefault, missing, async (blob) => {
    try {
      outcomes.set(blob.digest, await transfer(source, target, blob, progress, signal))
    } catch (error) {
      // The others have nothing to win any more.
      failed.abort(error)
      throw error
    }
  })
  for (const { manifest, role } of plan.manifests) {
    throwIfAborted(signal)
    const given = role === 'root' ? tags : []
    await target.writeManifest(manifest, given, { role, signal })
    progress.manifest({ digest: manifest.digest, mediaType: manifest.mediaType, tags: given })
  }
  await target.finish()
  return report(plan, tags, existing, outcomes)
}

/** A registry's image without a name is `latest`, as everywhere; in files it need not have any. */
function tagsFor(target: Place, { tags = [] }: CopyImageOptions): readonly string[] {
  const named = [...new Set([...(target.tag === undefined ? [] : [target.tag]), ...tags])]
  return named.length > 0 || target.isLocal || target.digest !== undefined ? named : ['latest']
}

async function transfer(
  source: Place,
  target: Place,
  blob: Descriptor,
  progress: ProgressTracker,
  signal: AbortSignal,
): Promise<BlobOutcome> {
  progress.state(blob, 'transferring')
  const bytes = openBlobSource(source, blob, signal)
  const outcome = await target.writeBlob(blob, bytes, { signal, onBytes: (done) => progress.bytes(blob, done) })
  progress.state(blob, outcome === 'mounted' ? 'mounted' : 'done')
  return outcome
}

function announce(plan: ImagePlan, existing: ReadonlySet<Digest>, progress: ProgressTracker): void {
  for (const blob of [...plan.blobs, ...plan.foreign]) progress.plan(blob)
  for (const blob of plan.foreign) progress.state(blob, 'foreign')
  for (const blob of plan.blobs) progress.state(blob, existing.has(blob.digest) ? 'existed' : 'waiting')
}

function report(
  plan: ImagePlan,
  tags: readonly string[],
  existing: ReadonlySet<Digest>,
  outcomes: ReadonlyMap<Digest, BlobOutcome>,
): CopyReport {
  const written = plan.blobs.filter(({ digest }) => outcomes.get(digest) === 'written')
  const digests = (blobs: readonly Descriptor[]) => blobs.map(({ digest }) => digest)
  return {
    digest: plan.root.digest,
    mediaType: plan.root.mediaType,
    tags,
    manifests: plan.manifests.map(({ manifest }) => manifest.digest),
    written: digests(written),
    existed: digests(plan.blobs.filter(({ digest }) => existing.has(digest))),
    mounted: digests(plan.blobs.filter(({ digest }) => outcomes.get(digest) === 'mounted')),
    foreign: digests(plan.foreign),
    writtenBytes: written.reduce((total, { size }) => total + size, 0),
  }
}
