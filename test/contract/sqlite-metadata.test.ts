import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteMetadata } from '../../src/storage/sql/sqlite/open-sqlite-metadata.ts'
import { metadataContract } from './metadata.ts'
import type { MetadataUnderTest } from './metadata-samples.ts'

async function openUnderTest(directory?: string): Promise<MetadataUnderTest> {
  const place = directory ?? (await mkdtemp(join(tmpdir(), 'stowage-metadata-')))
  const metadata = await openSqliteMetadata({
    file: join(place, 'metadata.db'),
    onFatal: (error) => assert.fail(error),
  })
  return {
    metadata,
    reopen: async () => {
      await metadata.close()
      return openUnderTest(place)
    },
    dispose: async () => {
      await metadata.close()
      await rm(place, { recursive: true })
    },
  }
}

metadataContract('SQLite', () => openUnderTest())
