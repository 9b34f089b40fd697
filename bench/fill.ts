// Fills the data directory of a server that does not run: images of one layer, which the server has, faster than any client could push.

import { join } from 'node:path'

import type { MetadataWrites, RegistryKey } from '../src/domain/ports/metadata.ts'
import { findServer } from '../src/cli/server-file.ts'
import { type Digest, digestOf, parseDigest } from '../src/lib/digest.ts'
import { randomIds } from '../src/lib/ids.ts'
import { openSqliteMetadata } from '../src/storage/sql/sqlite/open-sqlite-metadata.ts'
import { makeImage, manifestType } from './images.ts'
import type { Server } from './servers/server.ts'

export interface Filling {
  readonly repositories: number
  readonly imagesEach: number
  readonly tagsEach: number
  /** The manifest names one layer so many times. */
  readonly layersEach?: number
}

/** The repositories are called so, with a number from 0 on; images have the tags `v0.0`, `v0.1` (of the first), `v1.0` and so on. */
export const filledName = (nr: number): string => `filled/r${nr}`

/** Of one transaction, which has to end in time. */
const [imagesAtOnce, tagsAtOnce] = [500, 5_000]
const source = makeImage({ repository: 'filled/source', tag: 'latest', seed: 'filled', layers: [1024] })

/** Ends the server: the caller opens it again on the same folder. */
export async function fill(
  server: Server,
  { repositories, imagesEach, tagsEach, layersEach = 1 }: Filling,
): Promise<void> {
  const running = findServer(server.dataDir)
  if (!running) throw new Error('the server to fill does not run')
  await server.addRepository(source.repository)
  await server.publish(source)
  await server.close()
  const registry: RegistryKey = { kind: 'private', accountId: running.account, region: running.region }
  const metadata = await openSqliteMetadata({
    file: join(server.dataDir, 'metadata.db'),
    onFatal: (error) => {
      throw error
    },
  })
  try {
    const tasks = tasksOf(repositories, imagesEach)
    const atOnce = Math.max(1, Math.min(imagesAtOnce, Math.floor(tagsAtOnce / tagsEach)))
    for (let work = take(tasks, atOnce); work.length > 0; work = take(tasks, atOnce)) {
      // What is asked for in one turn of the event loop goes to the writer as one message.
      await metadata.write(async (tx) => {
        const first = work.filter(({ image }) => image === 0)
        await Promise.all(first.map(({ repository }) => addRepository(tx, registry, repository)))
        await Promise.all(
          work.map(async ({ repository, image }) => {
            const { id } = (await tx.repositories.find(registry, filledName(repository))) ?? {}
            if (id !== undefined) await addImage(tx, id, `${repository}/${image}`, image, tagsEach, layersEach)
          }),
        )
      })
    }
  } finally {
    await metadata.close()
  }
}

function* tasksOf(
  repositories: number,
  images: number,
): Generator<{ readonly repository: number; readonly image: number }> {
  for (let repository = 0; repository < repositories; repository++)
    for (let image = 0; image < images; image++) yield { repository, image }
}

function take<T>(from: Iterator<T>, count: number): readonly T[] {
  const taken: T[] = []
  while (taken.length < count) {
    const step = from.next()
    if (step.done === true) break
    taken.push(step.value)
  }
  return taken
}

async function addRepository(tx: MetadataWrites, registry: RegistryKey, nr: number): Promise<void> {
  const id = randomIds.uuid()
  const settings = { tagMutability: 'MUTABLE', exclusionFilters: [], scanOnPush: false } as const
  const encryption = { encryptionType: 'AES256' } as const
  await tx.repositories.create({ id, registry, name: filledName(nr), createdAtMs: nr, encryption, ...settings }, [])
  for (const { digest } of source.blobs) await tx.layers.mount(id, known(digest), 0)
}

async function addImage(
  tx: MetadataWrites,
  repositoryId: string,
  text: string,
  nr: number,
  tags: number,
  layers: number,
): Promise<void> {
  const [config, layer] = source.blobs.map(({ digest, size }) => ({
    mediaType: 'application/octet-stream',
    digest,
    size,
  }))
  if (!config || !layer) throw new Error('the image to fill with has no layer')
  const named = { schemaVersion: 2, mediaType: manifestType, config, annotations: { text } }
  const manifest = JSON.stringify({ ...named, layers: Array.from({ length: layers }, () => layer) })
  const digest = digestOf(manifest)
  const image = {
    digest,
    mediaType: manifestType,
    artifactType: undefined,
    subject: undefined,
    manifestBytes: Buffer.byteLength(manifest),
    imageBytes: 1024,
    pushedAtMs: nr,
    lastPulledAtMs: undefined,
    manifest,
  }
  const references = source.blobs.map((blob) => ({ digest: known(blob.digest), mediaType: 'application/octet-stream' }))
  await tx.images.put(repositoryId, image, references, [])
  await Promise.all(Array.from({ length: tags }, (_, at) => tx.tags.put(repositoryId, `v${nr}.${at}`, digest, nr)))
}

function known(text: string): Digest {
  const digest = parseDigest(text)
  if (digest === undefined) throw new Error(`${text} is no digest`)
  return digest
}
