// `stowage serve` as a user meets it: the start, what it says when it cannot, and the stop.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { request, type IncomingMessage } from 'node:http'
import { connect, createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'

import { CreateRepositoryCommand, ECRClient } from '@aws-sdk/client-ecr'

import { eventually } from '../support/http-adapter.ts'
import { testCertificate, testKey } from '../support/test-certificate.ts'
import { dataDirectory, run, serve, start, type Server } from './program.ts'

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)
const devPassword = `Basic ${Buffer.from('AWS:anything').toString('base64')}`

describe('the start', () => {
  test('standard output gets one line, and standard error what a person needs', async (t) => {
    const { origin, data, stdout, stderr } = await serve(t)
    assert.match(origin, /^http:\/\/127\.0\.0\.1:\d+$/)
    assert.equal(stdout(), `ready ${origin}\n`)
    const { port } = new URL(origin)
    const host = `localhost:${port}`
    // Written by the server under test; a wrong form shows in the line below.
    const { publicHost } = JSON.parse(readFileSync(join(data, 'server.json'), 'utf8')) as { publicHost: string }
    assert.match(publicHost, /^localhost:\d+$/)
    const lines = [
      `  API       ${origin}`,
      `  registry  ${host}  (account 123456789012, region us-east-1)`,
      `  public    ${publicHost}  (everyone may pull)`,
      `  data      ${data}`,
      `  keys      ${data}/keys.json`,
      `  eval "$(node bin/stowage.mjs env --data ${data})"`,
      `  aws ecr create-repository --repository-name hello`,
      `  node bin/stowage.mjs login --data ${data} && docker pull hello-world && docker tag hello-world ${host}/hello && docker push ${host}/hello`,
    ]
    for (const line of lines) assert.ok(stderr().includes(`${line}\n`), `${line}\nis not in\n${stderr()}`)
  })

  test('what is kept is for its owner only', async (t) => {
    const { data } = await serve(t)
    assert.equal(modeOf(data), '700')
    for (const file of ['keys.json', 'secrets.json', 'server.json', 'metadata.db'])
      assert.equal(modeOf(join(data, file)), '600', file)
  })

  test('a second start keeps the root key and the secrets', async (t) => {
    const first = await serve(t)
    const read = () => ['keys.json', 'secrets.json'].map((file) => readFileSync(join(first.data, file), 'utf8'))
    const before = read()
    first.child.kill('SIGTERM')
    await first.ended
    await serve(t, [], first.data)
    assert.deepEqual(read(), before)
  })

  test('a key file that others can read is closed to them, aloud', async (t) => {
    const first = await serve(t)
    first.child.kill('SIGTERM')
    await first.ended
    const file = join(first.data, 'keys.json')
    chmodSync(file, 0o644)
    const second = await serve(t, [], first.data)
    assert.equal(modeOf(file), '600')
    await eventually('the warning is logged', () =>
      second.stderr().includes(`${file} could be read by others (mode 644)`),
    )
  })

  test('health, figures and the page for visitors are served', async (t) => {
    const { origin } = await serve(t)
    const ask = async (path: string) => {
      const response = await fetch(`${origin}${path}`)
      return [response.status, await response.text()] as const
    }
    assert.deepEqual(await ask('/healthz'), [200, '{"status":"ok"}\n'])
    assert.deepEqual(await ask('/readyz'), [200, '{"status":"ok"}\n'])
    const [status, figures] = await ask('/metrics')
    assert.equal(status, 200)
    assert.match(figures, /^stowage_request_duration_seconds_count\{operation="HealthCheck",status="200"\} 1$/m)
    assert.match((await ask('/'))[1], /^Stowage: /)
    assert.deepEqual(await ask('/nothing/here'), [404, '{"__type":"UnknownOperationException"}'])
  })

  test('with a certificate it speaks TLS, and the commands beside it check whose that is', async (t) => {
    const data = dataDirectory(t)
    mkdirSync(data)
    const [cert, key] = [join(data, 'cert.pem'), join(data, 'key.pem')]
    writeFileSync(cert, testCertificate)
    writeFileSync(key, testKey)
    // Files of the operator's own that settings name may lie in a directory that is otherwise new.
    const config = join(data, 'stowage.yaml')
    writeFileSync(config, `tlsCert: ${cert}\ntlsKey: ${key}\n`)
    const { origin } = await serve(t, ['--config', config], data)
    assert.match(origin, /^https:\/\/127\.0\.0\.1:\d+$/)
    const login = () => run(['login', '--data', data, '--print-password'])
    assert.match((await login()).stdout, /^v1\.\S+\n$/)

    const file = join(data, 'server.json')
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"fingerprint": "../, '"fingerprint": "ZZ'))
    const { code, stderr } = await login()
    assert.deepEqual(
      [code, stderr],
      [1, `stowage: what answers at ${origin} is not the server of this data directory\n`],
    )
  })

  test("with a domain, registries have names of ECR's form", async (t) => {
    const { data, origin } = await serve(t, [
      '--domain',
      'ecr.test',
      '--region',
      'eu-west-1',
      '--account',
      '111122223333',
    ])
    const { port } = new URL(origin)
    const server: unknown = JSON.parse(readFileSync(join(data, 'server.json'), 'utf8'))
    assert.partialDeepStrictEqual(server, {
      registryHost: `111122223333.dkr.ecr.eu-west-1.ecr.test:${port}`,
      endpoint: `http://111122223333.dkr.ecr.eu-west-1.ecr.test:${port}`,
      account: '111122223333',
      region: 'eu-west-1',
    })
  })
})

