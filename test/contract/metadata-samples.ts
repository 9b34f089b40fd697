// Values that the metadata suites are made of, and the store they run on.

import { randomUUID } from 'node:crypto'
import { after, before } from 'node:test'
import { digestOf, type Digest } from '../../src/lib/digest.ts'
import { randomIds } from '../../src/lib/ids.ts'
import type { Image, Metadata, RegistryKey, Repository, Upload } from '../../src/domain/ports/metadata.ts'

/** What a suite needs of an implementation. `reopen` closes the store and opens the same one again. */
export interface MetadataUnderTest {
  readonly metadata: Metadata
  readonly reopen: () => Promise<MetadataUnderTest>
  /** Closes the store and removes what it left. */
  readonly dispose: () => Promise<void>
}

export type OpenMetadata = () => Promise<MetadataUnderTest>

/** One store for a whole group of tests; each test makes repositories of its own. */
export function sharedMetadata(open: OpenMetadata): { readonly metadata: Metadata } {
  let opened: MetadataUnderTest | undefined
  before(async () => {
    opened = await open()
  })
  after(() => opened?.dispose())
  return {
    get metadata() {
      if (!opened) throw new Error('the store is not open yet')
      return opened.metadata
    },
  }
}

export const registry: RegistryKey = { kind: 'private', accountId: '123456789012', region: 'eu-west-1' }

export const repositoryNamed = (name: string, change: Partial<Repository> = {}): Repository => ({
  id: randomUUID(),
  registry,
  name,
  createdAtMs: 1_700_000_000_123,
  encryption: { encryptionType: 'AES256' },
  tagMutability: 'MUTABLE',
  exclusionFilters: [],
  scanOnPush: false,
  ...change,
})

/** A repository in the store, with a name of its own. */
export async function newRepository(metadata: Metadata): Promise<Repository> {
  const repository = repositoryNamed(`made/${randomUUID()}`)
  await metadata.write((tx) => tx.repositories.create(repository, []))
  return repository
}

export function imageOf(text: string, change: Partial<Image> = {}): Image {
  return {
    digest: digestOf(text),
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    artifactType: undefined,
    subject: undefined,
    manifestBytes: Buffer.byteLength(text),
    imageBytes: 1000,
    pushedAtMs: 1_700_000_000_456,
    lastPulledAtMs: undefined,
    manifest: text,
    ...change,
  }
}

/** `count` images, in the order of their digests. */
export function imagesInOrder(count: number, change: Partial<Image> = {}): readonly Image[] {
  return Array.from({ length: count }, (_, index) => imageOf(`{"image":${index}}`, change)).toSorted((a, b) =>
    a.digest < b.digest ? -1 : 1,
  )
}

export const newPhys = (): string => {
  const name = randomIds.hex(16)
  return `${name.slice(0, 2)}/${name}`
}

export const uploadTo = (repository: Pick<Repository, 'id'>, change: Partial<Upload> = {}): Upload => ({
  id: randomUUID(),
  repositoryId: repository.id,
  accountId: '123456789012',
  phys: newPhys(),
  createdAtMs: 1000,
  expiresAtMs: 2000,
  parts: 0,
  smallParts: 0,
  lastPartSmall: false,
  ...change,
})

/** Commits a layer with this text's digest to the repository, leased until `leaseUntilMs`. */
export async function newLayer(
  metadata: Metadata,
  repository: Repository,
  text: string,
  leaseUntilMs = 5000,
): Promise<Upload & { readonly digest: Digest }> {
  const upload = uploadTo(repository)
  const digest = digestOf(text)
  await metadata.write(async (tx) => {
    await tx.uploads.create(upload)
    await tx.layers.commit(upload, { digest, size: Buffer.byteLength(text) }, 1000, leaseUntilMs)
  })
  return { ...upload, digest }
}

/** All of what `page` gives, `limit` at a time. */
export async function allPages<T>(page: (after: T | undefined) => Promise<readonly T[]>): Promise<readonly T[]> {
  const all: T[] = []
  for (;;) {
    const rows = await page(all.at(-1))
    if (rows.length === 0) return all
    all.push(...rows)
  }
}
