// `stowage backup` and `stowage restore` as a user calls them: beside a server at work, cut by kill -9, and what they refuse.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'

import { plainClient, type PlainClient } from './plain-client.ts'
import { dataDirectory, run, serve, start, type Server } from './program.ts'

/** Layers go seconds after nothing names them. */
const hasty = ['--dev', '--lease-hours', '0.0005', '--collect-minutes', '0.005', '--log-level', 'error']
const KiB = 1024

async function backUp(directory: string, data: string): Promise<BackupAnswer> {
  const { code, stdout, stderr } = await run(['backup', directory, '--data', data, '--json'])
  assert.deepEqual([code, stderr], [0, ''])
  return JSON.parse(stdout) as BackupAnswer // its own output
}

interface BackupAnswer {
  readonly images: number
  readonly copied: number
  readonly kept: number
  readonly damaged: readonly string[]
  readonly state: string
}

async function restored(t: TestContext, directory: string): Promise<Server> {
  const data = dataDirectory(t)
  const { code, stdout, stderr } = await run(['restore', directory, '--data', data])
  assert.deepEqual([code, stderr], [0, ''])
  assert.match(stdout, /^restored into \S+, as of \S+: \d+ repositories, \d+ images, \d+ layers of /)
  return serve(t, ['--dev'], data)
}

async function stop({ child, ended }: Server): Promise<void> {
  child.kill('SIGTERM')
  assert.equal((await ended).code, 0)
}

/** As clients do: what was collected before the manifest came is pushed again. */
async function pushPatiently(client: PlainClient, tag: string, layers: readonly Buffer[]) {
  for (;;) {
    try {
      return await client.push('app', tag, layers)
    } catch (error) {
      if (!/MANIFEST_BLOB_UNKNOWN/.test(String(error))) throw error
    }
  }
}

/** Reads every image that is listed, and gives how many there were. */
async function readAll(client: PlainClient, repository = 'app'): Promise<number> {
  const tags = await client.tags(repository)
  for (const tag of tags) await client.readWhole(repository, tag)
  return tags.length
}

describe('a backup beside a server', () => {
  test('that takes pushes and deletes and collects: each restores to a registry whose images are whole', async (t) => {
    const { origin, data } = await serve(t, hasty)
    const client = plainClient(origin)
    await client.createRepository('app')
    await client.beginUpload('app', randomBytes(KiB))
    const shared = randomBytes(300 * KiB)
    const working = new AbortController()
    let deleted = 0
    const work = async (name: string) => {
      const mine: Parameters<PlainClient['deleteImage']>[1][] = []
      for (let at = 0; !working.signal.aborted; at++) {
        mine.push(await pushPatiently(client, `${name}-${at}`, [shared, randomBytes(40 * KiB), randomBytes(KiB)]))
        await delay(20)
        if (mine.length < 6) continue
        await client.deleteImage('app', mine.shift() ?? assert.fail('there are six'))
        deleted++
      }
    }
    const workers = Promise.all(['a', 'b', 'c'].map(work))
    const directories = Array.from({ length: 3 }, (_, at) => join(dirname(data), `backup-${at}`))
    // From ten seconds on the layers of deleted images go.
    await delay(13_000)
    for (const directory of directories) {
      await delay(500)
      assert.deepEqual((await backUp(directory, data)).damaged, [])
    }
    working.abort()
    await workers
    assert.ok(deleted > 20, `${deleted} images were deleted meanwhile`)
    for (const directory of directories) {
      const server = await restored(t, directory)
      const images = await readAll(plainClient(server.origin))
      assert.ok(images >= 15, `${images} images`)
      assert.deepEqual(readdirSync(join(server.data, 'uploads')), [])
      const found = await run(['env', '--data', server.data, '--format', 'json'])
      const original = await run(['env', '--data', data, '--format', 'json'])
      assert.equal(keyIn(found.stdout), keyIn(original.stdout))
      await stop(server)
    }
  })

  test('again into the same directory copies what is new, and removes what is gone', async (t) => {
    const server = await serve(t, hasty)
    const client = plainClient(server.origin)
    await client.createRepository('app')
    const gone = await client.push('app', 'gone', [randomBytes(KiB)])
    await client.push('app', 'stays', [randomBytes(KiB)])
    const directory = join(dirname(server.data), 'backup')
    const first = await backUp(directory, server.data)
    assert.deepEqual([first.images, first.copied, first.kept], [2, 4, 0])
    await client.deleteImage('app', gone)
    await client.push('app', 'new', [randomBytes(KiB)])
    const files = () => globSync('blobs/*/*', { cwd: server.data }).toSorted()
    // A reader that looked them up before may open them for ten seconds.
    while (files().length > 4) await delay(50)
    const second = await backUp(directory, server.data)
    assert.deepEqual([second.images, second.copied, second.kept], [2, 2, 2])
    assert.deepEqual(globSync('blobs/*/*', { cwd: directory }).toSorted(), files())
    assert.deepEqual(
      readdirSync(directory).filter((name) => name.startsWith('state-')),
      [second.state],
    )
    const again = await restored(t, directory)
    assert.deepEqual(await plainClient(again.origin).tags('app'), ['new', 'stays'])
  })

  test('is for its owner only, and has no keys when it shall not', async (t) => {
    const { data } = await serve(t)
    const directory = join(dirname(data), 'backup')
    const { state } = await backUp(directory, data)
    const files = () => readdirSync(directory, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())
    for (const file of files()) assert.equal(statSync(join(file.parentPath, file.name)).mode & 0o077, 0, file.name)
    assert.deepEqual(readdirSync(join(directory, state)).toSorted(), ['keys.json', 'metadata.db', 'secrets.json'])
    const { code, stdout } = await run(['backup', directory, '--data', data, '--without-keys'])
    assert.equal(code, 0)
    assert.match(stdout, /^without keys: a restored server makes new ones$/m)
    assert.deepEqual(
      files()
        .map((file) => file.name)
        .toSorted(),
      ['backup.json', 'lock.db', 'metadata.db'],
    )
    await stop(await restored(t, directory))
  })
})

