// One blob through `/v2/`: mounted where it can be, in one request when it is small, else streamed and taken up where it was cut.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-blobs

import {
  type BlobOutcome,
  type BlobSource,
  type Descriptor,
  type Origin,
  TransientError,
  type WriteBlobOptions,
} from './place.ts'
import type { RegistryClient } from './registry-client.ts'
import { discard } from './send-http.ts'
import { transportError, transportFail } from './transport-error.ts'
import type { JournalEntry } from './upload-journal.ts'
import { createTries, withRetries } from './with-retries.ts'

export interface BlobUpload extends WriteBlobOptions {
  readonly client: RegistryClient
  readonly repository: string
  readonly blob: Descriptor
  readonly source: BlobSource
  readonly journal: JournalEntry | undefined
  /** Bytes of each `PATCH`; all of them in one when absent. */
  readonly chunkBytes: number | undefined
}

/** Up to here one request more would cost more than sending it again. */
const smallBytes = 1024 * 1024
const created = 201
const notFound = 404
const rangeNotSatisfiable = 416

/** Fails as its source does, and with what the registry refuses. */
export async function uploadBlob(upload: BlobUpload): Promise<BlobOutcome> {
  const { source, client, blob, journal } = upload
  const from = source.origin?.host === client.host ? source.origin : undefined
  const before = await journal?.find()
  const resumed = before && URL.canParse(before.uploadId) ? await stateOf(upload, new URL(before.uploadId)) : undefined
  const session = resumed ?? (await begin(upload, from))
  if (session === 'mounted') return 'mounted'
  if (blob.size <= smallBytes && upload.chunkBytes === undefined) await sendWhole(upload, session.location)
  else await sendPieces(upload, session)
  await journal?.forget()
  return 'written'
}

/** Mounts a blob that another repository of the registry has; false when the registry would rather have the bytes. */
export async function mountBlob(
  upload: Pick<BlobUpload, 'client' | 'repository' | 'blob' | 'signal'>,
  from: Origin,
): Promise<boolean> {
  const session = await begin(upload, from)
  if (session === 'mounted') return true
  const cancelled = await upload.client.send({
    method: 'DELETE',
    target: session.location,
    scope: pushScope(upload.repository),
    accept: [notFound, 405],
    signal: upload.signal,
  })
  await discard(cancelled)
  return false
}

interface Session {
  readonly location: URL
  /** Bytes that the registry has. */
  readonly received: number
}

export function pushScope(repository: string): string {
  return `repository:${repository}:pull,push`
}

async function begin(
  { client, repository, blob, signal }: Pick<BlobUpload, 'client' | 'repository' | 'blob' | 'signal'>,
  from: Origin | undefined,
): Promise<Session | 'mounted'> {
  const mount = from && from.repository !== repository ? from.repository : undefined
  const query = mount === undefined ? '' : `?${String(new URLSearchParams({ mount: blob.digest, from: mount }))}`
  const target = `/v2/${repository}/blobs/uploads/${query}`
  const scope = mount === undefined ? pushScope(repository) : `${pushScope(repository)} repository:${mount}:pull`
  const answer = await client.sendAgain({ method: 'POST', target, scope, headers: { 'content-length': '0' }, signal })
  await discard(answer)
  if (answer.status === created) return 'mounted'
  return { location: client.locationOf(answer, target), received: 0 }
}

/** In one request; when it fails for a while, in a new upload. */
async function sendWhole(upload: BlobUpload, location: URL): Promise<void> {
  let next: URL | undefined = location
  await withRetries(async () => {
    const session: Session | 'mounted' =
      next === undefined ? await begin(upload, undefined) : { location: next, received: 0 }
    next = undefined
    if (session !== 'mounted') await close(upload, session.location, upload.blob.size)
  }, upload)
  upload.onBytes(upload.blob.size)
}

