import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { digestOf } from '../../src/lib/digest.ts'
import { openVolatileMetadata, type VolatileMetadata } from '../../src/storage/sql/sqlite/open-volatile-metadata.ts'
import { metadataContract } from './metadata.ts'
import { imageOf, newLayer, newRepository, registry, repositoryNamed, uploadTo } from './metadata-samples.ts'

const unexpected = (error: Error) => assert.fail(error)

interface UnderTest {
  readonly metadata: VolatileMetadata
  readonly reopen: () => Promise<UnderTest>
  readonly dispose: () => Promise<void>
}

async function underTest(place?: string): Promise<UnderTest> {
  const directory = place ?? (await mkdtemp(join(tmpdir(), 'stowage-volatile-')))
  const metadata = await openVolatileMetadata({ file: join(directory, 'metadata.db'), onFatal: unexpected })
  return {
    metadata,
    reopen: async () => {
      await metadata.close()
      return underTest(directory)
    },
    dispose: async () => {
      await metadata.close()
      await rm(directory, { recursive: true })
    },
  }
}

metadataContract('SQLite without a promise', () => underTest())

describe('the content of a database as a value', () => {
  test('comes back whole, over whatever was written meanwhile', async () => {
    const { metadata, dispose } = await underTest()
    try {
      const repository = await newRepository(metadata)
      const layer = await newLayer(metadata, repository, 'a layer that stays')
      const image = imageOf('{"stays": "\u{1F40B}"}')
      await metadata.write(async (tx) => {
        await tx.images.put(repository.id, image, [{ digest: layer.digest, mediaType: 'tar' }], [])
        await tx.tags.put(repository.id, 'v1', image.digest, 1)
        await tx.uploads.create(uploadTo(repository))
      })
      const before = await metadata.take()
      await metadata.write(async (tx) => {
        await tx.repositories.create(repositoryNamed('of/later'), [])
        await tx.tags.put(repository.id, 'v2', image.digest, 2)
        await tx.repositories.update(repository.id, { scanOnPush: !repository.scanOnPush })
      })
      await metadata.put(before)
      assert.deepEqual(await metadata.take(), before)
      assert.equal(await metadata.read.repositories.find(registry, 'of/later'), undefined)
      assert.deepEqual(await metadata.read.images.findByTag(repository.id, 'v1'), image)
      assert.equal(await metadata.read.images.findByTag(repository.id, 'v2'), undefined)
    } finally {
      await dispose()
    }
  })

  test('foreign keys hold again afterwards, and rows that do not fit change nothing', async () => {
    const { metadata, dispose } = await underTest()
    try {
      const repository = await newRepository(metadata)
      const before = await metadata.take()
      await assert.rejects(metadata.put(new Map([['repository', [{ no_such_column: 1 }]]])))
      assert.deepEqual(await metadata.take(), before)
      await assert.rejects(metadata.write((tx) => tx.tags.put(repository.id, 'tag', digestOf('nothing'), 1)))
    } finally {
      await dispose()
    }
  })

  test('is taken between transactions, never inside of one', async () => {
    const { metadata, dispose } = await underTest()
    try {
      const [half, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      const writing = metadata.write(async (tx) => {
        await tx.repositories.create(repositoryNamed('half/done'), [])
        half.resolve()
        await goOn.promise
        await tx.repositories.create(repositoryNamed('other/half'), [])
      })
      await half.promise
      const taking = metadata.take()
      goOn.resolve()
      await writing
      assert.equal((await taking).get('repository')?.length, 2)
    } finally {
      await dispose()
    }
  })
})
