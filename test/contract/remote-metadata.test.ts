// Metadata of a process that does not write itself: its transactions go as messages to the one that does.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'

import { type Calls, openCalls } from '../../src/lib/calls.ts'
import { openConnection } from '../../src/storage/sql/sqlite/connection.ts'
import { openSqliteMetadata, type SqliteMetadata } from '../../src/storage/sql/sqlite/open-sqlite-metadata.ts'
import { hostTransactions, type HostedTransactions } from '../../src/storage/sql/sqlite/transaction-host.ts'
import { metadataContract } from './metadata.ts'
import { registry, repositoryNamed, type MetadataUnderTest } from './metadata-samples.ts'

const unexpected = (error: Error) => assert.fail(error)

interface Pair {
  /** Of the process that writes. */
  readonly local: SqliteMetadata
  readonly remote: SqliteMetadata
  readonly hosted: HostedTransactions
  readonly close: () => Promise<void>
}

/** Both in this process; what goes between them is copied as between two. */
async function openPair(file: string, turnMs = 30_000): Promise<Pair> {
  const local = await openSqliteMetadata({ file, onFatal: unexpected })
  const hosted = hostTransactions(local.writer, turnMs)
  const back: Calls<HostedTransactions> = openCalls(hosted, (messages) => there.receive(structuredClone(messages)))
  const there: Calls<HostedTransactions> = openCalls({}, (messages) => back.receive(structuredClone(messages)))
  const remote = await openSqliteMetadata({
    file,
    onFatal: unexpected,
    host: {
      begin: (id) => there.tell('begin', id),
      run: (id, text, parameters) => there.call('run', id, text, parameters),
      commit: (id) => there.call('commit', id),
      rollBack: (id) => there.call('rollBack', id),
      runWhole: (steps) => there.call('runWhole', steps),
    },
  })
  const close = async () => {
    await remote.close()
    await local.close()
  }
  return { local, remote, hosted, close }
}

async function underTest(place?: string): Promise<MetadataUnderTest> {
  const directory = place ?? (await mkdtemp(join(tmpdir(), 'stowage-remote-')))
  const { remote, close } = await openPair(join(directory, 'metadata.db'))
  return {
    metadata: remote,
    reopen: async () => {
      await close()
      return underTest(directory)
    },
    dispose: async () => {
      await close()
      await rm(directory, { recursive: true })
    },
  }
}

metadataContract('SQLite that another process writes', () => underTest())

describe('transactions of another process', () => {
  /** Such writes are not tried as a whole first. */
  const inSteps = 'makes room'
  async function openIn(t: TestContext, turnMs?: number): Promise<Pair> {
    const directory = await mkdtemp(join(tmpdir(), 'stowage-remote-'))
    const pair = await openPair(join(directory, 'metadata.db'), turnMs)
    t.after(async () => {
      await pair.close()
      await rm(directory, { recursive: true })
    })
    return pair
  }
  const names = async ({ local }: Pair) => {
    const found = await Promise.all(
      ['left', 'kept', 'later'].map((name) => local.read.repositories.find(registry, name)),
    )
    return found.flatMap((repository) => repository?.name ?? [])
  }

  test('what one process committed is read by the other at once, in the same turn of its loop too', async (t) => {
    const { local, remote } = await openIn(t)
    for (let round = 0; round < 50; round++) {
      const name = `round-${round}`
      // A snapshot of before.
      assert.equal(await remote.read.repositories.find(registry, name), undefined)
      const byOther = round % 2 === 0
      await (byOther ? local : remote).write((tx) => tx.repositories.create(repositoryNamed(name), []))
      // It is told of what others did; of its own it knows.
      if (byOther) remote.renew()
      assert.equal((await remote.read.repositories.find(registry, name))?.name, name)
      assert.equal((await local.read.repositories.find(registry, name))?.name, name)
    }
  })

  test('whoever committed reads it, also where the snapshot of the same turn of the loop is older', async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'stowage-remote-'))
    const file = join(directory, 'metadata.db')
    await (await openSqliteMetadata({ file, onFatal: unexpected })).close()
    const other = openConnection(file, 0)
    // Answers without leaving the turn, which messages do only now and then.
    const remote = await openSqliteMetadata({
      file,
      onFatal: unexpected,
      host: {
        begin: () => other.execute('begin immediate'),
        run: async (_, text, parameters) => other.run(text, parameters),
        commit: async () => other.execute('commit'),
        rollBack: async () => other.execute('rollback'),
        runWhole: async () => false,
      },
    })
    t.after(async () => {
      await remote.close()
      other.close()
      await rm(directory, { recursive: true })
    })
    assert.equal(await remote.read.repositories.find(registry, 'new'), undefined)
    await remote.write((tx) => tx.repositories.create(repositoryNamed('new'), []), inSteps)
    assert.equal((await remote.read.repositories.find(registry, 'new'))?.name, 'new')
  })

  test('nothing stays of what a process did not commit that is gone, and others go on', async (t) => {
    const pair = await openIn(t)
    await pair.remote.write((tx) => tx.repositories.create(repositoryNamed('kept'), []))
    const begun = Promise.withResolvers<void>()
    const goOn = Promise.withResolvers<void>()
    const left = pair.remote
      .write(async (tx) => {
        await tx.repositories.create(repositoryNamed('left'), [])
        begun.resolve()
        await goOn.promise
      }, inSteps)
      .then(
        () => assert.fail('it was committed'),
        () => {},
      )
    await begun.promise
    const waits = pair.local.write((tx) => tx.repositories.create(repositoryNamed('later'), []))
    await pair.hosted.end()
    await waits
    goOn.resolve()
    await left
    assert.deepEqual(await names(pair), ['kept', 'later'])
  })

  test('one that stands still loses its turn, and nothing of it stays whatever it sends later', async (t) => {
    const pair = await openIn(t, 100)
    const goOn = Promise.withResolvers<void>()
    const late = pair.remote.write(async (tx) => {
      await tx.repositories.create(repositoryNamed('left'), [])
      await goOn.promise
      await tx.repositories.create(repositoryNamed('kept'), [])
    }, inSteps)
    const refused = assert.rejects(late, /took longer than 100 ms/)
    await delay(20)
    await pair.local.write((tx) => tx.repositories.create(repositoryNamed('later'), []))
    goOn.resolve()
    await refused
    assert.deepEqual(await names(pair), ['later'])
  })
})
