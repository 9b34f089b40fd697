// `stowage serve --workers 2` from outside: what one worker was told the other knows, whatever it is, and all that a server promises holds when one dies.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'

import { digestOf } from '../../src/lib/digest.ts'
import { isAlive } from '../../src/lib/is-alive.ts'
import { serve } from '../cli/program.ts'
import { eventually } from '../support/http-adapter.ts'
import { type Connection, serveWithWorkers } from './plain-server.ts'

const credential = 'AWS4-HMAC-SHA256 Credential=123456789012/20260101/us-east-1/'

function call(connection: Connection, operation: string, input: object) {
  const [service, target] = operation.startsWith('Stowage')
    ? ['stowage', operation]
    : ['ecr', `AmazonEC2ContainerRegistry_V20150921.${operation}`]
  return connection.send('POST', '/', JSON.stringify(input), {
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': target,
    authorization: `${credential}${service}/aws4_request, SignedHeaders=host, Signature=${'0'.repeat(64)}`,
  })
}

const bytesOf = (text: string, length: number) => Buffer.alloc(length, text)

/** The path of a new upload. */
async function begin(connection: Connection, repository = 'app'): Promise<string> {
  const { headers } = await connection.send('POST', `/v2/${repository}/blobs/uploads/`, '')
  return new URL(headers.location ?? '', 'http://any').pathname
}

test('a push whose requests go to one worker and the other in turn, and what it leaves', async (t) => {
  const { both, stderr, child, ended } = await serveWithWorkers(t)
  const [one, other] = both
  assert.equal((await call(one, 'CreateRepository', { repositoryName: 'app' })).status, 200)
  for (let round = 0; round < 20; round++) {
    const pieces = [bytesOf(`a${round}`, 300_000), bytesOf('b', 70_001), bytesOf('c', 1)]
    const whole = Buffer.concat(pieces)
    const path = await begin(one)
    let at = 0
    for (const [index, piece] of pieces.entries()) {
      const { status, headers } = await both[(index + 1) % 2]!.send('PATCH', path, piece, {
        'content-range': `${at}-${at + piece.length - 1}`,
      })
      assert.equal(status, 202)
      at += piece.length
      assert.equal(headers['range'], `0-${at - 1}`)
    }
    const digest = digestOf(whole)
    const wrong = await other.send('PUT', `${path}?digest=${digestOf('wrong')}`, '')
    assert.deepEqual([wrong.status, JSON.parse(wrong.text).errors[0].code], [400, 'DIGEST_INVALID'])
    assert.equal((await both[round % 2]!.send('PUT', `${path}?digest=${digest}`, '')).status, 201)
    for (const connection of both)
      assert.equal((await connection.send('HEAD', `/v2/app/blobs/${digest}`)).headers['content-length'], String(at))
  }
  const upload = await begin(other)
  const parts = await Promise.all(
    both.map((connection, index) =>
      call(connection, 'UploadLayerPart', {
        repositoryName: 'app',
        uploadId: upload.split('/').at(-1),
        partFirstByte: 0,
        partLastByte: 9,
        layerPartBlob: Buffer.alloc(10, String(index)).toString('base64'),
      }),
    ),
  )
  assert.deepEqual(new Set(parts.map(({ status }) => status)), new Set([200, 400]), 'one of two parts in one place')
  child.kill('SIGTERM')
  assert.equal((await ended).code, 0)
  const lines = stderr()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { readonly level: string; readonly worker?: number })
  assert.deepEqual(new Set(lines.flatMap(({ worker }) => worker ?? [])), new Set([1, 2]))
  assert.deepEqual(
    lines.filter(({ level }) => level !== 'info'),
    [],
  )
})

test('while one worker takes bytes of an upload, the other one refuses it as one process does', async (t) => {
  const { both } = await serveWithWorkers(t)
  const [one, other] = both
  await call(one, 'CreateRepository', { repositoryName: 'app' })
  const path = await begin(one)
  const body = new PassThrough()
  const slow = one.send('PATCH', path, body)
  body.write('12345')
  await delay(300)
  const refused = await other.send('PATCH', path, 'x')
  assert.deepEqual([refused.status, refused.headers['range']], [416, '0-0'])
  const digest = digestOf('1234567890')
  assert.equal((await other.send('PUT', `${path}?digest=${digest}`, '')).status, 416)
  body.end('67890')
  assert.equal((await slow).headers['range'], '0-9')
  assert.equal((await other.send('PUT', `${path}?digest=${digest}`, '')).status, 201)
})

test('a change of identities holds on every worker when it is answered', async (t) => {
  const { both } = await serveWithWorkers(t)
  const [one, other] = both
  for (let round = 0; round < 10; round++) {
    const userName = `user-${round}`
    const made = await call(one, 'Stowage_20261121.CreateUser', { accountId: '123456789012', userName })
    assert.equal(made.status, 200, made.text)
    const found = await call(other, 'Stowage_20261121.ListIdentities', {
      accountId: '123456789012',
      identityType: 'user',
    })
    assert.ok(found.text.includes(userName), found.text)
  }
})

