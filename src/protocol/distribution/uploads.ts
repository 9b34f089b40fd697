// Uploads: begin (or mount, or push whole), append, ask, complete, cancel. An upload that is not the caller's, not this repository's, or
// not there is one and the same 404 (row D17).
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-blobs

import type { Context } from '../../domain/context.ts'
import { UploadBusyError, UploadOffsetError } from '../../domain/ports/storage-errors.ts'
import { named } from '../../domain/references.ts'
import { appendToUpload, getUpload, type UploadState } from '../../domain/uploads.ts'
import { parseDigest, type Digest } from '../../lib/digest.ts'
import { EcrError, fail } from '../../model/errors.ts'
import { perform, performBy, requireAllowed } from '../../operations/perform.ts'
import type { HttpRequest, HttpResponse } from '../message.ts'
import { releasePieces } from '../release-pieces.ts'
import { inRepository, locate, refuseMethod, type Call } from './call.ts'
import { ChunkLengthError, ofLength, parseContentRange } from './content-range.ts'
import { refuse } from './faults.ts'

/** `/blobs/uploads/` */
export async function handleUploads(call: Call, name: string): Promise<HttpResponse> {
  if (call.request.method !== 'POST') return refuseMethod('POST')
  const mount = call.query.get('mount')
  if (mount !== null) return mountOrBegin(call, name, mount)
  if (call.query.has('digest')) return pushWhole(call, name, digestOf(call))
  const algorithm = call.query.get('digest-algorithm') ?? 'sha256'
  if (algorithm !== 'sha256' && algorithm !== 'sha512')
    refuse(400, 'DIGEST_INVALID', 'The digest algorithms are sha256 and sha512')
  return answerBegun(call, name, await begin(call, name))
}

/** `/blobs/uploads/<id>` */
export async function handleUpload(call: Call, name: string, uploadId: string): Promise<HttpResponse> {
  switch (call.request.method) {
    case 'PATCH':
      return appendChunk(call, name, uploadId)
    case 'PUT': {
      const digest = digestOf(call)
      const state = hasBody(call.request) ? await append(call, name, uploadId) : await openUpload(call, name, uploadId)
      return complete(call, name, state, digest)
    }
    case 'GET':
    case 'HEAD':
      return answerStatus(call, name, uploadId)
    case 'DELETE': {
      if (!uploadIdPattern.test(uploadId)) return refuseUploadId(call, name, uploadId)
      await perform(call.operations.cancelLayerUpload, call.ctx, { ...inRepository(call, name), uploadId })
      return { status: 204, headers: {} }
    }
    default:
      return refuseMethod('GET, PATCH, PUT, DELETE')
  }
}

/** A mount that cannot be is an upload that begins, whatever the reason: the answer must not tell what lies elsewhere (row D22). */
async function mountOrBegin(call: Call, name: string, mount: string): Promise<HttpResponse> {
  const digest = parseDigest(mount)
  if (digest === undefined) return refuse(400, 'DIGEST_INVALID', 'The digest to mount is not one')
  const address = call.query.get('from')
  const from = address === null ? name : await call.repositoryAt(address)
  // ECR mounts only where the account setting BLOB_MOUNTING allows it, which is off until someone sets it.
  if (!call.ctx.ecrQuirks && from !== undefined) {
    const input = { ...inRepository(call, name), layerDigest: digest, from }
    const { mounted } = await perform(call.operations.mountLayer, call.ctx, input)
    if (mounted) return answerCreated(call, name, digest)
  }
  return answerBegun(call, name, await begin(call, name))
}

/** The whole layer in one POST. Nothing of it stays when it fails. */
async function pushWhole(call: Call, name: string, digest: Digest): Promise<HttpResponse> {
  const uploadId = await begin(call, name)
  try {
    const state = hasBody(call.request) ? await append(call, name, uploadId) : await openUpload(call, name, uploadId)
    return await complete(call, name, state, digest)
  } catch (error) {
    await perform(call.operations.cancelLayerUpload, call.ctx, { ...inRepository(call, name), uploadId })
    throw error
  }
}

async function begin(call: Call, name: string): Promise<string> {
  const { uploadId } = await perform(call.operations.initiateLayerUpload, call.ctx, inRepository(call, name))
  if (uploadId === undefined) throw new Error('InitiateLayerUpload gave no uploadId')
  return uploadId
}

const uploadIdPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The upload, for a caller who may send it bytes. */
async function openUpload(call: Call, name: string, uploadId: string): Promise<UploadState> {
  if (!uploadIdPattern.test(uploadId)) return refuseUploadId(call, name, uploadId)
  await requireAllowed(call.operations.streamLayerPart, call.ctx, { ...inRepository(call, name), uploadId })
  return getUpload(call.ctx, call.registry, name, uploadId)
}

/** No upload has such an id: which is said only to those who might have one. */
async function refuseUploadId(call: Call, name: string, uploadId: string): Promise<never> {
  await requireAllowed(call.operations.streamLayerPart, call.ctx, { ...inRepository(call, name), uploadId })
  return fail('UploadNotFoundException', { ...named(call.registry, name), uploadId: uploadId.slice(0, 256) })
}

