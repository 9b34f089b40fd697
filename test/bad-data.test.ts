// Directories that are damaged, foreign, or can not be used: one sentence each, and nothing in them is changed.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, mkdir, mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, test, type TestContext } from 'node:test'
import { promisify } from 'node:util'

import { StartError } from '../src/start-error.ts'
import { backUp, lockForServer, openStores, openStoresForCommand } from '../src/stores.ts'
import { systemClock } from '../src/lib/clock.ts'
import { randomIds } from '../src/lib/ids.ts'
import { givenImage, givenRepository, openTestRegistry } from './support/registry.ts'

const run = promisify(execFile)
const fatal = (error: Error) => assert.fail(error)
const rounds: string[] = []
after(() => Promise.all(rounds.map((directory) => rm(directory, { recursive: true, force: true }))))

/** A data directory with an image in it, made once. */
let made: Promise<string> | undefined
async function make(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'stowage-bad-'))
  rounds.push(directory)
  const registry = await openTestRegistry({ directory })
  await givenRepository(registry, 'app')
  for (let at = 0; at < 8; at++) await givenImage(registry, 'app', `v${at}`, `image ${at}`)
  await registry.close()
  return directory
}

async function given(): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'stowage-bad-'))
  rounds.push(parent)
  const data = join(parent, 'data')
  await cp(await (made ??= make()), data, { recursive: true })
  return data
}

/** Every path below a directory, with the digest of what is in it. */
async function contentsOf(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const lines = await Promise.all(
    entries.map(async (entry) => {
      const path = join(entry.parentPath, entry.name)
      return entry.isFile()
        ? `${path} ${createHash('sha1')
            .update(await readFile(path))
            .digest('hex')}`
        : path
    }),
  )
  return lines.filter((line) => !/\/(lock\.(db|pid)|metadata\.db-(shm|wal))( |$)/.test(line)).toSorted()
}

async function openForServer(data: string): Promise<void> {
  await using opened = new AsyncDisposableStack()
  await lockForServer(data, opened)
  await openStores({ data, onFatal: fatal }, opened)
}

async function openForCommand(data: string): Promise<void> {
  await using stores = await openStoresForCommand({ data, onFatal: fatal })
  assert.ok(stores)
}

const sentenceOf = (outcome: Promise<void>): Promise<string> =>
  outcome.then(
    () => 'nothing was refused',
    (error: unknown) => {
      if (!(error instanceof StartError)) throw error
      return error.message
    },
  )

async function scribble(file: string, at: number, length: number): Promise<void> {
  const handle = await open(file, 'r+')
  await handle.write(Buffer.alloc(length, 0xa5), 0, length, at)
  await handle.close()
}

const none = 'is not a data directory of stowage (it has no metadata.db): name one with --data'
const givesUp =
  'holds layers, but its database metadata.db is missing or empty, and a new one would give them up: restore a backup with "stowage restore", or choose another directory with --data'
const restoreIt = '; restore a backup with "stowage restore"'

interface Case {
  readonly what: string
  readonly damage: (data: string) => Promise<unknown>
  /** `DATA` is the directory. */
  readonly server: string
  /** What a command says, where it is something else. */
  readonly command?: string
}

const cases: readonly Case[] = [
  {
    what: 'a database that is gone',
    damage: (data) => rm(join(data, 'metadata.db')),
    server: `DATA ${givesUp}`,
    command: `DATA ${none}`,
  },
  {
    what: 'a database that is empty',
    damage: (data) => truncate(join(data, 'metadata.db'), 0),
    server: `DATA ${givesUp}`,
    command: `DATA ${none}`,
  },
  {
    what: 'a database whose beginning is overwritten',
    damage: (data) => scribble(join(data, 'metadata.db'), 0, 4096),
    server: `cannot open the database DATA/metadata.db: file is not a database${restoreIt}`,
  },
  {
    what: 'a database that was cut',
    damage: (data) => truncate(join(data, 'metadata.db'), 5000),
    server: `cannot open the database DATA/metadata.db: database disk image is malformed${restoreIt}`,
  },
  {
    what: 'the database of another program',
    damage: async (data) => {
      await rm(join(data, 'metadata.db'))
      const database = new DatabaseSync(join(data, 'metadata.db'))
      database.exec('create table recipe (name text)')
      database.close()
    },
    server: 'cannot open the database DATA/metadata.db: it is the database of another program',
  },
  {
    what: 'a directory in the place of the database',
    damage: async (data) => {
      await rm(data, { recursive: true })
      await mkdir(join(data, 'metadata.db'), { recursive: true })
    },
    server: 'DATA/metadata.db is a directory, where the database should be',
    command: `DATA ${none}`,
  },
  {
    what: 'a file in the place of the layers',
    damage: async (data) => {
      await rm(join(data, 'blobs'), { recursive: true })
      await writeFile(join(data, 'blobs'), '')
    },
    server: 'DATA/blobs is a file, where a directory should be: the data directory is damaged',
  },
  {
    what: "somebody else's directory",
    damage: async (data) => {
      await rm(data, { recursive: true })
      await mkdir(data)
      await writeFile(join(data, 'letter.txt'), 'Dear Sir')
    },
    server:
      'DATA is not a data directory of stowage, and not empty (it has "letter.txt"): choose a new or empty directory with --data',
    command: `DATA ${none}`,
  },
  {
    what: 'a file',
    damage: async (data) => {
      await rm(data, { recursive: true })
      await writeFile(data, '')
    },
    server: 'DATA is a file: name a directory with --data',
    command: `DATA ${none}`,
  },
]

