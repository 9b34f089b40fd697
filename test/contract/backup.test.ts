// Backups: what a hold keeps in place, damage on either side, and archives that somebody has tampered with.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { cp, mkdir, mkdtemp, readFile, rename, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { existsSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test, type TestContext } from 'node:test'

import { collect, emptyTrash } from '../../src/domain/collector.ts'
import { deleteImages } from '../../src/domain/delete-images.ts'
import { digestOf } from '../../src/lib/digest.ts'
import { randomIds } from '../../src/lib/ids.ts'
import { backUp, type BackUpOptions } from '../../src/storage/backup/back-up.ts'
import type { BackupRecord } from '../../src/storage/backup/backup-directory.ts'
import { holdFiles } from '../../src/storage/backup/hold-files.ts'
import { restoreBackup } from '../../src/storage/backup/restore-backup.ts'
import {
  account,
  givenImage,
  givenLayer,
  givenRepository,
  openTestRegistry,
  region,
  type TestRegistry,
} from '../support/registry.ts'

const registryKey = { kind: 'private', accountId: account, region } as const
const silent = { begin: () => {}, advance: () => {} }

async function open(t: TestContext, options: Parameters<typeof openTestRegistry>[0] = {}) {
  const registry = await openTestRegistry(options)
  const place = await mkdtemp(join(tmpdir(), 'stowage-backup-'))
  t.after(async () => {
    await registry.close()
    await rm(place, { recursive: true })
  })
  await givenRepository(registry, 'app')
  const directory = join(place, 'backup')
  const make = (change: Partial<BackUpOptions> = {}) =>
    backUp({
      data: registry.directory,
      metadata: registry.services.metadata,
      directory,
      withKeys: true,
      withAudit: true,
      version: 'test',
      clock: registry.services.clock,
      ids: randomIds,
      report: silent,
      ...change,
    })
  return { registry, place, directory, make, ...registry.services }
}

/** Restores into a fresh directory and opens a registry on it. */
async function restoreTo(data: string, directory: string) {
  await using opened = new AsyncDisposableStack()
  const restored = await restoreBackup({ directory, data, report: silent }, opened)
  await restored.finish()
  return restored
}

async function physOf(registry: TestRegistry, content: string): Promise<string> {
  const repository = await registry.services.metadata.read.repositories.find(registryKey, 'app')
  const layer = await registry.services.metadata.read.layers.find(repository?.id ?? '', digestOf(content))
  return layer?.phys ?? assert.fail('the layer is there')
}