describe('what is cut by kill -9', () => {
  /** A data directory whose copying takes a while, and no server on it. */
  async function filled(t: TestContext): Promise<string> {
    const server = await serve(t, ['--dev'])
    const client = plainClient(server.origin)
    await client.createRepository('app')
    await client.push('app', 'first', [randomBytes(KiB)])
    await client.createRepository('more')
    const layers = () => Array.from({ length: 40 }, () => randomBytes(512 * KiB))
    for (let at = 0; at < 3; at++) await client.push('more', `v${at}`, layers())
    await stop(server)
    return server.data
  }

  /** Starts a command and kills it when some files are copied, but not all. */
  async function killInTheMiddle(args: readonly string[], copies: string): Promise<void> {
    const count = () => globSync('blobs/*/*', { cwd: copies }).filter((name) => !name.endsWith('.new')).length
    const before = existsSync(copies) ? count() : 0
    const program = start(args)
    while (program.child.exitCode === null && (!existsSync(copies) || count() < before + 10)) await delay(2)
    program.child.kill('SIGKILL')
    assert.equal((await program.ended).code, null, 'it was killed, not finished')
  }

  test('a backup: the one before it is as it was, and the next one is whole', async (t) => {
    const server = await serve(t, ['--dev'])
    const client = plainClient(server.origin)
    await client.createRepository('app')
    await client.push('app', 'first', [randomBytes(KiB)])
    const directory = join(dirname(server.data), 'backup')
    await backUp(directory, server.data)
    const record = readFileSync(join(directory, 'backup.json'), 'utf8')
    for (let at = 0; at < 3; at++)
      await client.push(
        'app',
        `v${at}`,
        Array.from({ length: 40 }, () => randomBytes(512 * KiB)),
      )

    await killInTheMiddle(['backup', directory, '--data', server.data], directory)
    assert.equal(readFileSync(join(directory, 'backup.json'), 'utf8'), record)
    const old = await restored(t, directory)
    assert.equal(await readAll(plainClient(old.origin)), 1)
    await stop(old)

    const { kept } = await backUp(directory, server.data)
    assert.ok(kept >= 10, `${kept} files were kept`)
    assert.deepEqual(globSync(['**/*.new', 'state-*'], { cwd: directory }).length, 1)
    assert.equal(await readAll(plainClient((await restored(t, directory)).origin)), 4)
  })

  test('a restore: no server starts on it, and the next one goes on', async (t) => {
    const original = await filled(t)
    const directory = join(dirname(original), 'backup')
    await backUp(directory, original)
    const data = dataDirectory(t)
    await killInTheMiddle(['restore', directory, '--data', data], data)
    const sentence = `stowage: ${data} holds a backup that was not restored to the end: run "stowage restore BACKUP --data ${data}" again, or remove the directory\n`
    for (const command of [
      ['serve', '--port', '0'],
      ['backup', join(dirname(data), 'other')],
    ])
      assert.deepEqual(await run([...command, '--data', data]), { code: 1, stdout: '', stderr: sentence })
    const { code, stdout, stderr } = await run(['restore', directory, '--data', data, '--json'])
    assert.deepEqual([code, stderr], [0, ''])
    assert.ok((JSON.parse(stdout) as BackupAnswer).kept >= 10, stdout)
    const client = plainClient((await serve(t, ['--dev'], data)).origin)
    assert.deepEqual([await readAll(client), await readAll(client, 'more')], [1, 3])
  })
})

