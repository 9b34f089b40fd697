// Layers of a repository: are they there, may they be fetched, mounted, deleted, read.

import { parseDigest, type Digest } from '../lib/digest.ts'
import { fail, failureReasons } from '../model/errors.ts'
import { checkedBytes } from '../lib/checksums.ts'
import { checkedRange, coveringRange } from './checked-range.ts'
import type { Context } from './context.ts'
import type { ByteRange } from './ports/blobs.ts'
import type { Layer, RegistryKey, Repository } from './ports/metadata.ts'
import { StorageFullError } from './ports/storage-errors.ts'
import { named } from './references.ts'
import { getRepository } from './repositories.ts'
import { verified } from './verified-bytes.ts'

export interface LayerFailure {
  readonly layerDigest: string
  readonly failureCode: 'InvalidLayerDigest' | 'MissingLayerDigest'
  readonly failureReason: string
}

export type LayerAvailability =
  | { readonly digest: Digest; readonly layer: Layer | undefined }
  | { readonly failure: LayerFailure }

/** What is known of each of `digests`, in that order, duplicates once. A layer that is there stays there for at least the lease. */
export async function checkLayers(
  ctx: Context,
  repository: Repository,
  digests: readonly string[],
): Promise<readonly LayerAvailability[]> {
  const parsed = [...new Set(digests)].map((text) => parseDigest(text) ?? layerFailure(text))
  const wellFormed = parsed.filter((item) => typeof item === 'string')
  const present = await ctx.metadata.read.layers.findMany(repository.id, wellFormed)
  await keepForLease(ctx, repository.id, present)
  const byDigest = new Map(present.map((layer) => [layer.digest, layer]))
  return parsed.map((item) =>
    typeof item === 'string' ? { digest: item, layer: byDigest.get(item) } : { failure: item },
  )
}

/** One layer, with the same promise as `checkLayers`. Fails with RepositoryNotFound. */
export async function findLayer(
  ctx: Context,
  registry: RegistryKey,
  repositoryName: string,
  digest: Digest,
): Promise<{ readonly repository: Repository; readonly layer: Layer | undefined }> {
  const repository = await getRepository(ctx, registry, repositoryName)
  const layer = await ctx.metadata.read.layers.find(repository.id, digest)
  if (layer) await keepForLease(ctx, repository.id, [layer])
  return { repository, layer }
}

/** A URL for the bytes of a layer that some image names. The layer stays for as long as it lives. Fails with LayersNotFound, LayerInaccessible. */
export async function layerUrl(ctx: Context, repository: Repository, digest: Digest): Promise<string> {
  const where = { ...named(repository.registry, repository.name), layerDigest: digest }
  const layer =
    (await ctx.metadata.read.layers.find(repository.id, digest)) ?? fail('LayersNotFoundException/download', where)
  if (!layer.referenced) fail('LayerInaccessibleException', where)
  const { leaseMs, layerUrlLifeMs } = ctx.limits
  const now = ctx.clock.now()
  // The image may go while the URL lives. Renewed for the whole lease, so that most URLs cost no write.
  if (layer.leaseUntilMs < now + layerUrlLifeMs)
    await renewLeases(ctx, repository.id, [layer], now + Math.max(leaseMs, layerUrlLifeMs))
  return ctx.links.layer(repository, digest, layerUrlLifeMs, now)
}

/**
 * The bytes of a layer, checked on the way: with the checksums of the MiBs that are read, or a small layer with its digest, which costs a look-up
 * less. SHA-256 of each byte of a large one costs a third of its delivery (measured), and finds no damage that CRC-32 of each MiB does not but one in
 * four billion. The last bytes are held back until they agree, so that damaged ones never make a complete answer. `undefined` when the file is missing or cut; then the blob is marked and absent.
 */