describe('a hold', () => {
  test('keeps what is in the trash, for as long as it lasts and no longer', async (t) => {
    const { registry, metadata, clock } = await open(t)
    const put = (phys: string) => metadata.write((tx) => tx.trash.put(phys, 'test', clock.now()))
    const names = ['ab/ab000000000000000000000000000001', 'ab/ab000000000000000000000000000002']
    for (const name of names) {
      await writeFile(join(registry.directory, 'blobs', name), 'bytes')
      await put(name)
    }
    const hold = await holdFiles({ metadata, clock, ids: randomIds, reason: 'test', holdMs: 60_000 })
    assert.equal(await emptyTrash(registry.services), 0)
    hold.check()
    registry.advance(60_000)
    // Its process has died: nobody renews it.
    assert.equal(await emptyTrash(registry.services), 2)
    assert.throws(() => hold.check(), { name: 'BackupError' })
    await hold[Symbol.asyncDispose]()
    await put(names[0] ?? '')
    assert.equal(await emptyTrash(registry.services), 1)
  })

  test('that is put after the names were read, and before the files go, is too late for nothing that it is for', async (t) => {
    const { registry, metadata, clock } = await open(t)
    const name = 'ab/ab000000000000000000000000000001'
    await metadata.write((tx) => tx.trash.put(name, 'test', clock.now()))
    const order: string[] = []
    const { read } = metadata
    const noting = {
      ...metadata,
      read: {
        ...read,
        trash: { due: (...args: Parameters<typeof read.trash.due>) => (order.push('names'), read.trash.due(...args)) },
        holds: { any: (nowMs: number) => (order.push('hold'), read.holds.any(nowMs)) },
      },
    }
    await emptyTrash({ ...registry.services, metadata: noting })
    assert.deepEqual(order, ['names', 'hold'])
  })

  test('is renewed while its process lives, and says when it was not', async (t) => {
    const { metadata } = await open(t)
    const clock = { now: () => Date.now() }
    const hold = await holdFiles({ metadata, clock, ids: randomIds, reason: 'test', holdMs: 100 })
    await new Promise((resolve) => setTimeout(resolve, 400))
    hold.check()
    assert.equal(await metadata.read.holds.any(Date.now()), true)
    const standsStill = Date.now() + 300
    while (Date.now() < standsStill);
    assert.throws(() => hold.check(), /was not kept from removing files/)
    await hold[Symbol.asyncDispose]()
    assert.equal(await metadata.read.holds.any(0), false)
  })

  test('that ended while a backup ran: the backup is none, and the one before stays', async (t) => {
    const { registry, directory, make } = await open(t)
    await givenImage(registry, 'app', 'v1')
    await make()
    const before = await readFile(join(directory, 'backup.json'), 'utf8')
    const standStill = (what: string) => void (what.includes('layers') && registry.advance(600_000))
    await assert.rejects(make({ report: { begin: standStill, advance: () => {} } }), /was not kept from removing files/)
    assert.equal(await readFile(join(directory, 'backup.json'), 'utf8'), before)
  })

  test('keeps every file of a backup whose images are deleted and collected meanwhile', async (t) => {
    const leaseMs = 1000
    const { registry, place, directory, make, metadata } = await open(t, { limits: { leaseMs } })
    const count = 60
    for (let at = 0; at < count; at++) await givenImage(registry, 'app', `v${at}`, `seed ${at}`)
    const begun = Promise.withResolvers<void>()
    const running = make({
      report: { begin: (what) => void (what.includes('layers') && begun.resolve()), advance: () => {} },
    })
    await begun.promise
    const imageIds = Array.from({ length: count }, (_, at) => ({ imageTag: `v${at}` }))
    const { deleted } = await deleteImages(registry.ctx(), registryKey, 'app', imageIds)
    assert.equal(deleted.length, count)
    registry.advance(leaseMs + 1)
    const { layers } = await collect(registry.services)
    registry.advance(60_000)
    assert.equal(await emptyTrash(registry.services), 0)
    assert.ok(layers > count, `${layers} layers were collected`)
    assert.deepEqual((await running).damaged, [])
    assert.equal(await emptyTrash(registry.services), layers)
    assert.equal(await metadata.read.holds.any(0), false)

    const { damaged, copied } = await restoreTo(join(place, 'new'), directory)
    assert.deepEqual([damaged.length, copied], [0, layers])
  })
})

describe('damage', () => {
  test('of a layer here: it is left out, marked on both sides, and the rest is whole', async (t) => {
    const { registry, place, directory, make } = await open(t)
    await givenImage(registry, 'app', 'v1')
    await givenLayer(registry, 'app', 'will be damaged')
    const phys = await physOf(registry, 'will be damaged')
    await writeFile(join(registry.directory, 'blobs', phys), 'WILL BE DAMAGED')
    const { damaged, record } = await make()
    assert.deepEqual(
      damaged.map(({ digest }) => digest),
      [digestOf('will be damaged')],
    )
    await assert.rejects(physOf(registry, 'will be damaged'), /the layer is there/)
    const restored = await restoreTo(join(place, 'new'), directory)
    assert.deepEqual([restored.damaged, restored.copied], [[], record.layers])
  })

  test('of a layer here that an earlier backup has: that one is kept', async (t) => {
    const { registry, place, directory, make } = await open(t)
    await givenLayer(registry, 'app', 'will be damaged')
    const phys = await physOf(registry, 'will be damaged')
    await make()
    await rm(join(registry.directory, 'blobs', phys))
    assert.deepEqual((await make()).damaged, [])
    await restoreTo(join(place, 'new'), directory)
    assert.equal(await readFile(join(place, 'new', 'blobs', phys), 'utf8'), 'will be damaged')
  })

  test('of the database here: no backup is made, and the one before stays', async (t) => {
    const { registry, directory, make } = await open(t)
    for (let at = 0; at < 20; at++) await givenImage(registry, 'app', `v${at}`, `seed ${at} ${'x'.repeat(2000)}`)
    await make()
    const before = await readFile(join(directory, 'backup.json'), 'utf8')
    const copy = join(dirname(directory), 'copy')
    await mkdir(copy)
    const source = new DatabaseSync(join(registry.directory, 'metadata.db'))
    source.exec(`vacuum into '${join(copy, 'metadata.db')}'`)
    source.close()
    const { size } = await stat(join(copy, 'metadata.db'))
    const bytes = await readFile(join(copy, 'metadata.db'))
    await writeFile(join(copy, 'metadata.db'), bytes.fill(0xa5, Math.floor(size / 2)))
    await assert.rejects(make({ data: copy }), /malformed|the database is damaged, no backup was made: /)
    assert.equal(await readFile(join(directory, 'backup.json'), 'utf8'), before)
  })
})

