// A disk that is full to the last byte: pulls and deletes go on, pushes are refused in time, a start succeeds, and it heals by itself.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, statSync, statfsSync, writeSync } from 'node:fs'
import { request, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'

import { plainClient, type PlainClient } from './plain-client.ts'
import { serve, type Server } from './program.ts'

const run = promisify(execFile)
const isRoot = process.getuid?.() === 0 && process.platform === 'linux'
const options = { skip: !isRoot && 'needs root to mount a small tmpfs' }

const KiB = 1024
const MiB = 1024 * KiB
const flags = ['--dev', '--reserve-mib', '0', '--lease-hours', '0.001', '--collect-minutes', '0.005']

/** A data directory on a file system of its own, of 64 MiB; `undefined`, with the test skipped, where none can be had. */
async function smallDisk(t: TestContext): Promise<string | undefined> {
  const place = mkdtempSync(join(tmpdir(), 'stowage-full-'))
  t.after(async () => {
    await run('umount', ['-l', place]).catch(() => {})
    rmSync(place, { recursive: true })
  })
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', place])
  } catch (error) {
    t.skip(`can not mount a tmpfs here: ${String(error)}`)
    return undefined
  }
  return join(place, 'data')
}

/** Takes every byte that is left, by a file of somebody else's. */
function fill(data: string): () => void {
  const file = join(data, '..', 'somebody-elses')
  const descriptor = openSync(file, 'a')
  for (const size of [MiB, 4 * KiB, 1]) {
    try {
      for (;;) writeSync(descriptor, Buffer.alloc(size, 1))
    } catch {
      // No room for a piece of this size.
    }
  }
  closeSync(descriptor)
  assert.equal(statfsSync(data).bavail, 0)
  return () => rmSync(file)
}

const ballastIn = (data: string): number => statSync(join(data, 'ballast'), { throwIfNoEntry: false })?.size ?? 0

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const endMs = Date.now() + 40_000; Date.now() < endMs; await delay(50)) if (await isSo()) return
  assert.fail(`still not so: ${what}`)
}

async function healthOf({ origin }: Server, path: string): Promise<readonly [number, unknown]> {
  const response = await fetch(`${origin}${path}`)
  return [response.status, await response.json()]
}

async function inTime<T>(answer: Promise<T>): Promise<T> {
  const startMs = performance.now()
  const value = await answer
  assert.ok(performance.now() - startMs < 5000, `${performance.now() - startMs} ms`)
  return value
}

const full = '{"errors":[{"code":"UNAVAILABLE","message":"The registry storage is full"}]}'

async function readAll(client: PlainClient, repository: string): Promise<number> {
  const tags = await client.tags(repository)
  for (const tag of tags) await client.readWhole(repository, tag)
  return tags.length
}

