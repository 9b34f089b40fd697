// Fills a data directory with public repositories, and one of them with many tags, faster than any client could: through the metadata
// port, in large transactions. Not while a server has the directory.
// `npm run bench:seed -- --data DIR [--repositories 10000 --tags 100000]`

import { join } from 'node:path'
import { parseArgs } from 'node:util'

import type { MetadataWrites } from '../src/domain/ports/metadata.ts'
import { showPushed } from '../src/domain/public/gallery-entries.ts'
import { publicRegistryOf } from '../src/domain/references.ts'
import { digestOf } from '../src/lib/digest.ts'
import { randomIds } from '../src/lib/ids.ts'
import { openSqliteMetadata } from '../src/storage/sql/sqlite/open-sqlite-metadata.ts'

export interface Seeding {
  readonly directory: string
  readonly repositories: number
  /** Of the repository `many/tags`, which is one of them. */
  readonly tags: number
}

/** The registry and the repository that has the many tags. */
export const manyTags = { alias: 'corp0', name: 'many/tags' } as const

const repositoriesPerAccount = 50
const imagesOfManyTags = 1000
const inOneTransaction = 500
const imagesInOneTransaction = 50
const mediaType = 'application/vnd.oci.image.manifest.v1+json'

// Every description has the first two; the others are spread so that some are frequent and some rare.
const everywhere = 'container image'
const vocabulary = Array.from({ length: 4000 }, (_, at) => wordOf(at))

/** Every hundredth repository has this word in its description. */
export const rareWord = 'zebra'

export async function seed({ directory, repositories, tags }: Seeding): Promise<void> {
  const metadata = await openSqliteMetadata({
    file: join(directory, 'metadata.db'),
    onFatal: (error) => {
      throw error
    },
  })
  try {
    for (let from = 0; from < repositories; from += inOneTransaction) {
      const numbers = Array.from({ length: Math.min(inOneTransaction, repositories - from) }, (_, at) => from + at)
      await metadata.write(async (tx) => {
        for (const at of numbers)
          if (at % repositoriesPerAccount === 0) await addRegistry(tx, at / repositoriesPerAccount)
        for (const at of numbers) await addRepository(tx, at)
      })
    }
    if (tags > 0) await addTags(metadata, tags)
  } finally {
    await metadata.close()
  }
}

const accountOf = (nr: number) => String(100_000_000_000 + nr)

async function addRegistry(tx: MetadataWrites, nr: number): Promise<void> {
  const accountId = accountOf(nr)
  await tx.registries.put({ accountId, displayName: `Corporation ${nr}`, verified: nr % 5 === 0 })
  const alias = { accountId, status: 'ACTIVE', primary: true, default: true, createdAtMs: nr } as const
  await tx.registries.createAlias({ ...alias, name: `corp${nr}` })
}

async function addRepository(tx: MetadataWrites, at: number): Promise<void> {
  const name = at === 0 ? manyTags.name : `${word(at * 7)}/${word(at * 13)}-${at}`
  const repository = {
    id: randomIds.uuid(),
    registry: publicRegistryOf(accountOf(Math.floor(at / repositoriesPerAccount))),
    name,
    createdAtMs: at,
    encryption: { encryptionType: 'AES256' },
    tagMutability: 'MUTABLE',
    exclusionFilters: [],
    scanOnPush: false,
  } as const
  await tx.repositories.create(repository, [])
  const words = Array.from({ length: 14 }, (_, nth) => word(Math.floor(((at * 31 + nth * 977) % 4000) ** 2 / 4000)))
  await tx.catalog.put(repository.id, {
    description: `${everywhere} ${words.join(' ')}${at % 100 === 0 ? ` ${rareWord}` : ''}`,
    architectures: [['ARM', 'ARM 64', 'x86', 'x86-64'][at % 4] ?? 'x86-64', 'x86-64'],
    operatingSystems: at % 10 === 0 ? ['Windows'] : ['Linux'],
    aboutText: `# ${name}\n${words.join(' ')}`,
  })
  await addImage(tx, repository.id, `${name} latest`, ['latest'], at)
  await showPushed(tx, repository, 1_700_000_000_000 + at)
  await tx.gallery.addDownloads(repository.id, Math.floor(((at * 7919) % 1000) ** 2 / 1000))
}

async function addTags(metadata: Awaited<ReturnType<typeof openSqliteMetadata>>, tags: number): Promise<void> {
  const repository = await metadata.read.repositories.find(publicRegistryOf(accountOf(0)), manyTags.name)
  if (!repository) throw new Error('there is no repository to tag')
  const perImage = Math.ceil(tags / imagesOfManyTags)
  const images = Array.from({ length: Math.ceil(tags / perImage) }, (_, nr) =>
    Array.from({ length: Math.min(perImage, tags - nr * perImage) }, (_unused, at) => `v${nr}.${at}`),
  )
  for (let from = 0; from < images.length; from += imagesInOneTransaction) {
    await metadata.write(async (tx) => {
      for (const [at, names] of images.slice(from, from + imagesInOneTransaction).entries())
        await addImage(tx, repository.id, `image ${from + at}`, names, from + at)
    })
  }
}

async function addImage(
  tx: MetadataWrites,
  repositoryId: string,
  text: string,
  tags: readonly string[],
  atMs: number,
): Promise<void> {
  const manifest = JSON.stringify({ schemaVersion: 2, mediaType, annotations: { text } })
  const digest = digestOf(manifest)
  const manifestBytes = Buffer.byteLength(manifest)
  const image = {
    digest,
    mediaType,
    artifactType: undefined,
    subject: undefined,
    manifestBytes,
    imageBytes: 1_000_000,
    pushedAtMs: atMs,
    lastPulledAtMs: undefined,
    manifest,
  }
  await tx.images.put(repositoryId, image, [], [])
  for (const tag of tags) await tx.tags.put(repositoryId, tag, digest, atMs)
}

function word(at: number): string {
  return vocabulary[at % vocabulary.length] ?? ''
}

/** A word of 4 to 9 letters: the same for the same number. */
function wordOf(at: number): string {
  let [text, rest] = ['', (at + 1) * 2_654_435_761]
  for (let nth = 0; nth < 4 + (at % 6); nth++) {
    text += String.fromCharCode(97 + (rest % 26))
    rest = Math.floor(rest / 26) + at * (nth + 3)
  }
  return text
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      repositories: { type: 'string', default: '10000' },
      tags: { type: 'string', default: '100000' },
    },
  })
  if (values.data === undefined) throw new Error('--data DIR: which directory?')
  const startedMs = performance.now()
  await seed({ directory: values.data, repositories: Number(values.repositories), tags: Number(values.tags) })
  process.stdout.write(
    `${values.repositories} repositories and ${values.tags} tags in ${Math.round(performance.now() - startedMs)} ms\n`,
  )
}
