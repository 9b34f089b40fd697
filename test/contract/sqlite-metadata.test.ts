import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdtemp, open as openFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test, type Mock } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import { Kysely } from 'kysely'
import type { Metadata } from '../../src/domain/ports/metadata.ts'
import { StillReferencedError, StorageBusyError, StorageFullError } from '../../src/domain/ports/storage-errors.ts'
import { createSqlMetadata } from '../../src/storage/sql/metadata.ts'
import { openConnection } from '../../src/storage/sql/sqlite/connection.ts'
import { directDialect, writerDialect } from '../../src/storage/sql/sqlite/dialect.ts'
import { toStorageError } from '../../src/storage/sql/sqlite/errors.ts'
import { logBytesMax } from '../../src/storage/sql/sqlite/log-file.ts'
import { openSqliteMetadata, type SqliteOptions } from '../../src/storage/sql/sqlite/open-sqlite-metadata.ts'
import { openWriter } from '../../src/storage/sql/sqlite/writer.ts'
import type { Tables } from '../../src/storage/sql/tables.ts'
import { metadataContract } from './metadata.ts'
import { imageOf, newRepository, registry, repositoryNamed, type MetadataUnderTest } from './metadata-samples.ts'

const run = promisify(execFile)
const unexpected = (error: Error) => assert.fail(error)

async function underTest(openAt: (file: string) => Promise<Metadata>, place?: string): Promise<MetadataUnderTest> {
  const directory = place ?? (await mkdtemp(join(tmpdir(), 'stowage-metadata-')))
  const metadata = await openAt(join(directory, 'metadata.db'))
  return {
    metadata,
    reopen: async () => {
      await metadata.close()
      return underTest(openAt, directory)
    },
    dispose: async () => {
      await metadata.close()
      await rm(directory, { recursive: true })
    },
  }
}

metadataContract('SQLite', () => underTest((file) => openSqliteMetadata({ file, onFatal: unexpected })))

describe('the statements that the contract runs', () => {
  const texts = new Set<string>()

  /** The same engine, with every statement noted. */
  async function openNoting(file: string): Promise<Metadata> {
    await (await openSqliteMetadata({ file, onFatal: unexpected })).close()
    const connection = openConnection(file, 0)
    const nothing = () => {}
    const ofWriter = {
      file,
      busyMs: 1000,
      logBytesMax,
      onFatal: unexpected,
      commitBegins: nothing,
      commitEnded: nothing,
    }
    const writer = await openWriter(ofWriter)
    const log = (event: { readonly query: { readonly sql: string } }) => void texts.add(event.query.sql)
    return createSqlMetadata({
      reader: new Kysely<Tables>({ dialect: directDialect(connection, () => {}), log }),
      writer: new Kysely<Tables>({ dialect: writerDialect(writer), log }),
      toStorageError,
      close: async () => {
        connection.close()
        await writer.close()
      },
    })
  }

  metadataContract('SQLite, noting its statements', () => underTest(openNoting))

  test('walk an index: no scan of a table, no sort', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'stowage-plans-'))
    const file = join(directory, 'metadata.db')
    await (await openSqliteMetadata({ file, onFatal: unexpected })).close()
    const database = new DatabaseSync(file)
    try {
      assert.ok(texts.size > 85, `${texts.size} statements were noted`)
      const bad: string[] = []
      for (const text of texts) {
        // Its answer is whatever row comes first.
        if (text === 'select "id" from "repository" limit ?') continue
        const plan = database
          .prepare(`explain query plan ${text}`)
          .all()
          .map((row) => String(row['detail']))
        if (plan.some(isSearch(text) ? isSlowSearch : isSlow)) bad.push([text.slice(0, 400), ...plan].join('\n    '))
      }
      assert.equal(bad.length, 0, bad.join('\n'))
    } finally {
      database.close()
      await rm(directory, { recursive: true })
    }
  })

  test('a deletion looks for what still refers to its row by the index of references, not through the repository', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'stowage-plans-'))
    const file = join(directory, 'metadata.db')
    await (await openSqliteMetadata({ file, onFatal: unexpected })).close()
    const database = new DatabaseSync(file)
    try {
      const roots = database.prepare('select name, rootpage from sqlite_schema').all()
      const names = new Map(roots.map((row) => [row['rootpage'], row['name']]))
      for (const [text, index] of [
        ['delete from manifest where repository_id = ? and digest = ?', 'tag_by_digest'],
        ['delete from repo_blob where repository_id = ? and digest = ?', 'manifest_blob_by_digest'],
        ['delete from blob where digest = ?', 'repo_blob_by_digest'],
      ] as const) {
        const steps = database.prepare(`explain ${text}`).all()
        const read = steps.filter((row) => row['opcode'] === 'OpenRead').map((row) => names.get(row['p2']))
        assert.ok(read.includes(index), `${text}: ${read.join()}`)
      }
    } finally {
      database.close()
      await rm(directory, { recursive: true })
    }
  })

  const isSlow = (step: string) =>
    (/\bSCAN\b/.test(step) && !/VALUES CLAUSE|CONSTANT ROW/.test(step)) || /TEMP B-TREE/.test(step)

  // What the words of a search lead to is gathered, `found`, and sorted; but it is led to by an index, and from there on by keys.
  const isSearch = (text: string) => text.startsWith('select') && text.includes('"gallery_')
  const isSlowSearch = (step: string) =>
    isSlow(step.replace(/^SCAN (?:found|some)$|^USE TEMP B-TREE FOR (?:ORDER BY|DISTINCT)$/, ''))
})

