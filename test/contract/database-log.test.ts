// The database's log while another process reads for long: it grows, is told, may not eat the disk, and becomes small again afterwards.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'

import { StorageFullError } from '../../src/domain/ports/storage-errors.ts'
import { withBoundedLog } from '../../src/storage/metadata-with-bounded-log.ts'
import { createCheck } from '../../src/storage/sql/sqlite/check-database.ts'
import { logBytes } from '../../src/storage/sql/sqlite/log-file.ts'
import { openSqliteMetadata } from '../../src/storage/sql/sqlite/open-sqlite-metadata.ts'
import { watchDatabaseLog } from '../../src/watch-database-log.ts'
import { imageOf, newRepository } from './metadata-samples.ts'

const KiB = 1024
const MiB = 1024 * KiB

async function given(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'stowage-log-'))
  const file = join(directory, 'metadata.db')
  const metadata = await openSqliteMetadata({ file, onFatal: (error) => assert.fail(error), logBytesMax: MiB })
  const { id } = await newRepository(metadata)
  let count = 0
  /** Adds some 100 KiB to the log. */
  const push = () => {
    const manifest = `${count++}${'x'.repeat(100 * KiB)}`
    return metadata.write((tx) => tx.images.put(id, imageOf(manifest, { manifest }), [], []))
  }
  /** Reads for as long as it is open, as a backup does. */
  const reader = new DatabaseSync(file, { readOnly: true })
  reader.exec('begin')
  reader.prepare('select count(*) from repository').get()
  t.after(async () => {
    if (reader.isOpen) reader.close()
    await metadata.close()
    await rm(directory, { recursive: true })
  })
  return { directory, file, metadata, push, reader, size: () => logBytes(file) }
}

test('the log that a reader made large is emptied soon after the reader is gone', async (t) => {
  const { push, reader, size } = await given(t)
  for (let count = 0; count < 40; count++) await push()
  const large = await size()
  assert.ok(large > 3 * MiB, `${large} bytes`)
  reader.close()
  for (const endMs = Date.now() + 10_000; (await size()) > MiB && Date.now() < endMs; await delay(100)) await push()
  const small = await size()
  assert.ok(small <= MiB, `${small} bytes are left of ${large}`)
})

test('commits hardly wait for a reader that stays', async (t) => {
  const { push } = await given(t)
  for (let count = 0; count < 15; count++) await push()
  const startedMs = performance.now()
  for (let count = 0; count < 10; count++) await push()
  const tookMs = performance.now() - startedMs
  assert.ok(tookMs < 2000, `${tookMs} ms for ten commits`)
})

test('a log that is larger than what is free beside it is for what makes room alone, until it is small again', async (t) => {
  const { directory, metadata, size } = await given(t)
  let bytes = Number.MAX_SAFE_INTEGER
  const bound = { directory, logBytes: async () => bytes, harmlessBytes: 64 * MiB, freshMs: 0 }
  const bounded = withBoundedLog(metadata, bound)
  const upkeep = (name: string, purpose?: 'makes room') => bounded.write((tx) => tx.audit.noteUpkeep(name, 7), purpose)
  await assert.rejects(upkeep('a push'), StorageFullError)
  await upkeep('a deletion', 'makes room')
  bytes = await size()
  await upkeep('a push later')
  bytes = 65 * MiB
  // There is more than that on the disk of a machine that runs tests.
  await upkeep('beside a backup')
  const done = ['a push', 'a deletion', 'a push later', 'beside a backup'].map((name) =>
    metadata.read.audit.upkeepDoneAtMs(name),
  )
  assert.deepEqual(await Promise.all(done), [undefined, 7, 7, 7])
})

test('a growing log is told when it has doubled, and when it is small again', async () => {
  let bytes = 0
  const lines: unknown[] = []
  const line = (level: string) => (fields: { readonly bytes?: number }) => void lines.push([level, fields.bytes])
  const look = watchDatabaseLog(async () => bytes, { warn: line('warn'), info: line('info') } as never, 100)
  for (bytes of [99, 100, 150, 199, 950, 1000, 1599, 1600, 120, 99, 0, 100]) await look()
  assert.deepEqual(lines, [
    ['warn', 100],
    ['warn', 950],
    ['warn', 1600],
    ['info', 99],
    ['warn', 100],
  ])
})

test('a check beside others finds the same in a large database as a check of the whole', async (t) => {
  const { file, metadata, push, reader } = await given(t)
  reader.close()
  await push()
  await metadata.close()
  const database = new DatabaseSync(file, { defensive: false, enableForeignKeyConstraints: false })
  database.exec(`insert into tag values ('no such repository', 'v1', 'sha256:0', 1);
    pragma writable_schema = on;
    update sqlite_schema set sql = replace(sql, ' where referenced = 0', '') where name = 'repo_blob_by_lease';
    insert into blob values ('sha256:1', 1, 'p', 1, 1, 0, null);
    insert into repo_blob select id, 'sha256:1', 1, 1 from repository;
    pragma writable_schema = reset;`)
  database.close()
  await using opened = new AsyncDisposableStack()
  const whole = await createCheck(file, opened, false)(true)
  const byTable = await createCheck(file, opened, true, 0)(true)
  assert.ok(whole.some(({ kind }) => kind === 'damage'))
  assert.ok(whole.some(({ kind }) => kind === 'dangling'))
  assert.deepEqual(byTable, whole)
})