describe('a start that cannot be', () => {
  test('the port is taken', async (t) => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    t.after(() => other.close())
    // A server that listens on a port has an AddressInfo.
    const { port } = other.address() as AddressInfo
    assert.deepEqual(await run(['serve', '--port', String(port), '--data', dataDirectory(t)]), {
      code: 1,
      stdout: '',
      stderr: `stowage: 127.0.0.1:${port} is taken by another program: choose another port with --port, or let --port 0 find a free one\n`,
    })
  })

  test('the port of the public registries is taken', async (t) => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    t.after(() => other.close())
    // A server that listens on a port has an AddressInfo.
    const { port } = other.address() as AddressInfo
    const ports = ['--port', '0', '--public-port', String(port)]
    assert.deepEqual(await run(['serve', ...ports, '--data', dataDirectory(t)]), {
      code: 1,
      stdout: '',
      stderr: `stowage: 127.0.0.1:${port} is taken by another program: choose another port with --public-port, or let --public-port 0 find a free one\n`,
    })
  })

  test('another server uses the data directory', async (t) => {
    const { child, data } = await serve(t)
    assert.deepEqual(await run(['serve', '--port', '0', '--data', data]), {
      code: 1,
      stdout: '',
      stderr: `stowage: the data directory ${data} is in use by another server (process ${child.pid}): stop it, or choose another directory with --data\n`,
    })
  })

  test('the data directory is a file', async (t) => {
    const data = dataDirectory(t)
    writeFileSync(data, '')
    const { code, stdout, stderr } = await run(['serve', '--port', '0', '--data', data])
    assert.deepEqual([code, stdout], [1, ''])
    assert.equal(stderr, `stowage: ${data} is a file: name a directory with --data\n`)
  })

  test('the certificate cannot be read', async (t) => {
    const { code, stderr } = await run([
      'serve',
      '--port',
      '0',
      '--data',
      dataDirectory(t),
      '--tls-cert',
      '/none.pem',
      '--tls-key',
      '/none.key',
    ])
    assert.deepEqual(
      [code, stderr],
      [1, `stowage: cannot read the TLS certificate /none.pem: ENOENT: no such file or directory, open '/none.pem'\n`],
    )
  })

  test('the certificate is none', async (t) => {
    const data = dataDirectory(t)
    mkdirSync(data)
    const file = join(data, 'x.pem')
    writeFileSync(file, 'not PEM')
    const { code, stderr } = await run(['serve', '--port', '0', '--data', data, '--tls-cert', file, '--tls-key', file])
    assert.equal(code, 1)
    assert.ok(stderr.startsWith(`stowage: the TLS certificate ${file} and key ${file} cannot be used: `), stderr)
    assert.equal(stderr.split('\n').length, 2)
  })

  test('the database was written by a newer version', async (t) => {
    const first = await serve(t)
    first.child.kill('SIGTERM')
    await first.ended
    const database = new DatabaseSync(join(first.data, 'metadata.db'))
    database.exec(`insert into kysely_migration values ('9999-from-the-future', '2030-01-01T00:00:00.000Z')`)
    database.close()
    const { code, stderr } = await run(['serve', '--port', '0', '--data', first.data])
    assert.equal(code, 1)
    assert.ok(
      stderr.startsWith(
        `stowage: cannot open the database ${first.data}/metadata.db: the database was written by a newer version of this program`,
      ),
      stderr,
    )
    assert.equal(stderr.split('\n').length, 2)
  })

  test('a key file that cannot be used is named, without what is in it', async (t) => {
    const first = await serve(t)
    first.child.kill('SIGTERM')
    await first.ended
    writeFileSync(
      join(first.data, 'keys.json'),
      '{"keys":[{"accessKeyId":"AKIAAAAAAAAAAAAAAAAA","secretAccessKey":"short","accountId":"1"}]}',
    )
    const { code, stderr } = await run(['serve', '--port', '0', '--data', first.data])
    assert.deepEqual(
      [code, stderr],
      [1, `stowage: cannot use ${first.data}/keys.json: keys.0.secretAccessKey is wrong (too_small)\n`],
    )
  })

  const usage = [
    [['serve', '--prot', '1'], `stowage: unknown option '--prot'\n(Did you mean --port?)\n`],
    [['serve', '--port'], `stowage: option '--port <PORT>' argument missing\n`],
    [['serve', 'extra'], `stowage: too many arguments for 'serve'. Expected 0 arguments but got 1: extra.\n`],
    [['serve', '--port', '70000'], 'stowage: --port must be at most 65535, not 70000\n'],
    [['server'], `stowage: unknown command 'server'\n(Did you mean serve?)\n`],
    [
      ['serve', '--dev', '--listen', '0.0.0.0'],
      'stowage: --dev accepts any key and therefore listens on loopback only: remove --listen 0.0.0.0, or remove --dev\n',
    ],
    [['env', '--format', 'csh', '--data', '/none'], 'stowage: --format must be one of sh, fish, json, not "csh"\n'],
  ] as const
  for (const [args, stderr] of usage) {
    test(`stowage ${args.join(' ')} is a mistake of usage`, async () => {
      assert.deepEqual(await run(args), { code: 2, stdout: '', stderr })
    })
  }
})