describe('a restore of what somebody has tampered with', () => {
  let original = ''
  let phys = ''
  before(async () => {
    const registry = await openTestRegistry()
    await givenRepository(registry, 'app')
    await givenImage(registry, 'app', 'v1')
    await givenLayer(registry, 'app', 'a layer of interest')
    phys = await physOf(registry, 'a layer of interest')
    original = await mkdtemp(join(tmpdir(), 'stowage-backup-'))
    const { directory: data, services } = registry
    const { metadata, clock } = services
    const options = { withKeys: true, withAudit: true, version: 'test', clock, ids: randomIds, report: silent }
    await backUp({ ...options, data, metadata, directory: original })
    await registry.close()
  })
  after(() => rm(original, { recursive: true }))

  /** A copy of a backup; `tamper` is given its directory and the state's. */
  async function tampered(t: TestContext, tamper: (directory: string, state: string) => Promise<void>) {
    const place = await mkdtemp(join(tmpdir(), 'stowage-backup-'))
    t.after(() => rm(place, { recursive: true }))
    const directory = join(place, 'backup')
    await cp(original, directory, { recursive: true })
    const record = JSON.parse(await readFile(join(directory, 'backup.json'), 'utf8')) as BackupRecord // its own
    await tamper(directory, join(directory, record.state))
    return { data: join(place, 'new'), directory, record }
  }

  /** Changes `backup.json` so that it says of the state's files what is true. */
  async function reseal(directory: string, state: string): Promise<void> {
    const file = join(directory, 'backup.json')
    const record = JSON.parse(await readFile(file, 'utf8')) as {
      files: { name: string; bytes: number; digest: string }[]
    }
    for (const one of record.files) {
      const bytes = await readFile(join(state, one.name))
      Object.assign(one, { bytes: bytes.length, digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}` })
    }
    await writeFile(file, JSON.stringify(record))
  }

  const inDatabase = (statements: string) => async (directory: string, state: string) => {
    const database = new DatabaseSync(join(state, 'metadata.db'), { enableForeignKeyConstraints: false })
    database.exec(statements)
    database.close()
    await reseal(directory, state)
  }
  const inRecord = (change: object) => async (directory: string) => {
    const file = join(directory, 'backup.json')
    await writeFile(file, JSON.stringify({ ...(JSON.parse(await readFile(file, 'utf8')) as object), ...change }))
  }
  const insertBlob = (phys: string, size = '1') =>
    inDatabase(
      `insert into blob (digest, size, phys, created_at_ms, verified_at_ms, bad) values ('sha256:${'a'.repeat(64)}', ${size}, '${phys}', 0, 0, 0)`,
    )

  const refusals: readonly (readonly [string, (directory: string, state: string) => Promise<void>, RegExp])[] = [
    ['a state elsewhere', inRecord({ state: '../../etc' }), /is not that of a backup this version of stowage can read/],
    [
      'a file of another name',
      inRecord({ files: [{ name: '../x', bytes: 1, digest: `sha256:${'0'.repeat(64)}` }] }),
      /is not that of a backup/,
    ],
    ['members nobody knows', inRecord({ extra: 1 }), /is not that of a backup/],
    [
      'a record that is no JSON',
      (directory) => writeFile(join(directory, 'backup.json'), 'hello'),
      /is not that of a backup/,
    ],
    [
      'a record of five megabytes',
      (directory) => writeFile(join(directory, 'backup.json'), 'x'.repeat(5_000_000)),
      /is too large to be that of a backup/,
    ],
    ['a record that is a link', (directory) => asLink(join(directory, 'backup.json')), /cannot read .*ELOOP/],
    [
      'a backup that was never finished',
      (directory) => writeFile(join(directory, 'backup.json'), '{"format":1,"complete":false}'),
      /was never finished: make it again/,
    ],
    ['a state that is a link', (_, state) => asLink(state), /is missing, or no directory/],
    [
      'a database that is a link',
      (_, state) => asLink(join(state, 'metadata.db')),
      /is not what backup\.json says it is/,
    ],
    [
      'a database of other bytes',
      (_, state) => writeFile(join(state, 'metadata.db'), 'x'),
      /is not what backup\.json says it is/,
    ],
    [
      'a database that is none',
      async (directory, state) => {
        await writeFile(join(state, 'metadata.db'), 'x'.repeat(8192))
        await reseal(directory, state)
      },
      /the database of the backup can not be used: file is not a database/,
    ],
    [
      'a trigger',
      inDatabase('create trigger t after delete on upload begin delete from tag; end'),
      /it holds "t", which is neither a table nor an index/,
    ],
    ['a view', inDatabase('create view v as select 1'), /it holds "v", which is neither a table nor an index/],
    [
      'a virtual table',
      inDatabase('create virtual table f using fts5(x)'),
      /it holds "f", which is neither a table nor an index/,
    ],
    [
      'a reference that leads nowhere',
      inDatabase(`insert into tag values ('r', 'v', 'd', 0)`),
      /a row of tag refers to one of manifest that is not there/,
    ],
    [
      'a layer file outside of the directory',
      insertBlob('../../etc/passwd'),
      /names a layer file "..\/..\/etc\/passwd", which is none of this program's/,
    ],
    ['a layer of negative size', insertBlob(`aa/${'a'.repeat(32)}`, '-1'), /which is none of this program's/],
    [
      'a logo outside of the directory',
      inDatabase(`insert into catalog_data select id, '{"logo":"../../x"}' from repository`),
      /names a logo "..\/..\/x"/,
    ],
    [
      'a directory of layers that is a link',
      (directory) => asLink(join(directory, 'blobs', phys.slice(0, 2))),
      /blobs\/[0-9a-f]{2} is not a directory/,
    ],
    [
      'keys that are none',
      async (directory, state) => {
        await writeFile(join(state, 'keys.json'), '{"keys":[]}')
        await writeFile(join(state, 'secrets.json'), '{}')
        await inRecord({
          files: ['metadata.db', 'keys.json', 'secrets.json'].map((name) => ({
            name,
            bytes: 0,
            digest: `sha256:${'0'.repeat(64)}`,
          })),
        })(directory)
        await reseal(directory, state)
      },
      /cannot use \S+secrets\.json/,
    ],
  ]
  for (const [what, tamper, expected] of refusals)
    test(`with ${what} is refused, and no server starts on what there is`, async (t) => {
      const { data, directory } = await tampered(t, tamper)
      await assert.rejects(restoreTo(data, directory), (error: Error) => {
        assert.equal(error.name, 'BackupError')
        assert.match(error.message, expected)
        return true
      })
      const entries: readonly string[] = existsSync(data) ? readdirSync(data) : []
      assert.ok(entries.length === 0 || entries.includes('restoring'), entries.join())
    })

  for (const [what, damage] of [
    ['other bytes', (path: string) => writeFile(path, 'A LAYER OF INTEREST')],
    ['fewer bytes', (path: string) => truncate(path, 3)],
    ['no file', (path: string) => rm(path)],
    ['a link', (path: string) => asLink(path)],
    [
      'a directory',
      async (path: string) => {
        await rm(path)
        await mkdir(path)
      },
    ],
  ] as const)
    test(`with a layer that is ${what}: it alone is left out`, async (t) => {
      const { data, directory, record } = await tampered(t, async () => {})
      await damage(join(directory, 'blobs', phys))
      const { damaged, copied } = await restoreTo(data, directory)
      assert.deepEqual(
        damaged.map((layer) => layer.phys),
        [phys],
      )
      assert.equal(copied, record.layers - 1)
      const again = await openTestRegistry({ directory: data })
      t.after(() => again.close())
      await assert.rejects(physOf(again, 'a layer of interest'), /the layer is there/)
      await givenLayer(again, 'app', 'a layer of interest')
      await physOf(again, 'a layer of interest')
    })

  test('a layer that the database does not name is not copied', async (t) => {
    const stray = `ab/${'ab'.repeat(16)}`
    const { data, directory } = await tampered(t, async (place) => {
      await mkdir(join(place, 'blobs', 'ab'), { recursive: true })
      await writeFile(join(place, 'blobs', stray), 'stray')
      await writeFile(join(place, 'blobs', 'ab', 'README'), 'hello')
    })
    await restoreTo(data, directory)
    assert.deepEqual(
      readdirSync(join(data, 'blobs', 'ab')).filter((name) => /^(ab)+$|README/.test(name)),
      [],
    )
  })
})

/** Puts a link in the place of something, to the same thing elsewhere. */
async function asLink(path: string): Promise<void> {
  const elsewhere = `${path}.elsewhere`
  await cp(path, elsewhere, { recursive: true })
  await rename(path, `${path}.was`)
  await rm(`${path}.was`, { recursive: true })
  await symlink(elsewhere, path)
}
