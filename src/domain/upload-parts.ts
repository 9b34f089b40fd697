// UploadLayerPart: parts through the API, each exactly where the last one ended.

import { withPatience } from '../lib/with-patience.ts'
import { fail } from '../model/errors.ts'
import type { Context } from './context.ts'
import { UploadBusyError, UploadOffsetError, UploadTooLargeError } from './ports/storage-errors.ts'
import { named } from './references.ts'
import { type OpenUpload, requireOpen } from './uploads.ts'

export interface LayerPart {
  /** Position of the first byte, from 0. */
  readonly firstByte: number
  /** Position of the last byte, included. */
  readonly lastByte: number
  readonly bytes: Uint8Array
}

/** How long a part waits for the one that is being stored. */
const patienceMs = 10_000

/**
 * Appends a part and gives the position of the last byte received. Fails with InvalidLayerPart, LimitExceeded, UploadNotFound, and with ServerException while other
 * bytes come for the same upload and do not end.
 */
export async function uploadPart(ctx: Context, open: OpenUpload, part: LayerPart): Promise<number> {
  const { repository, upload } = open
  const where = { ...named(repository.registry, repository.name), uploadId: upload.id }
  const invalid = (received: number) =>
    fail('InvalidLayerPartException', { ...where, lastValidByteReceived: Math.max(received - 1, 0) })
  if (part.lastByte - part.firstByte + 1 !== part.bytes.byteLength) {
    const received = await ctx.blobs.received(upload.id)
    fail('InvalidLayerPartException/size', { ...where, lastValidByteReceived: Math.max(received - 1, 0) })
  }
  if (upload.parts >= ctx.limits.layerPartsMax) {
    fail('LimitExceededException/layerParts', { ...where, limit: ctx.limits.layerPartsMax })
  }
  const received = await appendPart(ctx, open, part).catch((error: unknown) => {
    if (error instanceof UploadOffsetError) return invalid(error.received)
    if (error instanceof UploadBusyError) return fail('ServerException/busy')
    if (error instanceof UploadTooLargeError)
      return fail('LimitExceededException/layerSize', { ...where, limit: ctx.limits.layerBytesMax })
    throw error
  })
  await requireOpen(ctx, open)
  const small = part.bytes.byteLength < ctx.limits.partBytesMin
  const expiresAtMs = ctx.clock.now() + ctx.limits.uploadLifeMs
  await ctx.metadata.write((tx) => tx.uploads.touch(upload.id, { expiresAtMs, part: { small } }))
  return received - 1
}

/**
 * A part that meets another one waits for it: what a client sends again whose connection broke is told where the first one ended. Half of a part is no
 * position to go on from: it was told as one, and the whole layer was sent again (seen: a push killed while a proxy still passed its part on).
 */
async function appendPart(ctx: Context, { upload }: OpenUpload, part: LayerPart): Promise<number> {
  return withPatience(
    patienceMs,
    (error) => error instanceof UploadBusyError,
    () => ctx.blobs.append(upload.id, part.firstByte, once(part.bytes), ctx.limits.layerBytesMax),
  )
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}