/** A PATCH whose body is sent by hand, after its first bytes have arrived. */
async function openUpload({ origin }: Server) {
  const ecr = new ECRClient({
    endpoint: origin,
    region: 'us-east-1',
    credentials: { accessKeyId: '123456789012', secretAccessKey: 'x' },
  })
  await ecr.send(new CreateRepositoryCommand({ repositoryName: 'slow' }))
  ecr.destroy()
  const headers = { authorization: devPassword }
  const opened = await fetch(`${origin}/v2/slow/blobs/uploads/`, { method: 'POST', headers })
  assert.equal(opened.status, 202)
  const location = new URL(opened.headers.get('location') ?? '', origin).pathname
  const patch = request(`${origin}${location}`, {
    method: 'PATCH',
    headers: { ...headers, 'content-type': 'application/octet-stream' },
  })
  const answered = new Promise<IncomingMessage>((resolve, reject) =>
    patch.once('response', resolve).once('error', reject),
  )
  patch.write('first half, ')
  await delay(200)
  return { patch, answered }
}

/** Loaded before the program: it is told to stop by the very line with which it says that it serves. */
const stopsWhenReady = `
const write = process.stdout.write.bind(process.stdout)
process.stdout.write = (text, ...rest) => {
  const done = write(text, ...rest)
  if (String(text).startsWith('ready ')) process.kill(process.pid, 'SIGTERM')
  return done
}`