async function sendPieces(upload: BlobUpload, session: Session): Promise<void> {
  const { blob, journal, signal, onBytes } = upload
  const tries = createTries({ signal })
  let { location, received } = session
  for (;;) {
    try {
      await journal?.save({ uploadId: location.href, partBytes: 0, sentBytes: received })
      onBytes(received)
      while (received < blob.size) {
        const end = Math.min(blob.size, received + (upload.chunkBytes ?? blob.size))
        location = await sendChunk(upload, location, received, end)
        received = end
        tries.progressed()
        if (received < blob.size) await journal?.save({ uploadId: location.href, partBytes: 0, sentBytes: received })
      }
      await close(upload, location, 0)
      return
    } catch (error) {
      await tries.failed(error)
      const state = (await stateOf(upload, location)) ?? (await begin(upload, undefined))
      if (state === 'mounted') return
      if (state.received > received) tries.progressed()
      ;({ location, received } = state)
    }
  }
}

/** Sends [start, end) and gives where the next one goes. */
async function sendChunk(upload: BlobUpload, location: URL, start: number, end: number): Promise<URL> {
  const { client, repository, source, signal, onBytes } = upload
  const answer = await client.send({
    method: 'PATCH',
    target: location,
    scope: pushScope(repository),
    headers: {
      'content-type': 'application/octet-stream',
      'content-length': String(end - start),
      'content-range': `${start}-${end - 1}`,
    },
    body: () => counted(source.read(start), start, end, onBytes),
    accept: [notFound, rangeNotSatisfiable],
    signal,
  })
  await discard(answer)
  // The upload is gone, or at another byte: its state tells.
  if (answer.status === notFound || answer.status === rangeNotSatisfiable)
    throw new TransientError(transportError('Refused', { where: client.host, reason: 'it lost an upload.' }))
  return client.locationOf(answer, location)
}

/** The closing request, with the last `bytes` of the blob: all or none of them. */
async function close(upload: BlobUpload, location: URL, bytes: number): Promise<void> {
  const { client, repository, source, blob, signal, onBytes } = upload
  const target = new URL(location)
  target.searchParams.set('digest', blob.digest)
  const headers = { 'content-length': String(bytes), 'content-type': 'application/octet-stream' }
  const body = bytes === 0 ? undefined : () => counted(source.read(0), 0, bytes, onBytes)
  const answer = await client.send({ method: 'PUT', target, scope: pushScope(repository), headers, body, signal })
  await discard(answer)
}

/** How far an upload has come, or `undefined` when it is gone or the registry does not say (ECR does not). */
async function stateOf(upload: BlobUpload, location: URL): Promise<Session | undefined> {
  const { client, repository, blob, signal } = upload
  const accept = [notFound, 400, 405, rangeNotSatisfiable]
  const answer = await client.sendAgain({
    method: 'GET',
    target: location,
    scope: pushScope(repository),
    accept,
    signal,
  })
  await discard(answer)
  if (accept.includes(answer.status)) return undefined
  const last = /^(?:bytes=)?0-(\d+)$/.exec(answer.headers['range'] ?? '')?.[1]
  const received = last === undefined || last === '0' ? 0 : Number(last) + 1
  if (received > blob.size)
    transportFail('Refused', { where: client.host, reason: 'an upload has more bytes than its blob.' })
  return {
    location: answer.headers['location'] === undefined ? location : client.locationOf(answer, location),
    received,
  }
}

async function* counted(
  bytes: AsyncIterable<Uint8Array>,
  start: number,
  end: number,
  onBytes: (done: number) => void,
): AsyncGenerator<Uint8Array> {
  let position = start
  for await (const piece of bytes) {
    const wanted = piece.byteLength > end - position ? piece.subarray(0, end - position) : piece
    if (wanted.byteLength > 0) yield wanted
    position += wanted.byteLength
    onBytes(position)
    // Only a chunk in the middle ends before its source, which is read no further then.
    if (position === end && wanted.byteLength < piece.byteLength) return
  }
}
