// A repository of any OCI registry, by `/v2/`.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md

import { digestOf, parseDigest, type Digest } from '../../lib/digest.ts'
import { manifestBytesMax, manifestTypes, parseManifestLinks } from './manifest-graph.ts'
import type { Manifest, Place } from './place.ts'
import { openRegistryClient, type RegistryOptions } from './registry-client.ts'
import { addToFallback, listRegistryReferrers } from './registry-referrers.ts'
import { openRange } from './open-range.ts'
import { runLimited } from './run-limited.ts'
import { discard, readText } from './send-http.ts'
import { transportFail } from './transport-error.ts'
import { pushScope, uploadBlob } from './upload-blob.ts'
import type { UploadJournal } from './upload-journal.ts'

export interface RegistryPlaceOptions extends RegistryOptions {
  readonly repository: string
  readonly tag?: string | undefined
  readonly digest?: Digest | undefined
  readonly journal?: UploadJournal | undefined
  /** Bytes of each request of an upload; all in one when absent. */
  readonly chunkBytes?: number | undefined
}

/** Smaller blobs are not worth a file each. */
const journalBytesMin = 5 * 1024 * 1024
const checksAtOnce = 8
const notFound = 404

export function openRegistryPlace(options: RegistryPlaceOptions): Place {
  const { host, repository } = options
  const client = openRegistryClient(options)
  const scope = `repository:${repository}:pull`
  const name = `${host}/${repository}`
  return {
    name,
    isLocal: false,
    origin: { host, repository },
    tag: options.tag,
    digest: options.digest,

    findManifest: async (reference = 'latest', signal) => {
      const target = `/v2/${repository}/manifests/${reference}`
      const headers = { accept: manifestTypes.join(', ') }
      const answer = await client.sendAgain({ method: 'GET', target, scope, headers, accept: [notFound], signal })
      if (answer.status === notFound) {
        await discard(answer)
        return undefined
      }
      const bytes = await readText(answer, host, manifestBytesMax, signal)
      if (bytes.byteLength > manifestBytesMax)
        transportFail('TooLarge', { what: `The manifest ${reference} of ${name}`, limit: manifestBytesMax })
      const said = parseDigest(answer.headers['docker-content-digest'] ?? '')
      const mediaType = (answer.headers['content-type'] ?? '').split(';', 1)[0]?.trim() ?? ''
      return { digest: parseDigest(reference) ?? said ?? digestOf(bytes), mediaType, bytes }
    },

    openBlob: async (blob, offset, signal) => {
      const target = `/v2/${repository}/blobs/${blob.digest}`
      const send = (headers: Readonly<Record<string, string>>) =>
        client.send({
          method: 'GET',
          target,
          scope,
          headers,
          accept: [notFound],
          answerBytes: blob.size - offset,
          signal,
        })
      return openRange(name, blob, offset, send, signal)
    },

    listReferrers: (digest, signal) => listRegistryReferrers(client, repository, digest, signal),

    prepare: async () => undefined,

    findExisting: async (blobs, signal) => {
      const found = new Set<Digest>()
      await runLimited(checksAtOnce, blobs, async ({ digest }) => {
        const target = `/v2/${repository}/blobs/${digest}`
        const push = pushScope(repository)
        const answer = await client.sendAgain({ method: 'HEAD', target, scope: push, accept: [notFound], signal })
        await discard(answer)
        if (answer.status !== notFound) found.add(digest)
      })
      return found
    },

    writeBlob: async (blob, source, write) => {
      const journal =
        blob.size < journalBytesMin ? undefined : await options.journal?.claim(`${name} by /v2/`, blob.digest)
      try {
        return await uploadBlob({ ...write, client, repository, blob, source, journal, chunkBytes: options.chunkBytes })
      } finally {
        journal?.release()
      }
    },

    writeManifest: async (manifest, tags, { signal }) => {
      const references = tags.length === 0 ? [manifest.digest] : tags
      for (const reference of references) {
        // By tag a registry takes the digest to be sha256, unless it is told.
        const query =
          reference !== manifest.digest && manifest.digest.startsWith('sha512:') ? `?digest=${manifest.digest}` : ''
        const answer = await client.sendAgain({
          method: 'PUT',
          target: `/v2/${repository}/manifests/${reference}${query}`,
          scope: pushScope(repository),
          headers: { 'content-type': manifest.mediaType },
          body: () => manifest.bytes,
          signal,
        })
        await discard(answer)
        if (reference === references.at(-1) && answer.headers['oci-subject'] === undefined)
          await noteReferrer(manifest, signal)
      }
    },
    finish: async () => undefined,
    close: async () => undefined,
  }

  async function noteReferrer(manifest: Manifest, signal: AbortSignal | undefined): Promise<void> {
    const { subject, artifactType, annotations } = parseManifestLinks(manifest, name)
    if (subject === undefined) return
    await addToFallback(client, repository, subject, { ...manifest, artifactType, annotations }, signal)
  }
}
