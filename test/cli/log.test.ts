import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'

import { CreateRepositoryCommand, ECRClient } from '@aws-sdk/client-ecr'

import { gatherLines } from '../../src/cli/gather-lines.ts'
import { createLogger, createRequestLines, textStream } from '../../src/cli/open-log.ts'
import { eventually } from '../support/http-adapter.ts'
import { run, serve } from './program.ts'

type Line = Readonly<Record<string, unknown>>

const linesOf = (stderr: string): readonly Line[] =>
  stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    // The log's own lines are objects.
    .map((line) => JSON.parse(line) as Line)

describe('the log of a server', () => {
  test('a request is one line of JSON that says who did what to which repository', async (t) => {
    const server = await serve(t, ['--dev'])
    const ecr = new ECRClient({
      endpoint: server.origin,
      region: 'eu-west-1',
      credentials: { accessKeyId: '111122223333', secretAccessKey: 'x' },
    })
    const { $metadata } = await ecr.send(new CreateRepositoryCommand({ repositoryName: 'team/app' }))
    ecr.destroy()
    const mine = () => linesOf(server.stderr()).filter((line) => line['requestId'] === $metadata.requestId)
    await eventually('the line is there', () => mine().length > 0)
    assert.equal(mine().length, 1)
    const { time, durationMs, bytesOut, userAgent, ...line } = mine()[0]!
    assert.deepEqual(line, {
      level: 'info',
      requestId: $metadata.requestId,
      method: 'POST',
      path: '/',
      status: 200,
      bytesIn: 29,
      remoteAddress: '127.0.0.1',
      aborted: false,
      service: 'ecr',
      operation: 'CreateRepository',
      principal: 'arn:aws:iam::111122223333:root',
      accountId: '111122223333',
      region: 'eu-west-1',
      repository: 'team/app',
      msg: 'request',
    })
    assert.ok(Math.abs(Date.parse(String(time)) - Date.now()) < 60_000)
    assert.ok(typeof durationMs === 'number' && durationMs > 0)
    assert.ok(typeof bytesOut === 'number' && bytesOut > 100)
    assert.match(String(userAgent), /^aws-sdk-js/)
  })

  test('no secret is in it', async (t) => {
    const server = await serve(t, ['--log-level', 'debug'])
    const password = (await run(['login', '--data', server.data, '--print-password'])).stdout.trim()
    const headers = { authorization: `Basic ${Buffer.from(`AWS:${password}`).toString('base64')}` }
    await fetch(`${server.origin}/v2/?X-Amz-Signature=0123abcd`, { headers })
    await fetch(`${server.origin}/v2/_catalog`, { headers: { ...headers, 'user-agent': 'an agent for this test' } })
    await eventually('the requests are logged', () =>
      linesOf(server.stderr()).some(({ path }) => path === '/v2/_catalog'),
    )
    const decisions = linesOf(server.stderr()).filter(({ msg }) => msg === 'decision')
    assert.ok(decisions.some(({ action, verdict }) => action === 'ecr:DescribeRepositories' && verdict === 'allowed'))
    assert.doesNotMatch(JSON.stringify(decisions), /an agent for this test|127\.0\.0\.1/)
    const files = ['keys.json', 'secrets.json'].map((file) => readFileSync(join(server.data, file), 'utf8')).join('')
    const secrets = [
      password,
      headers.authorization,
      '0123abcd',
      ...[...files.matchAll(/"([\w+/=]{40,})"/g)].map((match) => match[1]!),
    ]
    assert.equal(secrets.length, 7)
    for (const secret of secrets) assert.ok(!server.stderr().includes(secret), secret)
  })

  test('what is below the level is not logged', async (t) => {
    const server = await serve(t, ['--log-level', 'warn'])
    await fetch(`${server.origin}/healthz`)
    server.child.kill('SIGTERM')
    assert.deepEqual(linesOf((await server.ended).stderr), [])
  })
})

