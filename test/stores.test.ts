// The stores of a data directory as commands open them: beside a server, or instead of one.

import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, test } from 'node:test'

import { lockForServer, openStores, openStoresForCommand, type Stores } from '../src/stores.ts'

const onFatal = (error: Error) => assert.fail(error)

let data = ''
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'stowage-stores-'))
})
afterEach(() => rm(data, { recursive: true }))

async function serverOn(directory: string): Promise<Stores & AsyncDisposable> {
  await using opened = new AsyncDisposableStack()
  await lockForServer(directory, opened)
  const stores = await openStores({ data: directory, onFatal }, opened)
  const kept = opened.move()
  return { ...stores, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

const trash = async ({ metadata }: Stores) =>
  (await metadata.read.trash.due(Number.MAX_SAFE_INTEGER, 10)).map((item) => item.phys)

describe('stores for a command', () => {
  test('refuse a directory that is not one of ours, and leave nothing in it', async () => {
    await writeFile(join(data, 'letter.txt'), 'dear all')
    await mkdir(join(data, 'metadata.db'))
    const missing = join(data, 'nowhere')
    for (const directory of [data, missing])
      await assert.rejects(openStoresForCommand({ data: directory, onFatal }), {
        name: 'StartError',
        message: `${directory} is not a data directory of stowage (it has no metadata.db): name one with --data`,
      })
    assert.deepEqual(await readdir(data), ['letter.txt', 'metadata.db'])
    assert.deepEqual(await readdir(join(data, 'metadata.db')), [])
  })

  test('without a server: nobody else can start until they are closed', async () => {
    await (await serverOn(data))[Symbol.asyncDispose]()
    const stores = await openStoresForCommand({ data, onFatal })
    assert.equal(stores.server, undefined)
    await using opened = new AsyncDisposableStack()
    await assert.rejects(lockForServer(data, opened), { name: 'StartError' })
    await stores[Symbol.asyncDispose]()
    await lockForServer(data, opened)
  })

  test('beside a server: each sees what the other commits', async () => {
    await using server = await serverOn(data)
    await using command = await openStoresForCommand({ data, onFatal })
    assert.deepEqual(command.server, { pid: process.pid })
    await server.metadata.write((tx) => tx.trash.put(`00/${'00'.repeat(16)}`, 'a test', 0))
    await command.metadata.write((tx) => tx.trash.put(`11/${'11'.repeat(16)}`, 'a test', 0))
    for (const stores of [server, command])
      assert.deepEqual(await trash(stores), [`00/${'00'.repeat(16)}`, `11/${'11'.repeat(16)}`])
  })

  test('beside a server: what it is just writing stays', async () => {
    await using server = await serverOn(data)
    const half = join(data, 'logos', `${'a'.repeat(64)}-${'b'.repeat(16)}.png.new`)
    await writeFile(half, 'half of a logo')
    await using _ = await openStoresForCommand({ data, onFatal })
    assert.equal(await readFile(half, 'utf8'), 'half of a logo')
    await server.metadata.ping()
  })

  test('make no directory that is missing, and find nothing in it', async () => {
    await (await serverOn(data))[Symbol.asyncDispose]()
    for (const name of ['blobs', 'uploads', 'logos']) await rm(join(data, name), { recursive: true })
    await using stores = await openStoresForCommand({ data, onFatal })
    for (const listing of [stores.blobs.list(), stores.blobs.listUploads(), stores.logos.list()])
      for await (const found of listing) assert.deepEqual(found, [])
    assert.deepEqual(
      (await readdir(data)).filter((name) => ['blobs', 'uploads', 'logos'].includes(name)),
      [],
    )
  })

  test('refuse a database of an older version, and leave it as it is', async () => {
    await (await serverOn(data))[Symbol.asyncDispose]()
    const database = new DatabaseSync(join(data, 'metadata.db'))
    database.exec("delete from kysely_migration where name = '0002-public-registries'")
    database.close()
    await assert.rejects(openStoresForCommand({ data, onFatal }), {
      name: 'StartError',
      message: /written by an older version .*0002-public-registries.*start the server once/,
    })
    // The directory is free again.
    await using opened = new AsyncDisposableStack()
    await lockForServer(data, opened)
  })
})