test('figures are those of all processes, and stay when one is gone', async (t) => {
  const { both, workers } = await serveWithWorkers(t)
  for (const connection of both) for (let count = 0; count < 5; count++) await connection.send('GET', '/healthz')
  const counted = async (connection: Connection) => {
    const { text } = await connection.send('GET', '/metrics')
    for (const who of ['primary', 'worker 1', 'worker 2'])
      assert.match(text, new RegExp(`^process_resident_memory_bytes\\{process="${who}"\\} \\d+$`, 'm'))
    return /^stowage_request_duration_seconds_count\{operation="HealthCheck",status="200"\} (\d+)$/m.exec(text)?.[1]
  }
  assert.deepEqual([await counted(both[0]), await counted(both[1])], ['10', '10'])
  process.kill(workers()[0] ?? 0, 'SIGKILL')
  await eventually('the other one has taken its place', () => workers().length === 2)
})

test('wrong logins count wherever they go', async (t) => {
  const { origin, data } = await serve(t, ['--workers', '2'])
  assert.ok(existsSync(join(data, 'lock-workers.db')))
  // Each on a connection of its own.
  const headers = { authorization: `Basic ${Buffer.from('AWS:wrong').toString('base64')}`, connection: 'close' }
  const attempt = async () => (await fetch(`${origin}/v2/`, { headers })).status
  for (let round = 0; round < 10; round++) {
    // The share is that of a second.
    await delay(1_100)
    const beganMs = performance.now()
    const statuses = await Promise.all(Array.from({ length: 30 }, attempt))
    if (performance.now() - beganMs > 900) continue
    assert.equal(statuses.filter((status) => status === 401).length, 20)
    assert.equal(statuses.filter((status) => status === 429).length, 10)
    return
  }
  t.skip('this machine is too slow for 30 requests a second')
})

test('a worker killed in the middle of a push: nothing of it stays half done, the upload goes on, another worker comes', async (t) => {
  const { both, workers, data, connect, stderr } = await serveWithWorkers(t)
  await call(both[0], 'CreateRepository', { repositoryName: 'app' })
  const path = await begin(both[0])
  assert.equal((await both[0].send('PATCH', path, bytesOf('a', 1000))).status, 202)
  for (const pid of workers()) {
    process.kill(pid, 'SIGKILL')
    await eventually('it is gone', () => !isAlive(pid))
  }
  await eventually('two others are there', () => workers().length === 2)
  const again = connect()
  const state = await retry(() => again.send('GET', path))
  assert.equal(state.headers['range'], '0-999')
  assert.equal((await again.send('PATCH', path, bytesOf('b', 1000))).status, 202)
  const digest = digestOf(Buffer.concat([bytesOf('a', 1000), bytesOf('b', 1000)]))
  assert.equal((await again.send('PUT', `${path}?digest=${digest}`, '')).status, 201)
  assert.ok(stderr().includes('a worker ended; another one takes its place'))
  assert.ok(readFileSync(join(data, 'server.json'), 'utf8'))
})

/** One that nobody has looked after is dead all the same. */
function isWorking(pid: number): boolean {
  return isAlive(pid) && !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
}

/** Until a worker listens again. */
async function retry<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (tries > 200) throw error
      await delay(50)
    }
  }
}

test('killed with -9 its workers end too, and the next start is at once a good one', async (t) => {
  const first = await serveWithWorkers(t)
  await call(first.both[0], 'CreateRepository', { repositoryName: 'app' })
  const pids = first.workers()
  first.child.kill('SIGKILL')
  await once(first.child, 'exit')
  const second = await serve(t, ['--dev'], first.data)
  assert.deepEqual(pids.filter(isWorking), [], 'nobody serves from the directory any more')
  assert.equal((await fetch(`${second.origin}/healthz`)).status, 200)
})

test('requests in flight are finished on every worker when it is told to stop, and those that do not end are cut', async (t) => {
  const { both, child, ended, connect } = await serveWithWorkers(t, ['--stop-seconds', '3'])
  await call(both[0], 'CreateRepository', { repositoryName: 'app' })
  const whole = bytesOf('slow', 200_000)
  const open = async (connection: Connection) => {
    const path = await begin(connection)
    const body = new PassThrough()
    const answer = connection.send('PUT', `${path}?digest=${digestOf(whole)}`, body)
    body.write(whole.subarray(0, 100_000))
    return { body, answer }
  }
  const slow = await Promise.all(both.map(open))
  const hangs = await open(connect())
  const cut = assert.rejects(hangs.answer)
  await delay(300)
  child.kill('SIGTERM')
  await delay(300)
  for (const { body } of slow) body.end(whole.subarray(100_000))
  const statuses = await Promise.all(slow.map(async ({ answer }) => (await answer).status))
  assert.deepEqual(statuses, [201, 201])
  await cut
  assert.equal((await ended).code, 0)
})
