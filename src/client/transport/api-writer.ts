// Writing into a registry of ECR, private or public, by its API alone.

import type { Digest } from '../../lib/digest.ts'
import { findAvailable } from './find-available.ts'
import { apiFault, type ImageApi } from './image-api.ts'
import type { Manifest, Place } from './place.ts'
import { runLimited } from './run-limited.ts'
import { transportFail } from './transport-error.ts'
import { uploadLayer } from './upload-layer.ts'
import type { UploadJournal } from './upload-journal.ts'
import { withRetries } from './with-retries.ts'

export interface ApiWriterOptions {
  /** For messages. */
  readonly where: string
  readonly api: (signal: AbortSignal | undefined) => ImageApi
  /** Tells one repository from all others, in the journal. */
  readonly journalKey: string
  readonly journal: UploadJournal | undefined
  /** The same repository by `/v2/`, which has what the API has not: mounts and the empty blob. */
  readonly dataPlane: DataPlane
}

export interface DataPlane {
  readonly mount: (
    blob: Parameters<Place['writeBlob']>[0],
    from: NonNullable<Place['origin']>,
    signal: AbortSignal | undefined,
  ) => Promise<boolean>
  readonly writeEmpty: Place['writeBlob']
}

/** Layers of one call of BatchCheckLayerAvailability (model). */
const checksPerCall = 100
const callsAtOnce = 2
/** A layer of one part has nothing to go on with. */
const journalBytesMin = 5 * 1024 * 1024

export type PlaceWriter = Pick<Place, 'prepare' | 'findExisting' | 'writeBlob' | 'writeManifest' | 'finish'>

export function apiWriter(options: ApiWriterOptions): PlaceWriter {
  const { where, dataPlane } = options
  return {
    prepare: async (manifests) => {
      for (const { manifest } of manifests) textOf(manifest, where)
    },

    findExisting: async (blobs, signal) => {
      const found = new Set<Digest>()
      const known = new Map<string, Digest>(blobs.map(({ digest }) => [digest, digest]))
      const batches = Array.from({ length: Math.ceil(known.size / checksPerCall) }, (_, index) =>
        [...known.keys()].slice(index * checksPerCall, (index + 1) * checksPerCall),
      )
      await runLimited(callsAtOnce, batches, async (batch) => {
        for (const text of await findAvailable(options.api(signal), where, batch, signal)) {
          const digest = known.get(text)
          if (digest) found.add(digest)
        }
      })
      return found
    },

    writeBlob: async (blob, source, write) => {
      if (source.origin && (await dataPlane.mount(blob, source.origin, write.signal))) return 'mounted'
      // The API has no word for it: an upload without parts is refused (EmptyUploadException).
      if (blob.size === 0) return dataPlane.writeEmpty(blob, source, write)
      const journal =
        blob.size < journalBytesMin ? undefined : await options.journal?.claim(options.journalKey, blob.digest)
      try {
        await uploadLayer({ ...write, api: options.api(write.signal), where, blob, source, journal })
        return 'written'
      } finally {
        journal?.release()
      }
    },

    writeManifest: async (manifest, tags, { signal }) => {
      const image = {
        imageManifest: textOf(manifest, where),
        imageManifestMediaType: manifest.mediaType,
        imageDigest: manifest.digest,
      }
      const api = options.api(signal)
      for (const imageTag of tags.length === 0 ? [undefined] : tags) {
        const put = async (): Promise<void> => {
          const answer = await api.putImage(imageTag === undefined ? image : { ...image, imageTag })
          // ImageAlreadyExists: it is there, under this tag.
          if (!answer.ok && answer.error.name !== 'ImageAlreadyExistsException') throw apiFault(where, answer.error)
        }
        await withRetries(put, { signal })
      }
    },
    finish: async () => undefined,
  }
}

/** JSON is text, and the API takes nothing else: bytes that are none would come back as others. */
function textOf(manifest: Manifest, where: string): string {
  const text = manifest.bytes.toString()
  if (Buffer.from(text).equals(manifest.bytes)) return text
  return transportFail('InvalidManifest', { digest: manifest.digest, where, reason: 'it is not UTF-8' })
}
