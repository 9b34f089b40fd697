// Uploads: open, append, complete, cancel. Order of writes: bytes, fsync, rename, fsync of the directory, then one transaction, then
// the answer (docs/storage-layout.md). An upload belongs to its repository and to the account that opened it; to all others it does not exist.

import { algorithmOf, digestOf, type Digest } from '../lib/digest.ts'
import { fail } from '../model/errors.ts'
import type { Context } from './context.ts'
import type { PublishedBlob } from './ports/blobs.ts'
import type { RegistryKey, Repository, Upload } from './ports/metadata.ts'
import { StorageFullError, UploadBusyError, UploadTooLargeError } from './ports/storage-errors.ts'
import { named } from './references.ts'
import { getRepository, notFound } from './repositories.ts'

/** An upload that the caller may go on with. */
export interface OpenUpload {
  readonly repository: Repository
  readonly upload: Upload
}

/** And how far it has come. */
export interface UploadState extends OpenUpload {
  /** Bytes received, read from the file itself. */
  readonly received: number
}

/** Opens an upload. Fails with RepositoryNotFound, ServerException when the account has too many open; throws StorageFullError. */
export async function beginUpload(ctx: Context, registry: RegistryKey, repositoryName: string): Promise<Upload> {
  const free = await ctx.blobs.freeBytes()
  if (free !== undefined && free <= 0) throw new StorageFullError('below the reserve')
  const id = ctx.ids.uuid()
  const name = ctx.ids.hex(16)
  const now = ctx.clock.now()
  return ctx.metadata.write(async (tx) => {
    const { accountId } = ctx.caller
    // Asked together, here and below: while a transaction waits for an answer, no other one can go on.
    const limit = ctx.limits.openUploadsPerAccount
    const [found, isBelow] = await Promise.all([
      tx.repositories.find(registry, repositoryName),
      tx.uploads.isBelow(accountId, limit),
    ])
    const repository = found ?? notFound(registry, repositoryName)
    if (!isBelow) fail('ServerException/tooManyUploads', { limit })
    const upload: Upload = {
      id,
      repositoryId: repository.id,
      accountId,
      // The name its bytes will have, chosen before there are any: a file on disk always has an owner in a table (docs/storage-layout.md).
      phys: `${name.slice(0, 2)}/${name}`,
      createdAtMs: now,
      expiresAtMs: now + ctx.limits.uploadLifeMs,
      parts: 0,
      smallParts: 0,
      lastPartSmall: false,
    }
    await tx.uploads.create(upload)
    return upload
  })
}

/** Fails with RepositoryNotFound, UploadNotFound. */
export async function getUpload(
  ctx: Context,
  registry: RegistryKey,
  repositoryName: string,
  uploadId: string,
): Promise<UploadState> {
  const open = await getOpenUpload(ctx, registry, repositoryName, uploadId)
  return { ...open, received: await ctx.blobs.received(uploadId) }
}

/** The same without a look at its file. */
export async function getOpenUpload(
  ctx: Context,
  registry: RegistryKey,
  repositoryName: string,
  uploadId: string,
): Promise<OpenUpload> {
  const repository = await getRepository(ctx, registry, repositoryName)
  const upload = await ctx.metadata.read.uploads.find(uploadId)
  const mine = upload?.repositoryId === repository.id && upload.accountId === ctx.caller.accountId
  if (!mine || upload.expiresAtMs <= ctx.clock.now()) {
    return fail('UploadNotFoundException', { ...named(registry, repositoryName), uploadId })
  }
  return { repository, upload }
}

/**
 * Appends bytes at `offset`, or at the end when it is `undefined`, and gives the new length. When it is known before how many they are, and
 * they can not be kept, they are refused before the first is pulled. The streaming twin of UploadLayerPart: the
 * caller has authorised that operation. Fails with UploadNotFound; throws UploadOffsetError, UploadBusyError, UploadTooLargeError,
 * StorageFullError.
 */
export async function appendToUpload(
  ctx: Context,
  state: UploadState,
  offset: number | undefined,
  source: AsyncIterable<Uint8Array>,
  expectedBytes?: number,
): Promise<number> {
  const start = offset ?? state.received
  if (expectedBytes !== undefined) {
    const { layerBytesMax } = ctx.limits
    if (start + expectedBytes > layerBytesMax) throw new UploadTooLargeError(`more than ${layerBytesMax} bytes`)
    await ctx.blobs.requireRoom(expectedBytes)
  }
  const pieces = keepingAlive(ctx, state.upload, source)
  const received = await ctx.blobs.append(state.upload.id, start, pieces, ctx.limits.layerBytesMax)
  await requireOpen(ctx, state)
  if (ctx.ecrQuirks) await noteChunk(ctx, state.upload, received - state.received)
  return received
}

