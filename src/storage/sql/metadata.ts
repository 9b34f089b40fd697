// The metadata port on any SQL engine: the nouns put together, and what a write transaction is.

import type { Kysely } from 'kysely'
import type { Metadata, MetadataReads, MetadataWrites } from '../../domain/ports/metadata.ts'
import { auditReads, auditWrites } from './audit.ts'
import { collectorReads, collectorWrites } from './collector.ts'
import { deletedImageReads, deletedImageWrites } from './deleted-images.ts'
import { holdReads, holdWrites } from './holds.ts'
import { catalogReads, catalogWrites } from './catalog-data.ts'
import { identityReads, identityWrites } from './identities.ts'
import { galleryReads, galleryWrites } from './gallery.ts'
import { imageReads, imageWrites } from './images.ts'
import { layerReads, layerWrites } from './layers.ts'
import { outboxReads, outboxWrites } from './outbox.ts'
import { physReads } from './phys.ts'
import { policyReads, policyWrites } from './policies.ts'
import { registryReads, registryWrites } from './registries.ts'
import { repositoryReads, repositoryWrites } from './repositories.ts'
import { runDirectly, runTogether, statement } from './statement.ts'
import { tagReads, tagWrites } from './tags.ts'
import { trashReads, trashWrites } from './trash.ts'
import type { Tables } from './tables.ts'
import { uploadReads, uploadWrites } from './uploads.ts'
import { usageReads } from './usage.ts'
import type { WholeTransaction } from './whole-transaction.ts'

/** What an engine gives. */
export interface SqlEngine {
  /** Committed state. */
  readonly reader: Kysely<Tables>
  /** Its transactions are write transactions; a commit resolves when it is durable. */
  readonly writer: Kysely<Tables>
  /** Where a transaction can be tried as a whole first. */
  readonly beginWhole?: () => WholeTransaction
  /** Turns what the engine throws into the port's errors. */
  readonly toStorageError: (error: unknown) => unknown
  /** Called once, when no write is running. */
  readonly close: () => Promise<void>
}

/** The longest that the work of one write transaction may take, before it is rolled back. */
const workLimitMs = 30_000

export function createSqlMetadata(engine: SqlEngine, workMs: number = workLimitMs): Metadata {
  const read: MetadataReads = {
    registries: registryReads(engine.reader),
    catalog: catalogReads(engine.reader),
    gallery: galleryReads(engine.reader),
    policies: policyReads(engine.reader),
    identities: identityReads(engine.reader),
    repositories: repositoryReads(engine.reader),
    images: imageReads(engine.reader),
    tags: tagReads(engine.reader),
    layers: layerReads(engine.reader),
    uploads: uploadReads(engine.reader),
    deletedImages: deletedImageReads(engine.reader),
    trash: trashReads(engine.reader),
    holds: holdReads(engine.reader),
    outbox: outboxReads(engine.reader),
    collector: collectorReads(engine.reader),
    usage: usageReads(engine.reader),
    phys: physReads(engine.reader),
    audit: auditReads(engine.reader),
  }
  const running = new Set<Promise<unknown>>()
  let closed: Promise<void> | undefined

  async function write<T>(work: (tx: MetadataWrites) => Promise<T>, purpose: 'makes room' | undefined): Promise<T> {
    try {
      // What takes away looks at what it took, and so goes in steps: to try it as a whole would be to do half of it twice.
      const whole = purpose === undefined ? engine.beginWhole?.() : undefined
      const done = whole && (await writeWhole(whole, work))
      if (done) return done.result
      return await engine.writer.transaction().execute(async (tx) => {
        await runTogether(tx)
        return endsWithin(workMs, () => work(writesOf(tx)))
      })
    } catch (error) {
      throw engine.toStorageError(error)
    }
  }

  /** `undefined` when it has to be made in steps: it needs them, what it saw changed meanwhile, or it fails, which is for the steps to say. */
  async function writeWhole<T>(
    whole: WholeTransaction,
    work: (tx: MetadataWrites) => Promise<T>,
  ): Promise<{ readonly result: T } | undefined> {
    const tx = engine.writer.withoutPlugins()
    runDirectly(tx.getExecutor(), whole.run)
    let result: T
    try {
      result = await endsWithin(workMs, () => work(writesOf(tx)))
    } catch {
      return undefined
    }
    return (await whole.commit()) ? { result } : undefined
  }

  return {
    read,
    write: async (work, purpose) => {
      if (closed) throw new Error('the metadata is closed')
      const writing = write(work, purpose)
      running.add(writing)
      try {
        return await writing
      } finally {
        running.delete(writing)
      }
    },
    ping: async () => {
      await ping(engine.reader, {})
    },
    // Writes that were begun are finished first.
    close: () => (closed ??= Promise.allSettled(running).then(engine.close)),
  }
}

const writesOf = (tx: Kysely<Tables>): MetadataWrites => ({
  registries: registryWrites(tx),
  catalog: catalogWrites(tx),
  gallery: galleryWrites(tx),
  policies: policyWrites(tx),
  identities: identityWrites(tx),
  repositories: repositoryWrites(tx),
  images: imageWrites(tx),
  tags: tagWrites(tx),
  layers: layerWrites(tx),
  uploads: uploadWrites(tx),
  deletedImages: deletedImageWrites(tx),
  trash: trashWrites(tx),
  holds: holdWrites(tx),
  outbox: outboxWrites(tx),
  collector: collectorWrites(tx),
  phys: physReads(tx),
  audit: auditWrites(tx),
})

/** Work that hangs must not hold the writer for ever: the transaction ends without it, and its later statements are refused. */
async function endsWithin<T>(limitMs: number, work: () => Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`a write transaction took longer than ${limitMs} ms`)), limitMs)
  try {
    return await Promise.race([work(), late])
  } finally {
    clearTimeout(timer)
  }
}

const ping = statement((db, _is: Record<string, never>) => db.selectFrom('repository').select('id').limit(1))