describe('what is refused', () => {
  test('places that are not for backups', async (t) => {
    const server = await serve(t)
    const parent = dirname(server.data)
    const other = dataDirectory(t)
    await stop(await serve(t, [], other))
    mkdirSync(join(parent, 'full'))
    writeFileSync(join(parent, 'full', 'letter.txt'), 'dear all')
    const within = (directory: string) =>
      `stowage: a backup into ${directory} would lie within the data directory ${server.data}, or around it: choose another place\n`
    const refusals: readonly (readonly [string, string])[] = [
      [server.data, within(server.data)],
      [join(server.data, 'a', 'b'), within(join(server.data, 'a', 'b'))],
      [parent, within(parent)],
      [other, `stowage: ${other} is a data directory: choose another place for the backup\n`],
      [
        join(parent, 'full'),
        `stowage: ${join(parent, 'full')} is neither empty nor a backup: choose another place, so that nothing in it is lost\n`,
      ],
    ]
    for (const [directory, stderr] of refusals)
      assert.deepEqual(await run(['backup', directory, '--data', server.data]), { code: 1, stdout: '', stderr })
    assert.deepEqual(readdirSync(join(parent, 'full')), ['letter.txt'])
    assert.equal(existsSync(join(server.data, 'a')), false)
  })

  test('a restore into a directory that is in use, or not empty, or from what is no backup', async (t) => {
    const server = await serve(t)
    const parent = dirname(server.data)
    const directory = join(parent, 'backup')
    const fresh = join(parent, 'fresh')
    const restore = (from: string, data: string) => run(['restore', from, '--data', data])
    const refused = (sentence: string) => ({ code: 1, stdout: '', stderr: `stowage: ${sentence}\n` })
    assert.deepEqual(await restore(directory, fresh), refused(`${directory} is not a backup (it has no backup.json)`))
    await backUp(directory, server.data)
    const notEmpty = `${server.data} is not empty: a backup is restored into a new or empty directory only`
    assert.deepEqual(await restore(directory, server.data), refused(notEmpty))
    await stop(server)
    assert.deepEqual(await restore(directory, server.data), refused(notEmpty))
    assert.equal(existsSync(fresh), false)
  })

  test('a backup of a newer version', async (t) => {
    const server = await serve(t)
    const directory = join(dirname(server.data), 'backup')
    await stop(server)
    const database = new DatabaseSync(join(server.data, 'metadata.db'))
    await backUp(directory, server.data)
    database.exec(`insert into kysely_migration values ('9999-from-the-future', '2030-01-01T00:00:00.000Z')`)
    database.close()
    const { code, stderr } = await run(['backup', directory, '--data', server.data])
    assert.equal(code, 1)
    assert.match(stderr, /^stowage: cannot open the database \S+: the database was written by a newer version/)
  })
})

const keyIn = (text: string): string => /"AWS_SECRET_ACCESS_KEY": "([^"]+)"/.exec(text)?.[1] ?? assert.fail(text)