/** Fails with UploadNotFound when the upload ended while its bytes came, and gives them back: nobody would complete or expire them. */
export async function requireOpen(ctx: Context, { repository, upload }: OpenUpload): Promise<void> {
  if (await ctx.metadata.read.uploads.find(upload.id)) return
  await ctx.blobs.discardUpload(upload.id)
  fail('UploadNotFoundException', { ...named(repository.registry, repository.name), uploadId: upload.id })
}

/** ECR keeps each chunk as a layer part: all but the last one have 5 MiB at least, or the upload cannot be completed. */
async function noteChunk(ctx: Context, upload: Upload, bytes: number): Promise<void> {
  if (bytes === 0) return
  const expiresAtMs = ctx.clock.now() + ctx.limits.uploadLifeMs
  await ctx.metadata.write((tx) =>
    tx.uploads.touch(upload.id, { expiresAtMs, part: { small: bytes < ctx.limits.partBytesMin } }),
  )
}

/**
 * Passes bytes on, and notes that the upload is in use: it lives on from its last byte, which in one slow request may be days after the
 * first. One write an hour is precise enough for a life of a day.
 */
async function* keepingAlive(
  ctx: Context,
  upload: Upload,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const { uploadLifeMs } = ctx.limits
  let notedMs = upload.expiresAtMs
  for await (const piece of source) {
    const expiresAtMs = ctx.clock.now() + uploadLifeMs
    if (expiresAtMs - notedMs >= uploadLifeMs / 24) {
      await ctx.metadata.write((tx) => tx.uploads.touch(upload.id, { expiresAtMs }))
      notedMs = expiresAtMs
    }
    yield piece
  }
}

/**
 * Closes an upload: its bytes become a layer of the repository under the one of `digests` they have.
 * Fails with EmptyUpload (an empty layer is refused by the API and by ECR's own data plane), LayerPartTooSmall, InvalidLayer (the upload
 * stays as it is), LayerAlreadyExists (the upload is gone, the layer is there).
 */
export async function completeUpload(ctx: Context, open: OpenUpload, digests: readonly Digest[]): Promise<Digest> {
  const { repository, upload } = open
  const received = () => ctx.blobs.received(upload.id)
  const where = { ...named(repository.registry, repository.name), uploadId: upload.id }
  /** Without parts, or ended meanwhile: the bytes of an upload that has ended are gone, too. */
  const failEmpty = async (): Promise<never> => {
    await requireOpen(ctx, open)
    return fail('EmptyUploadException', where)
  }
  if (upload.smallParts > 1 || (upload.smallParts === 1 && !upload.lastPartSmall)) fail('LayerPartTooSmallException')
  const [digest] = digests
  if (!digest) throw new Error('completeUpload needs a digest')
  const emptyAllowed = ctx.plane === 'distribution' && !ctx.ecrQuirks
  // Before publishing, which could not be taken back: the upload is still good for bytes.
  if (!emptyAllowed && digest === digestOf('', algorithmOf(digest)) && (await received()) === 0) await failEmpty()
  const published = await publish(ctx, upload, digests)
  // Asked after publishing: an upload whose first completion was cut between rename and commit has no unfinished bytes, but a layer.
  if (!emptyAllowed && (published?.size ?? (await received())) === 0) await failEmpty()
  if (!published) {
    await requireOpen(ctx, open)
    fail('InvalidLayerException')
  }
  const outcome = await ctx.metadata.write(async (tx) => {
    const now = ctx.clock.now()
    const [row, existing] = await Promise.all([tx.uploads.find(upload.id), tx.layers.find(repository.id, digest)])
    if (!row) {
      // Completed by someone else meanwhile, and then the file is theirs; or cancelled, and then nobody knows it.
      if (!(await tx.phys.isOwned(upload.phys))) await tx.trash.put(upload.phys, 'cancelled', now)
      return 'upload-gone'
    }
    await tx.layers.commit(upload, { digest, ...published }, now, now + ctx.limits.leaseMs)
    return existing === undefined ? 'new' : 'existed'
  })
  if (outcome === 'upload-gone') fail('UploadNotFoundException', where)
  if (outcome === 'existed') fail('LayerAlreadyExistsException', { ...where, layerDigest: digest })
  return digest
}

async function publish(ctx: Context, upload: Upload, digests: readonly Digest[]): Promise<PublishedBlob | undefined> {
  try {
    return await ctx.blobs.publish(upload.id, upload.phys, digests)
  } catch (error) {
    // The API has no word for an upload that another request works on; the data plane has.
    if (error instanceof UploadBusyError && ctx.plane === 'api') fail('ServerException/busy')
    throw error
  }
}

/** Ends an upload and gives its bytes back at once. */
export async function cancelUpload(ctx: Context, state: UploadState): Promise<void> {
  await ctx.metadata.write((tx) => tx.uploads.discard(state.upload.id, 'cancelled', ctx.clock.now()), 'makes room')
  await ctx.blobs.discardUpload(state.upload.id)
}