describe('the SQLite engine', () => {
  let directory = ''
  let count = 0
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'stowage-sqlite-'))
  })
  after(() => rm(directory, { recursive: true }))
  const newFile = () => join(directory, `${count++}.db`)

  async function withMetadata(
    options: Partial<SqliteOptions>,
    use: (metadata: Metadata, file: string) => Promise<void>,
  ): Promise<void> {
    const file = options.file ?? newFile()
    const metadata = await openSqliteMetadata({ file, onFatal: unexpected, ...options })
    try {
      await use(metadata, file)
    } finally {
      await metadata.close()
    }
  }

  test('every connection has the settings that durability rests on', () => {
    const connection = openConnection(newFile(), 1234)
    const setting = (name: string) => Object.values(Object(connection.run(`pragma ${name}`, []).rows[0]))[0]
    assert.deepEqual(
      ['journal_mode', 'synchronous', 'foreign_keys', 'busy_timeout', 'trusted_schema', 'cell_size_check'].map(setting),
      ['wal', 2, 1, 1234, 0, 1],
    )
    connection.close()
  })

  test('a database that does not take the settings is not opened', () => {
    // One in memory has no write-ahead log, as one on a network file system has none.
    assert.throws(() => openConnection(':memory:', 0), /does not take the setting journal_mode=wal \(it stays memory\)/)
  })

  test('a database of a newer program is refused with a sentence', async () => {
    const file = newFile()
    await withMetadata({ file }, async () => {})
    const database = new DatabaseSync(file)
    database.exec(`insert into kysely_migration values ('9999-from-the-future', '2030-01-01T00:00:00.000Z')`)
    database.close()
    await assert.rejects(
      openSqliteMetadata({ file, onFatal: unexpected }),
      /newer version of this program .*9999-from-the-future/,
    )
  })

  test('a lock held by another process makes writes wait, not the event loop, and then fail as busy', async () => {
    await withMetadata({ busyMs: 300 }, async (metadata, file) => {
      const other = new DatabaseSync(file)
      other.exec('begin immediate')
      let ticks = 0
      const ticking = setInterval(() => ticks++, 5)
      const waiting = metadata.write((tx) => tx.trash.put('waits', 'test', 0))
      await assert.rejects(waiting, StorageBusyError)
      assert.ok(ticks > 10, `the event loop went on: ${ticks} ticks`)
      const patient = metadata.write((tx) => tx.trash.put('patient', 'test', 0))
      await new Promise((resolve) => setTimeout(resolve, 30))
      assert.equal(await metadata.read.phys.isOwned('patient'), false)
      other.exec('rollback')
      other.close()
      await patient
      clearInterval(ticking)
      assert.equal(await metadata.read.phys.isOwned('patient'), true)
      assert.equal(await metadata.read.phys.isOwned('waits'), false)
    })
  })

  test('work that hangs is rolled back after its time, and others go on', async () => {
    await withMetadata({ workMs: 1000 }, async (metadata) => {
      const hanging = metadata.write(async (tx) => {
        await tx.trash.put('hangs', 'test', 0)
        await new Promise(() => {})
      })
      const next = metadata.write((tx) => tx.trash.put('next', 'test', 0))
      await assert.rejects(hanging, /took longer than 1000 ms/)
      await next
      assert.equal(await metadata.read.phys.isOwned('hangs'), false)
      assert.equal(await metadata.read.phys.isOwned('next'), true)
    })
  })

  test('closing finishes the writes that were begun', async () => {
    const file = newFile()
    const metadata = await openSqliteMetadata({ file, onFatal: unexpected })
    const writes = Array.from({ length: 200 }, (_, index) =>
      metadata.write((tx) => tx.trash.put(`closing/${index}`, 'test', 0)),
    )
    const closing = metadata.close()
    assert.deepEqual([...new Set((await Promise.allSettled(writes)).map((one) => one.status))], ['fulfilled'])
    await closing
    await withMetadata({ file }, async (again) => assert.equal((await again.read.trash.due(0, 1000)).length, 200))
  })

  test('what was acknowledged is there after kill -9', async () => {
    const file = newFile()
    const child = spawn(process.execPath, [join(import.meta.dirname, 'support', 'write-for-ever.ts'), file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const acknowledged: string[] = []
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged.push(line)
      if (acknowledged.length === 500) child.kill('SIGKILL')
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    assert.equal(child.signalCode, 'SIGKILL')
    await withMetadata({ file }, async (metadata) => {
      const present = new Set((await metadata.read.trash.due(0, 1_000_000)).map((item) => item.phys))
      assert.deepEqual(
        acknowledged.filter((phys) => !present.has(phys)),
        [],
      )
    })
  })

  test('after an unclean stop the database is checked in the background, and damage that no request meets is told', async () => {
    const file = newFile()
    const unclean = newFile()
    await withMetadata({ file }, async (metadata) => {
      const repository = await newRepository(metadata)
      await metadata.write(async (tx) => {
        for (let index = 0; index < 300; index++)
          await tx.images.put(repository.id, imageOf(`{"checked":${index},"x":"${'x'.repeat(900)}"}`), [], [])
      })
    })
    await damage(file)
    // A copy as kill -9 leaves it: the damaged pages, and a log that was not written back.
    await withMetadata({ file }, async (metadata) => {
      await metadata.write((tx) => tx.trash.put('logged', 'test', 0))
      await copyFile(file, unclean)
      await copyFile(`${file}-wal`, `${unclean}-wal`)
    })
    const told = Promise.withResolvers<Error>()
    await withMetadata({ file: unclean, onFatal: told.resolve }, async (metadata) => {
      assert.equal(await metadata.read.phys.isOwned('logged'), true)
      assert.match((await told.promise).message, /the database is damaged/)
    })
  })

  test("the death of the writer's thread is fatal: what was under way fails, nothing hangs", async (t) => {
    const told: Error[] = []
    await withMetadata({ onFatal: (error) => told.push(error) }, async (metadata) => {
      const posted = t.mock.method(Worker.prototype, 'postMessage')
      const writes = Array.from({ length: 20 }, (_, index) =>
        metadata.write((tx) => tx.trash.put(`dying/${index}`, 'test', 0)),
      )
      while (posted.mock.callCount() === 0) await new Promise((resolve) => setImmediate(resolve))
      const thread: unknown = posted.mock.calls[0]?.this
      if (!(thread instanceof Worker)) assert.fail('the writer is a worker')
      await thread.terminate()
      const outcomes = await Promise.allSettled(writes)
      assert.equal(told.length, 1)
      assert.match(told[0]?.message ?? '', /the writer of the database ended/)
      for (const [index, outcome] of outcomes.entries())
        if (outcome.status === 'fulfilled') assert.equal(await metadata.read.phys.isOwned(`dying/${index}`), true)
      assert.ok(outcomes.some((one) => one.status === 'rejected'))
      await assert.rejects(
        metadata.write((tx) => tx.trash.put('after', 'test', 0)),
        (error) => error === told[0],
      )
    })
  })

  /** What was told to the writer's thread, message by message. */
  const kindsOf = (posted: Mock<(message: unknown) => void>): readonly (readonly string[])[] =>
    posted.mock.calls.map(({ arguments: [requests] }) =>
      // The writer sends lists of requests.
      (requests as readonly { readonly kind: string }[]).map(({ kind }) => kind),
    )

  test('a write that looks first and then changes is one message to the thread', async (t) => {
    await withMetadata({}, async (metadata) => {
      const posted = t.mock.method(Worker.prototype, 'postMessage')
      await metadata.write(async (tx) => {
        assert.equal(await tx.phys.isOwned('whole/one'), false)
        await tx.trash.put('whole/one', 'test', 0)
        await tx.trash.put('whole/two', 'test', 0)
      })
      assert.deepEqual(kindsOf(posted), [['whole', 'commit']])
      assert.equal(await metadata.read.phys.isOwned('whole/two'), true)
    })
  })

  test('what a write asks together in steps is one message to the thread, and its end with the commit another one', async (t) => {
    await withMetadata({}, async (metadata) => {
      const posted = t.mock.method(Worker.prototype, 'postMessage')
      const seen = await metadata.write((tx) =>
        Promise.all([
          ...['one', 'two'].map((name) => tx.trash.put(`together/${name}`, 'test', 0)),
          tx.phys.isOwned('together/two'),
        ]),
      )
      assert.equal(seen[2], true)
      assert.deepEqual(kindsOf(posted), [
        ['begin', 'run', 'run', 'run'],
        ['end', 'commit'],
      ])
    })
  })

  test('a write is decided again when what it saw was changed before it was done, and nothing of the first time stays', async () => {
    await withMetadata({}, async (metadata) => {
      const seen: boolean[] = []
      await metadata.write(async (tx) => {
        const isOwned = await tx.phys.isOwned('crossed/one')
        if (seen.push(isOwned) === 1) await metadata.write((other) => other.trash.put('crossed/one', 'test', 0))
        await tx.trash.put(isOwned ? 'crossed/second' : 'crossed/first', 'test', 0)
      })
      assert.deepEqual(seen, [false, true])
      assert.equal(await metadata.read.phys.isOwned('crossed/first'), false)
      assert.equal(await metadata.read.phys.isOwned('crossed/second'), true)
    })
  })

  test('two writes that rest on the same look and come together: the second one is decided on what the first one did', async () => {
    await withMetadata({}, async (metadata) => {
      const takeOne = () =>
        metadata.write(async (tx) => {
          const isOwned = await tx.phys.isOwned('taken/once')
          if (!isOwned) await tx.trash.put('taken/once', 'test', 0)
          return !isOwned
        })
      const taken = await Promise.all(Array.from({ length: 20 }, takeOne))
      assert.equal(taken.filter(Boolean).length, 1)
    })
  })

  test('a change that a key refuses fails as it does in steps, beside others that stay', async () => {
    await withMetadata({}, async (metadata) => {
      const outcomes = await Promise.allSettled([
        metadata.write((tx) => tx.trash.put('beside/one', 'test', 0)),
        metadata.write((tx) => tx.images.put('no such repository', imageOf('{"beside":1}'), [], [])),
        metadata.write((tx) => tx.trash.put('beside/two', 'test', 0)),
      ])
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ['fulfilled', 'rejected', 'fulfilled'],
      )
      assert.equal(outcomes[1].status === 'rejected' && outcomes[1].reason instanceof StillReferencedError, true)
      for (const name of ['one', 'two']) assert.equal(await metadata.read.phys.isOwned(`beside/${name}`), true)
    })
  })

  test('what comes while the thread commits shares the next commit', async (t) => {
    const file = newFile()
    await withMetadata({ file }, async (metadata) => {
      const posted = t.mock.method(Worker.prototype, 'postMessage')
      using other = new DatabaseSync(file)
      // Nothing is committed as long as this one has the lock.
      other.exec('begin immediate')
      const writes: Promise<void>[] = []
      for (let nr = 0; nr < 5; nr++) {
        writes.push(metadata.write((tx) => tx.trash.put(`later/${nr}`, 'test', 0)))
        await nextTurn()
      }
      other.exec('rollback')
      await Promise.all(writes)
      const commits = kindsOf(posted)
        .flat()
        .filter((kind) => kind === 'commit')
      assert.equal(commits.length, 2)
    })
  })

  test('damage is fatal: it is told once, and writes are refused from then on', async () => {
    const file = newFile()
    await withMetadata({ file }, async (metadata) => {
      const repository = await newRepository(metadata)
      await metadata.write(async (tx) => {
        for (let index = 0; index < 300; index++)
          await tx.images.put(repository.id, imageOf(`{"damaged":${index},"x":"${'x'.repeat(900)}"}`), [], [])
      })
    })
    await damage(file)
    const told: Error[] = []
    await withMetadata({ file, onFatal: (error) => told.push(error) }, async (metadata) => {
      const repositories = await metadata.read.repositories.page(registry, undefined, 10)
      const putAll = metadata.write(async (tx) => {
        for (let index = 300; index < 600; index++)
          await tx.images.put(repositories[0]?.id ?? '', imageOf(`{"damaged":${index}}`), [], [])
      })
      await assert.rejects(putAll, /malformed/)
      assert.equal(told.length, 1)
      await assert.rejects(
        metadata.write((tx) => tx.trash.put('after', 'test', 0)),
        (error) => error === told[0],
      )
      assert.equal(told.length, 1)
    })
  })

  /** Overwrites everything after the pages that opening needs. */
  async function damage(file: string): Promise<void> {
    const handle = await openFile(file, 'r+')
    const { size } = await handle.stat()
    const from = Math.floor(size / 2 / 4096) * 4096
    await handle.write(Buffer.alloc(size - from, 0xa5), 0, size - from, from)
    await handle.close()
  }

  const root = process.getuid?.() === 0 && process.platform === 'linux'
  test(
    'a full disk refuses writes and loses nothing',
    { skip: !root && 'needs root to mount a small tmpfs' },
    async (t) => {
      const small = await mkdtemp(join(tmpdir(), 'stowage-full-'))
      try {
        await run('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', small])
      } catch (error) {
        await rm(small, { recursive: true })
        t.skip(`can not mount a tmpfs here: ${String(error)}`)
        return
      }
      try {
        const repository = repositoryNamed('on/a/full/disk')
        await withMetadata({ file: join(small, 'metadata.db') }, async (metadata) => {
          await metadata.write((tx) => tx.repositories.create(repository, []))
          let stored = 0
          const fill = async () => {
            for (; stored < 100; stored++) {
              const image = imageOf(`{"fills":${stored},"x":"${'x'.repeat(100_000)}"}`)
              await metadata.write((tx) => tx.images.put(repository.id, image, [], []))
            }
          }
          await assert.rejects(fill(), StorageFullError)
          assert.ok(stored > 2, `${stored} images fit`)
          assert.equal(await metadata.read.images.count(repository.id), stored)
          assert.deepEqual(await metadata.read.repositories.find(registry, 'on/a/full/disk'), repository)
          await assert.rejects(fill(), StorageFullError)
        })
        await withMetadata({ file: join(small, 'metadata.db') }, async (metadata) => {
          assert.deepEqual(await metadata.read.repositories.find(registry, 'on/a/full/disk'), repository)
        })
      } finally {
        await run('umount', [small])
        await rm(small, { recursive: true })
      }
    },
  )
})