export async function openLayer(
  ctx: ReadingContext,
  layer: Layer,
  range?: ByteRange,
): Promise<AsyncIterable<Uint8Array> | undefined> {
  const part = range && (range.start > 0 || range.end < layer.size - 1) ? range : undefined
  // Before the file is open, so that nothing can fail while nobody is there to close it.
  const isByChecksums = part !== undefined || layer.size > checkedBytes
  const checksums = isByChecksums ? await ctx.metadata.read.layers.checksums(layer.phys) : undefined
  const wanted = part ?? { start: 0, end: layer.size - 1 }
  const bytes = await ctx.blobs.read(layer.phys, layer.size, checksums ? coveringRange(wanted, layer.size) : part)
  const onDamage = () => markBad(ctx, layer)
  if (!bytes) {
    await onDamage()
    return undefined
  }
  if (checksums) return checkedRange(bytes, wanted, layer.size, checksums, onDamage)
  // A layer of before there were checksums has none until it is scrubbed.
  return part ? bytes : verified(bytes, layer, onDamage)
}

type ReadingContext = Pick<Context, 'metadata' | 'blobs' | 'onBackgroundError'>

async function markBad(ctx: ReadingContext, layer: Layer): Promise<void> {
  ctx.onBackgroundError(`reading the layer ${layer.digest}`, new Error(`the file ${layer.phys} is damaged`))
  await ctx.metadata.write((tx) => tx.layers.markBad(layer.phys))
}

/**
 * Makes a layer of another repository of the same registry a layer of this one, without its bytes. False when there is nothing to
 * mount; the caller then uploads. Encryption must be the same on both sides (user guide, "Blob mounting"). ECR asks that an image of the
 * source names the layer as well; the OCI conformance suite mounts without one, and so do we.
 */
export async function mountLayer(
  ctx: Context,
  source: Repository,
  target: Repository,
  digest: Digest,
): Promise<boolean> {
  const sameEncryption =
    source.encryption.encryptionType === target.encryption.encryptionType &&
    source.encryption.kmsKey === target.encryption.kmsKey
  if (!sameEncryption) return false
  return ctx.metadata.write(async (tx) => {
    if (!(await tx.layers.find(source.id, digest))) return false
    return tx.layers.mount(target.id, digest, ctx.clock.now() + ctx.limits.leaseMs)
  })
}

/** Takes a layer that no image names out of the repository. Fails with LayersNotFound; with InvalidParameter when an image names it. */
export async function deleteLayer(ctx: Context, repository: Repository, digest: Digest): Promise<void> {
  await ctx.metadata.write(async (tx) => {
    const layer = await tx.layers.find(repository.id, digest)
    if (!layer)
      fail('LayersNotFoundException/download', { ...named(repository.registry, repository.name), layerDigest: digest })
    if (layer.referenced || !(await tx.layers.remove(repository.id, digest))) {
      fail('InvalidParameterException', { parameter: 'layerDigest', constraint: 'the layer is referenced by an image' })
    }
  }, 'makes room')
}

/** Renews the lease of layers that no image names, once less than half of it is left: a layer said to exist must not vanish. */
async function keepForLease(ctx: Context, repositoryId: string, layers: readonly Layer[]): Promise<void> {
  const now = ctx.clock.now()
  const ending = layers.filter((layer) => !layer.referenced && layer.leaseUntilMs - now < ctx.limits.leaseMs / 2)
  if (ending.length > 0) await renewLeases(ctx, repositoryId, ending, now + ctx.limits.leaseMs)
}

async function renewLeases(
  ctx: Context,
  repositoryId: string,
  layers: readonly Layer[],
  leaseUntilMs: number,
): Promise<void> {
  const digests = layers.map((layer) => layer.digest)
  try {
    await ctx.metadata.write((tx) => tx.layers.lease(repositoryId, digests, leaseUntilMs))
  } catch (error) {
    // Reads go on when the disk is full. A lease that ends early costs an upload, nothing that was acknowledged.
    if (!(error instanceof StorageFullError)) throw error
  }
}

function layerFailure(text: string): LayerFailure {
  const failureCode = text === '' ? 'MissingLayerDigest' : 'InvalidLayerDigest'
  return { layerDigest: text, failureCode, failureReason: failureReasons[failureCode].text() }
}