describe('a logger', () => {
  const fields = {
    secretAccessKey: 's1',
    request: { authorization: 's2', password: 's3' },
    kept: 'k',
    err: Object.assign(new Error('broken', { cause: new Error('why') }), { sessionToken: 's4' }),
  }

  test('masks what a careless object carries', () => {
    let text = ''
    createLogger('info', { write: (line) => (text += line) }).error(fields, 'it failed')
    const { level, msg, kept, secretAccessKey, request } = JSON.parse(text) as Line
    assert.deepEqual(
      { level, msg, kept, secretAccessKey, request },
      {
        level: 'error',
        msg: 'it failed',
        kept: 'k',
        secretAccessKey: '***',
        request: { authorization: '***', password: '***' },
      },
    )
    assert.doesNotMatch(text, /"s\d"/)
    assert.match(text, /broken.*caused by.*why/)
  })

  test('writes of a request what it would write of any fields, to the byte', () => {
    const line = {
      requestId: 'r',
      method: 'GET',
      path: '/v2/\\x22"quoted"',
      status: undefined,
      bytesIn: 0,
      bytesOut: 12,
      durationMs: 0.25,
      remoteAddress: '::1',
      userAgent: 'an "agent" \u00e9 \u0007',
      aborted: true,
      cut: 'asked' as const,
      operation: 'GET manifest',
      request: { authorization: 's1' },
      password: 's2',
      principal: undefined,
      items: [1, 'two', null],
    }
    const texts = ['', '']
    createLogger('info', { write: (text) => (texts[0] += text) }).info(line, 'request')
    createRequestLines({ write: (text) => (texts[1] += text) })(line)
    const [generic, own] = texts.map((text) => text.replace(/"time":"[^"]+"/, '"time":""'))
    assert.equal(own, generic)
    assert.match(texts[1]!, /"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"/)
    assert.doesNotMatch(texts[1]!, /"s\d"/)
  })

  test('writes for people in short', () => {
    let text = ''
    const logger = createLogger(
      'info',
      textStream((piece) => (text += piece)),
    )
    logger.info(
      { status: 201, method: 'PUT', path: '/v2/a/manifests/b', operation: 'PUT manifest', durationMs: 1.26 },
      'request',
    )
    logger.info({ method: 'GET', path: '/', durationMs: 2, error: 'X' }, 'request')
    logger.warn('take care')
    logger.error({ err: new Error('broken'), requestId: 'r' }, 'it failed')
    const lines = text.replaceAll(/^\d\d:\d\d:\d\d /gm, '').split('\n')
    assert.deepEqual(lines.slice(0, 5), [
      '201 PUT /v2/a/manifests/b PUT manifest 1.3 ms',
      '--- GET / 2.0 ms X',
      'warn: take care',
      'error: it failed {"requestId":"r"}',
      'Error: broken',
    ])
  })
})

describe('gathered lines', () => {
  test('wait for each other, for 50 ms at most, and never behind one that does not wait', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const written: string[] = []
    const { later, now, flush } = gatherLines({ write: (text) => void written.push(text) })
    later.write('a\n')
    later.write('b\n')
    t.mock.timers.tick(49)
    assert.deepEqual(written, [])
    t.mock.timers.tick(1)
    assert.deepEqual(written.splice(0), ['a\nb\n'])
    later.write('c\n')
    now.write('d\n')
    assert.deepEqual(written.splice(0), ['c\nd\n'])
    later.write('e\n')
    t.mock.timers.tick(49)
    later.write('f'.repeat(9_000))
    assert.deepEqual(written.splice(0), [`e\n${'f'.repeat(9_000)}`])
    later.write('g\n')
    t.mock.timers.tick(1)
    assert.deepEqual(written, [], 'the time of a line begins with it')
    flush()
    flush()
    assert.deepEqual(written.splice(0), ['g\n'])
    t.mock.timers.tick(100)
    assert.deepEqual(written, [])
  })
})