describe('a data directory that can not be used', () => {
  for (const { what, damage, server, command = server } of cases)
    test(`${what} is told, and left as it is`, async () => {
      const data = await given()
      await damage(data)
      const before = await contentsOf(join(data, '..'))
      assert.equal((await sentenceOf(openForServer(data))).replaceAll(data, 'DATA'), server)
      assert.equal((await sentenceOf(openForCommand(data))).replaceAll(data, 'DATA'), command)
      assert.deepEqual(await contentsOf(join(data, '..')), before)
    })

  test('one with nothing but what a mount, a desktop or an operator leaves in it is fine, and so it stays', async (t) => {
    const parent = await mkdtemp(join(tmpdir(), 'stowage-bad-'))
    t.after(() => rm(parent, { recursive: true }))
    for (const name of ['lost+found', '.hidden', 'keys.json']) {
      await mkdir(join(parent, name, name), { recursive: true })
      assert.equal(await sentenceOf(openForServer(join(parent, name))), 'nothing was refused', name)
      assert.equal(await sentenceOf(openForServer(join(parent, name))), 'nothing was refused', `${name} again`)
    }
  })

  test('one whose first start was killed while the database was made is fine', async () => {
    const parent = await mkdtemp(join(tmpdir(), 'stowage-bad-'))
    rounds.push(parent)
    const [making, data] = [join(parent, 'making.db'), join(parent, 'data')]
    await mkdir(data)
    const database = new DatabaseSync(making)
    database.exec('pragma cache_spill = 1; pragma cache_size = 1; begin; create table t (x)')
    for (let row = 0; row < 50; row++) database.prepare('insert into t values (randomblob(4096))').run()
    // As they stand in the middle of a transaction.
    await cp(making, join(data, 'metadata.db'))
    await cp(`${making}-journal`, join(data, 'metadata.db-journal'))
    database.close()
    // Nothing of it was synced yet.
    await truncate(join(data, 'metadata.db'), 0)
    await openForServer(data)
  })

  test('keys that can not be read make no backup', async (t) => {
    const data = await given()
    await writeFile(join(data, 'keys.json'), '{')
    await using stores = await openStoresForCommand({ data, onFatal: fatal })
    const directory = join(data, '..', 'backup')
    const backup = (withKeys: boolean) =>
      backUp({
        data,
        metadata: stores.metadata,
        directory,
        withKeys,
        withAudit: true,
        version: '1',
        clock: systemClock,
        ids: randomIds,
        report: { begin: () => {}, advance: () => {} },
      })
    await assert.rejects(backup(true), {
      name: 'BackupError',
      message: /^cannot use \S+keys\.json: .*: mend it, or leave the keys out with --without-keys$/,
    })
    assert.deepEqual(await readdir(join(data, '..')), ['data'])
    await backup(false)
    t.after(() => rm(directory, { recursive: true }))
  })
})

describe('a disk that does not take anything', () => {
  const skip = !(process.getuid?.() === 0 && process.platform === 'linux') && 'needs root to mount file systems'

  async function mounted(t: TestContext, ...options: readonly string[]): Promise<string> {
    const place = join(await mkdtemp(join(tmpdir(), 'stowage-bad-')), 'disk')
    rounds.push(join(place, '..'))
    await mkdir(place)
    await run('mount', [...options, place])
    t.after(() => run('umount', ['-l', place]))
    return place
  }

  test('one that is read-only is told', { skip }, async (t) => {
    const data = await given()
    const place = await mounted(t, '--bind', data)
    await run('mount', ['-o', 'remount,ro,bind', place])
    const sentence = `the data directory ${place} can not be written to: its file system is read-only`
    assert.equal(await sentenceOf(openForServer(place)), sentence)
    assert.equal(await sentenceOf(openForCommand(place)), sentence)
  })

  test('one that is full, and without the ballast that would help, is told', { skip }, async (t) => {
    const place = await mounted(t, '-t', 'tmpfs', '-o', 'size=16m', 'tmpfs')
    const data = join(place, 'data')
    await cp(await given(), data, { recursive: true })
    const before = await contentsOf(data)
    await writeFile(join(place, 'others'), Buffer.alloc(32 * 1024 * 1024, 1)).catch(() => {})
    const sentence = `cannot open the database ${data}/metadata.db: the disk is full; make room on it and try again`
    assert.equal(await sentenceOf(openForServer(data)), sentence)
    assert.equal(await sentenceOf(openForCommand(data)), sentence)
    await rm(join(place, 'others'))
    assert.deepEqual(await contentsOf(data), before)
    assert.equal(await sentenceOf(openForServer(data)), 'nothing was refused')
  })
})