async function appendChunk(call: Call, name: string, uploadId: string): Promise<HttpResponse> {
  const { received } = await append(call, name, uploadId)
  const { ecrQuirks } = call.ctx
  // ECR's answers stay at the end of the first chunk for ever, although it keeps the bytes (containers-roadmap 2831). The location carries that end.
  const first = Number(/^[0-9]{1,15}$/.exec(call.query.get('first') ?? '')?.[0] ?? received)
  const query = ecrQuirks ? `?first=${first}` : ''
  return {
    status: ecrQuirks ? 201 : 202,
    headers: uploadHeaders(call, name, uploadId, ecrQuirks ? first : received, query),
  }
}

/** Appends the body of a request, as its `Content-Range` says or at the end, and gives the upload as it is then. */
async function append(call: Call, name: string, uploadId: string): Promise<UploadState> {
  if (!uploadIdPattern.test(uploadId)) return refuseUploadId(call, name, uploadId)
  const input = { ...inRepository(call, name), uploadId }
  let state: UploadState | undefined
  try {
    // Judged once, before it is said whether there is such an upload; the next request is judged again.
    const { received } = await performBy(call.operations.streamLayerPart, call.ctx, input, async (recorded) => {
      state = await getUpload(recorded, call.registry, name, uploadId)
      return { uploadId, received: await appendBody(call, name, recorded, state) }
    })
    if (!state) throw new Error('an upload was appended to before it was found')
    return { ...state, received }
  } catch (error) {
    if (!state) throw error
    if (error instanceof UploadOffsetError) return refuseChunk(call, name, state, error.received)
    if (error instanceof UploadBusyError) return refuseChunk(call, name, state, state.received)
    if (error instanceof ChunkLengthError)
      return refuse(400, 'SIZE_INVALID', 'The body has not the length that Content-Range says')
    throw error
  }
}

async function appendBody(call: Call, name: string, recorded: Context, state: UploadState): Promise<number> {
  const { request } = call
  const chunk = parseContentRange(request.headers['content-range'])
  if (chunk === 'invalid') return refuseChunk(call, name, state, state.received)
  if (chunk && request.contentLength !== undefined && request.contentLength !== chunk.length) {
    return refuse(400, 'SIZE_INVALID', 'Content-Length is not the length that Content-Range says')
  }
  const pieces = releasePieces(request.body)
  const source = chunk ? ofLength(pieces, chunk.length) : pieces
  return appendToUpload(recorded, state, chunk?.start, source, chunk?.length ?? request.contentLength)
}

/** Refuses a chunk that does not follow the last one, and says how far the upload has come. */
function refuseChunk(call: Call, name: string, state: UploadState, received: number): never {
  return refuse(416, 'BLOB_UPLOAD_INVALID', `The chunk does not follow the ${received} bytes received`, {
    ...uploadHeaders(call, name, state.upload.id, received),
  })
}

async function complete(call: Call, name: string, state: UploadState, digest: Digest): Promise<HttpResponse> {
  const input = { ...inRepository(call, name), uploadId: state.upload.id, layerDigests: [digest] }
  try {
    await perform(call.operations.completeLayerUpload, call.ctx, input)
  } catch (error) {
    if (error instanceof UploadBusyError) return refuseChunk(call, name, state, state.received)
    // What was asked for is so.
    if (!(error instanceof EcrError && error.name === 'LayerAlreadyExistsException')) throw error
  }
  return answerCreated(call, name, digest)
}

async function answerStatus(call: Call, name: string, uploadId: string): Promise<HttpResponse> {
  const { upload } = await openUpload(call, name, uploadId)
  // ECR knows no status of an upload (dotnet/sdk PR 33019).
  if (call.ctx.ecrQuirks) return fail('UploadNotFoundException', { ...named(call.registry, name), uploadId })
  const { received } = await perform(call.operations.getLayerUpload, call.ctx, {
    ...inRepository(call, name),
    uploadId: upload.id,
  })
  return { status: 204, headers: uploadHeaders(call, name, uploadId, received) }
}

function answerBegun(call: Call, name: string, uploadId: string): HttpResponse {
  const { ecrQuirks, limits } = call.ctx
  const minimum = ecrQuirks ? { 'OCI-Chunk-Min-Length': String(limits.partBytesMin) } : {}
  return { status: 202, headers: { ...uploadHeaders(call, name, uploadId, 0), ...minimum } }
}

function answerCreated(call: Call, name: string, digest: Digest): HttpResponse {
  return {
    status: 201,
    headers: { Location: locate(call, `${name}/blobs/${digest}`), 'Docker-Content-Digest': digest },
  }
}

/** Nothing received is `0-0`, like one byte: the form has no other way to say it, and Docker's registry says it so. */
function uploadHeaders(
  call: Call,
  name: string,
  uploadId: string,
  received: number,
  query = '',
): Readonly<Record<string, string>> {
  return {
    Location: locate(call, `${name}/blobs/uploads/${uploadId}${query}`),
    Range: `0-${Math.max(received - 1, 0)}`,
    'Docker-Upload-UUID': uploadId,
  }
}

/** The one digest a request names (row D16). */
function digestOf(call: Call): Digest {
  const [text, ...others] = call.query.getAll('digest')
  const digest = text === undefined || others.length > 0 ? undefined : parseDigest(text)
  return digest ?? refuse(400, 'DIGEST_INVALID', 'The query must name one digest, of algorithm sha256 or sha512')
}

function hasBody(request: HttpRequest): boolean {
  return request.contentLength === undefined
    ? request.headers['transfer-encoding'] !== undefined
    : request.contentLength > 0
}