describe('the stop', () => {
  test('SIGTERM is heard from the moment that the server is ready', async (t) => {
    const variables = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(stopsWhenReady)}` }
    const { code, stderr } = await run(['serve', '--port', '0', '--data', dataDirectory(t)], variables)
    assert.equal(code, 0, stderr)
    assert.match(stderr, /"msg":"stopped"/)
  })

  test('SIGTERM lets an upload finish, takes no new request, and ends with 0', async (t) => {
    const server = await serve(t, ['--dev'])
    const { patch, answered } = await openUpload(server)
    server.child.kill('SIGTERM')
    await eventually('the port is closed', () => server.stderr().includes('"msg":"stopping"'))
    await delay(100)
    const { port } = new URL(server.origin)
    await assert.rejects(once(connect(Number(port), '127.0.0.1'), 'connect'), /ECONNREFUSED/)
    assert.equal(server.child.exitCode, null)
    patch.end('second half')
    const answer = await answered
    answer.resume()
    assert.deepEqual([answer.statusCode, answer.headers['range']], [202, '0-22'])
    const { code, stdout } = await server.ended
    assert.deepEqual([code, stdout], [0, `ready ${server.origin}\n`])
    assert.equal(existsSync(join(server.data, 'server.json')), false)
  })

  test('what does not finish in time is cut', async (t) => {
    const server = await serve(t, ['--dev', '--stop-seconds', '1'])
    const { answered } = await openUpload(server)
    server.child.kill('SIGTERM')
    await assert.rejects(answered)
    assert.equal((await server.ended).code, 0)
  })

  test('a second signal ends it at once', async (t) => {
    const server = await serve(t, ['--dev'])
    const { answered } = await openUpload(server)
    const cut = assert.rejects(answered)
    server.child.kill('SIGINT')
    await eventually('it stops', () => server.stderr().includes('"msg":"stopping"'))
    server.child.kill('SIGINT')
    assert.equal((await server.ended).code, 130)
    await cut
  })

  test('after kill -9 the same directory serves again', async (t) => {
    const first = await serve(t)
    first.child.kill('SIGKILL')
    await first.ended
    const gone = await run(['env', '--data', first.data])
    assert.equal(gone.code, 1)
    const second = await serve(t, [], first.data)
    assert.equal((await fetch(`${second.origin}/readyz`)).status, 200)
  })
})

test('a database that cannot be trusted any more ends the server with 70 and one line', async (t) => {
  const server = await serve(t, ['--dev'])
  truncateSync(join(server.data, 'metadata.db'), 0)
  await assert.rejects(openUpload(server))
  const { code, stderr } = await server.ended
  assert.equal(code, 70)
  const fatal = stderr.split('\n').filter((line) => line.includes('"level":"fatal"'))
  assert.equal(fatal.length, 1)
  assert.match(fatal[0] ?? '', /"msg":"the database can not be trusted any more; start again"/)
})

test('a file that no layer owns is gone some time after a start, aloud', async (t) => {
  const first = await serve(t)
  first.child.kill('SIGTERM')
  await first.ended
  const orphan = join(first.data, 'blobs', 'ab', `ab${'0'.repeat(30)}`)
  writeFileSync(orphan, 'left behind')
  const second = await serve(t, [], first.data)
  await eventually('the file is gone', () => !existsSync(orphan))
  assert.match(second.stderr(), /"orphans":1,"msg":"files that no layer owns were moved to the trash"/)
})

test('a start that is stopped before it was ready leaves nothing that hinders the next', async (t) => {
  const data = dataDirectory(t)
  const early = start(['serve', '--port', '0', '--data', data])
  await eventually('the directory is locked', () => existsSync(join(data, 'lock.db')))
  early.child.kill('SIGKILL')
  await early.ended
  const { origin } = await serve(t, [], data)
  assert.equal((await fetch(`${origin}/readyz`)).status, 200)
})
