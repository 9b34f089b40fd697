// The audit log in backups: whole, each event once and in order, also while it is written and files become full; and back where it belongs.

import assert from 'node:assert/strict'
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'

import type { AuditEvent } from '../../src/domain/ports/audit.ts'
import { randomIds } from '../../src/lib/ids.ts'
import { openAuditLog } from '../../src/storage/audit-log.ts'
import { backUp } from '../../src/storage/backup/back-up.ts'
import { copyAudit } from '../../src/storage/backup/copy-audit.ts'
import { restoreBackup } from '../../src/storage/backup/restore-backup.ts'
import { openTestRegistry } from '../support/registry.ts'

const silent = { begin: () => {}, advance: () => {} }
const eventOf = (eventID: string) => ({ eventID, userAgent: 'x'.repeat(200) }) as AuditEvent // what the log does not look at is left out

async function open(t: TestContext) {
  const registry = await openTestRegistry()
  const place = await mkdtemp(join(tmpdir(), 'stowage-backup-'))
  const directory = join(place, 'backup')
  let now = Date.UTC(2026, 10, 21)
  const log = openAuditLog({
    directory: join(registry.directory, 'audit'),
    level: 'all',
    clock: { now: () => now++ },
    fileBytesMax: 2048,
    filesMax: 10_000,
    alarm: (sentence) => assert.fail(sentence),
  })
  t.after(async () => {
    await log.close()
    await registry.close()
    await rm(place, { recursive: true })
  })
  let recorded = 0
  let restores = 0
  return {
    directory,
    auditIn: (data: string) => join(data, 'audit'),
    data: registry.directory,
    recorded: () => recorded,
    /** A few at a time: what is written at once is in one file. */
    record: async (count: number) => {
      for (let left = count; left > 0; left--) {
        log.record(eventOf(String(recorded++)))
        if (left % 4 === 1) await log.flush()
      }
    },
    backUp: (withAudit = true) =>
      backUp({
        data: registry.directory,
        metadata: registry.services.metadata,
        directory,
        withKeys: true,
        withAudit,
        version: 'test',
        clock: registry.services.clock,
        ids: randomIds,
        report: silent,
      }),
    restore: async () => {
      await using opened = new AsyncDisposableStack()
      const data = join(place, `restored-${restores++}`)
      const { damagedAudit, finish } = await restoreBackup({ directory, data, report: silent }, opened)
      await finish()
      return { data, damagedAudit }
    },
  }
}

/** The ids of all events of a log, oldest file first; throws when a line is not whole. */
async function idsIn(directory: string): Promise<readonly number[]> {
  // In a moment between two files there is none that is written to.
  const [last, ...full] = (await readdir(directory)).toSorted(
    (a, b) => Number(b === 'audit.jsonl') - Number(a === 'audit.jsonl') || (a < b ? -1 : 1),
  )
  const names = last === 'audit.jsonl' ? [...full, last] : [...(last === undefined ? [] : [last]), ...full]
  const texts = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')))
  return idsOf(texts)
}

const idsOf = (texts: readonly string[]): readonly number[] =>
  texts
    .join('')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => Number((JSON.parse(line) as AuditEvent).eventID)) // written by the log itself

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at)

test('comes back whole, without the line that a crash cut; full files are copied once', async (t) => {
  const { record, recorded, data, directory, auditIn, ...given } = await open(t)
  await record(40)
  await appendFile(join(auditIn(data), 'audit.jsonl'), '{"eventID":"99999","half of')
  const first = await given.backUp()
  assert.ok(first.record.audit.length > 3)
  const { data: restored, damagedAudit } = await given.restore()
  assert.deepEqual(damagedAudit, [])
  assert.deepEqual(await idsIn(auditIn(restored)), upTo(40))
  assert.equal((await stat(auditIn(restored))).mode & 0o777, 0o700)
  assert.equal((await stat(join(auditIn(restored), 'audit.jsonl'))).mode & 0o777, 0o600)

  const inodes = async () => {
    const names = await readdir(join(directory, 'audit'))
    return new Map(
      await Promise.all(names.map(async (name) => [name, (await stat(join(directory, 'audit', name))).ino] as const)),
    )
  }
  const before = await inodes()
  // The half line ends where the next event begins: it is no event of ours any more, and the log itself keeps it.
  await record(20)
  await given.backUp()
  const after = await inodes()
  assert.ok(after.size > before.size)
  for (const [name, inode] of before) assert.equal(after.get(name), inode, name)
  const [oldest = ''] = (await readdir(auditIn(data))).toSorted()
  await rm(join(auditIn(data), oldest))
  await given.backUp()
  assert.equal((await inodes()).has(oldest), false)
  assert.equal(recorded(), 60)
})

test('has each event once and in order, while it is written and its files become full', async (t) => {
  const { record, recorded, data, directory } = await open(t)
  await record(1)
  const done = new AbortController()
  const writing = (async () => {
    for (; !done.signal.aborted; await delay(3)) await record(4)
  })()
  try {
    // Many times, since it is a moment between two steps that matters.
    for (let round = 0; round < 25; round++) {
      const state = `state-${round}`
      await mkdir(join(directory, state), { recursive: true })
      const before = recorded() - 4
      const files = await copyAudit(data, directory, state)
      const texts = files.map(({ name }) =>
        readFile(join(directory, name === 'audit.jsonl' ? state : 'audit', name), 'utf8'),
      )
      const ids = idsOf(await Promise.all(texts))
      assert.ok(ids.length >= before, `${ids.length} of ${before}`)
      assert.deepEqual(ids, upTo(ids.length))
    }
  } finally {
    done.abort()
    await writing
  }
})

test('is left out when it is damaged in the backup, or was not wanted; an older backup has none', async (t) => {
  const { record, directory, auditIn, ...given } = await open(t)
  await record(40)
  const { record: made } = await given.backUp()
  const name = made.audit[0]?.name ?? assert.fail('there is a file')
  await writeFile(join(directory, 'audit', name), 'another text', { flag: 'r+' })
  const { data, damagedAudit } = await given.restore()
  assert.deepEqual(damagedAudit, [name])
  assert.equal((await readdir(auditIn(data))).length, made.audit.length - 1)

  await given.backUp(false)
  assert.deepEqual(await readdir(join(directory, 'audit')), [])
  assert.equal((await readdir((await given.restore()).data)).includes('audit'), false)
  const file = join(directory, 'backup.json')
  const { audit, ...older } = JSON.parse(await readFile(file, 'utf8')) as { readonly audit: readonly unknown[] }
  assert.deepEqual(audit, [])
  await writeFile(file, JSON.stringify(older))
  assert.deepEqual((await given.restore()).damagedAudit, [])
})