test('a full disk refuses pushes, serves and deletes, starts, and heals', options, async (t) => {
  const data = await smallDisk(t)
  if (data === undefined) return
  let server = await serve(t, flags, data)
  let client = plainClient(server.origin)
  await client.createRepository('app')
  await client.createRepository('big')
  await until('the ballast is made', () => ballastIn(data) === 4 * MiB)
  for (let at = 0; at < 3; at++) await client.push('app', `v${at}`, [randomBytes(300 * KiB)])
  let pushed = 0
  await assert.rejects(async () => {
    for (;;) {
      await client.push('big', `v${pushed}`, [randomBytes(2 * MiB)])
      pushed++
    }
  }, /507/)
  assert.ok(pushed > 20, `${pushed} images`)
  const free = fill(data)
  // What was seen of the file system is good for a second.
  await delay(1100)
  assert.deepEqual(await healthOf(server, '/readyz'), [200, { status: 'degraded', reason: 'the storage is full' }])

  const refused = async () => {
    const answer = await inTime(client.send('POST', '/v2/app/blobs/uploads/'))
    assert.deepEqual([answer.status, await answer.text()], [507, full])
    const [status, text] = await inTime(client.call('InitiateLayerUpload', { repositoryName: 'app' }))
    assert.equal(status, 500)
    assert.match(text, /"__type":"ServerException","message":"The registry storage is full"/)
  }
  const serves = async () => {
    assert.equal(await readAll(client, 'app'), 3)
    assert.equal((await healthOf(server, '/readyz'))[0], 200)
  }
  await refused()
  await serves()

  await t.test('it starts after kill -9', async () => {
    server.child.kill('SIGKILL')
    await server.ended.catch(() => {})
    fill(data)
    server = await serve(t, flags, data)
    client = plainClient(server.origin)
    await serves()
  })

  await t.test(
    'it starts after a stop in good order, when its log and index are gone and their room is taken',
    async () => {
      server.child.kill('SIGTERM')
      assert.equal((await server.ended).code, 0)
      fill(data)
      server = await serve(t, flags, data)
      client = plainClient(server.origin)
      await serves()
    },
  )

  await t.test('deletes go on, and their room comes back', async () => {
    fill(data)
    const [status, text] = await client.call('BatchDeleteImage', {
      repositoryName: 'big',
      imageIds: [{ imageTag: 'v0' }],
    })
    assert.deepEqual([status, /"failures":\[\]/.test(text)], [200, true], text)
    const [deleted] = await client.call('DeleteRepository', { repositoryName: 'big', force: true })
    assert.equal(deleted, 200)
    await until('the layers are collected', () => statfsSync(data).bavail * statfsSync(data).bsize > 30 * MiB)
    assert.equal(await readAll(client, 'app'), 3)
    await client.push('app', 'after', [randomBytes(2 * MiB)])
  })

  await t.test('the ballast comes back too', async () => {
    await until('the ballast is whole', () => ballastIn(data) === 4 * MiB)
    assert.deepEqual(await healthOf(server, '/readyz'), [200, { status: 'ok' }])
  })

  await t.test('the first push succeeds when somebody else makes room', async () => {
    free()
    const freeAgain = fill(data)
    await delay(1100)
    await refused()
    freeAgain()
    await client.push('app', 'last', [randomBytes(2 * MiB)])
    assert.equal(await readAll(client, 'app'), 5)
  })
})

test(
  'after a stop in good order no room is left for the log: the ballast gives it, to a start and to deletes',
  options,
  async (t) => {
    const data = await smallDisk(t)
    if (data === undefined) return
    let server = await serve(t, flags, data)
    let client = plainClient(server.origin)
    await client.createRepository('app')
    for (let at = 0; at < 3; at++) await client.push('app', `v${at}`, [randomBytes(300 * KiB)])
    await until('the ballast is made', () => ballastIn(data) === 4 * MiB)
    server.child.kill('SIGTERM')
    assert.equal((await server.ended).code, 0)
    assert.equal(existsSync(join(data, 'metadata.db-wal')), false)
    fill(data)
    server = await serve(t, flags, data)
    client = plainClient(server.origin)
    assert.equal(ballastIn(data), MiB)
    fill(data)
    const imageIds = [{ imageTag: 'v0' }, { imageTag: 'v1' }]
    const [status, text] = await client.call('BatchDeleteImage', { repositoryName: 'app', imageIds })
    assert.deepEqual([status, /"failures":\[\]/.test(text)], [200, true], text)
    const [refused] = await client.call('CreateRepository', { repositoryName: 'other' })
    assert.equal(refused, 500)
    await until('the layers are collected', () => statfsSync(data).bavail * statfsSync(data).bsize > 500 * KiB)
    assert.equal(await readAll(client, 'app'), 1)
  },
)

test('a declared length that has no room is refused before the first byte', options, async (t) => {
  const data = await smallDisk(t)
  if (data === undefined) return
  const { origin } = await serve(t, flags, data)
  const client = plainClient(origin)
  await client.createRepository('app')
  const location = await client.beginUpload('app', Buffer.from('x'))
  const headers = { authorization: `Basic ${Buffer.from('AWS:x').toString('base64')}`, 'content-length': 100 * MiB }
  for (const [method, path] of [
    ['POST', `/v2/app/blobs/uploads/?digest=sha256:${'a'.repeat(64)}`],
    ['PATCH', location],
    ['PUT', `${location}?digest=sha256:${'a'.repeat(64)}`],
  ] as const) {
    const asking = request(new URL(path, origin), { method, headers })
    asking.flushHeaders()
    const [answer] = (await inTime(once(asking, 'response'))) as [IncomingMessage] // node's own event
    assert.equal(answer.statusCode, 507, method)
    asking.on('error', () => {})
    asking.destroy()
  }
  const { status, headers: stood } = await client.send('GET', location)
  assert.deepEqual([status, stood.get('range')], [204, '0-0'])
})
