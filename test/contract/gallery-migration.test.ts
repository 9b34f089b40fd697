// A database from before the gallery: its public repositories are found after the start as if they had been pushed to since.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'

import { Kysely } from 'kysely'

import { createRegistryAlias } from '../../src/operations/admin/create-registry-alias.ts'
import { putPublicRegistry } from '../../src/operations/admin/put-public-registry.ts'
import { createRepository as createPrivate } from '../../src/operations/private/create-repository.ts'
import { putImage as putPrivate } from '../../src/operations/private/put-image.ts'
import { createRepository } from '../../src/operations/public/create-repository.ts'
import { putImage } from '../../src/operations/public/put-image.ts'
import { gallery } from '../../src/storage/sql/migrations/0003-gallery.ts'
import { openConnection } from '../../src/storage/sql/sqlite/connection.ts'
import { directDialect } from '../../src/storage/sql/sqlite/dialect.ts'
import { emptyIndex } from '../operations/gallery/calls.ts'
import { account, openTestRegistry, otherAccount, rootOf, type TestRegistry } from '../support/registry.ts'

/** What the gallery's tables hold, but for the numbers and for what a migration can not know. */
function dump(directory: string) {
  const database = new DatabaseSync(join(directory, 'metadata.db'))
  try {
    const entries = database.prepare(
      `select repository_id, account_id, name, listed, verified, negative_downloads, negative_updated_at_ms, architectures, systems, card
       from gallery_repository order by repository_id`,
    )
    const words = database.prepare(
      `select repository_id, word, source from gallery_word join gallery_repository using (number)
       order by repository_id, word, source`,
    )
    return { entries: entries.all(), words: words.all() }
  } finally {
    database.close()
  }
}

/** Takes the gallery's tables away and runs their migration again: later ones have nothing to do with them. */
async function migrateAnew(directory: string): Promise<void> {
  const connection = openConnection(join(directory, 'metadata.db'), 0)
  for (const table of ['gallery_word', 'gallery_repository']) connection.execute(`drop table ${table}`)
  const db = new Kysely<unknown>({ dialect: directDialect(connection, () => {}) })
  await gallery({ textType: 'text', clusteredTable: 'without rowid' }).up(db)
  connection.close()
}

async function fill(registry: TestRegistry): Promise<void> {
  const other = registry.ctx({ caller: rootOf(otherAccount) })
  const catalogData = {
    description: 'The (fast) 100% Ünïcode, 容器镜像',
    architectures: ['ARM 64', 'MIPS'],
    operatingSystems: ['Windows'],
    aboutText: 'about',
  }
  await registry.perform(createRepository, { repositoryName: 'team/my-app', catalogData })
  await registry.perform(createRepository, { repositoryName: 'bare' }, other)
  await registry.perform(createRepository, { repositoryName: 'empty', catalogData })
  await registry.perform(createPrivate, { repositoryName: 'private' })
  await registry.perform(putPrivate, { ...emptyIndex, repositoryName: 'private', imageTag: 'v1' })
  await registry.perform(putPublicRegistry, { registryId: otherAccount, verified: true })
  for (const [name, status] of [
    ['example-corp', 'ACTIVE'],
    ['coming-soon', 'PENDING'],
  ] as const) {
    await registry.perform(createRegistryAlias, { registryId: account, name, status })
  }
  for (const [nr, repositoryName] of ['team/my-app', 'bare', 'team/my-app'].entries()) {
    registry.advance(1000)
    const imageManifest = JSON.stringify({ ...JSON.parse(emptyIndex.imageManifest), annotations: { nr: `${nr}` } })
    const ctx = repositoryName === 'bare' ? other : registry.ctx()
    await registry.perform(putImage, { ...emptyIndex, repositoryName, imageManifest }, ctx)
  }
}

test('the repositories of an older database are found as those that are pushed to', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'stowage-migration-'))
  t.after(() => rm(directory, { recursive: true }))
  const registry = await openTestRegistry({ directory })
  await fill(registry)
  await registry.close()
  const made = dump(directory)
  assert.deepEqual(new Set(made.entries.map(({ name }) => name)), new Set(['bare', 'team/my-app']))
  assert.ok(made.words.length > 15)
  await migrateAnew(directory)
  const again = await openTestRegistry({ directory })
  await again.perform(putImage, { ...emptyIndex, repositoryName: 'empty' })
  await again.close()
  const { entries, words } = dump(directory)
  // One that is pushed to for the first time gets a number that is free.
  const isOld = ({ repository_id: id }: Readonly<Record<string, unknown>>) =>
    made.entries.some((entry) => entry['repository_id'] === id)
  assert.equal(entries.length, 3)
  assert.deepEqual({ entries: entries.filter(isOld), words: words.filter(isOld) }, made)
})
