// What can be seen of calls: log lines, the wire, pieces of bodies, spans; and that no secret is in any of it.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Span, Tracer } from '@opentelemetry/api'
import type { CallRecord, LogLevel } from '../../src/client/call-log.ts'
import { createEcr, type EcrOptions } from '../../src/client/create-ecr.ts'
import type { Ecr } from '../../src/client/ecr.ts'
import type { ChunkEvent } from '../../src/client/watch-wire.ts'
import { errorAnswer, json, page, startFakeService, type FakeService, type Step } from '../support/fake-service.ts'

const secrets = [
  'top-secret-key',
  'session-of-mine',
  'token-of-docker',
  'layer-bytes',
  'X-Amz-Signature',
  'cookie-of-mine',
]
const here = {
  accessKeyId: 'AKIATEST',
  secretAccessKey: 'top-secret-key',
  sessionToken: 'session-of-mine',
  region: 'us-east-1',
}

let service: FakeService
before(async () => {
  service = await startFakeService()
})
after(() => service.close())

async function watching<T>(options: EcrOptions, steps: readonly Step[], work: (ecr: Ecr) => Promise<T>): Promise<T> {
  service.script(...steps)
  const ecr = createEcr({ ...here, endpoint: service.origin, ...options })
  try {
    return await work(ecr)
  } finally {
    ecr.destroy()
  }
}

function notes() {
  const lines: (readonly [LogLevel, string])[] = []
  const at = (level: LogLevel) => (text: string) => void lines.push([level, text])
  const logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  return { logger, lines, of: (level: LogLevel) => lines.flatMap(([own, text]) => (own === level ? [text] : [])) }
}

/** Calls whose inputs and answers hold every secret there is. */
async function secretCalls(ecr: Ecr): Promise<void> {
  await ecr.call('GetAuthorizationToken', {})
  await ecr.call('GetDownloadUrlForLayer', { repositoryName: 'team/app', layerDigest: 'sha256:00' })
  const part = {
    repositoryName: 'team/app',
    uploadId: '00000000-0000-0000-0000-000000000000',
    partFirstByte: 0,
    partLastByte: 10,
  }
  await ecr.call('UploadLayerPart', { ...part, layerPartBlob: 'layer-bytes' })
  await ecr.call('UploadLayerPart', { ...part, layerPartBlob: Buffer.from('layer-bytes') })
}
const secretAnswers = [
  json(
    200,
    { authorizationData: [{ authorizationToken: 'token-of-docker', proxyEndpoint: 'http://here' }] },
    { 'set-cookie': 'cookie-of-mine' },
  ),
  json(200, { downloadUrl: 'https://bucket/layer?X-Amz-Signature=1', layerDigest: 'sha256:00' }),
  json(200, {}),
]

function refuseSecrets(text: string): void {
  const base64 = Buffer.from('layer-bytes').toString('base64')
  for (const secret of [...secrets, base64]) assert.ok(!text.includes(secret), `${secret} in ${text}`)
}

describe('one line a call', () => {
  test('short, with what it took', async () => {
    const { logger, of } = notes()
    await watching({ logger }, [json(200, {})], (ecr) =>
      ecr.try('DescribeImages', { repositoryName: 'team/app', maxResults: 5 }),
    )
    assert.match(
      of('info').join('\n'),
      /^ecr DescribeImages 200 \d+ ms, 1 sent \{"repositoryName":"team\/app","maxResults":5\}$/,
    )
  })
  test('a failure has its name and is an error', async () => {
    const { logger, of } = notes()
    const steps = [errorAnswer('AccessDeniedException', 'not you')]
    await watching({ logger, logLevel: 'debug' }, steps, (ecr) => ecr.try('DescribeRegistry', {}))
    assert.match(
      of('error').join('\n'),
      /^ecr DescribeRegistry 400 \d+ ms, 1 sent \{\} Unmodelled \(AccessDeniedException\) not you$/,
    )
    assert.deepEqual(of('info'), [])
  })
  test('an input that was not sent', async () => {
    const { logger, of } = notes()
    await watching({ logger }, [], (ecr) => ecr.try('DescribeImages', { repositoryName: 'A' }))
    assert.match(of('error').join('\n'), /^ecr DescribeImages {2}\d+ ms, 0 sent \{"repositoryName":"A"\} InvalidInput /)
  })
  test('by a template, as JSON, by a function', async () => {
    const lines: string[] = []
    const records: CallRecord[] = []
    for (const logFormat of [
      '{operation}|{httpStatus}|{requestId}|{output}',
      'json',
      (record: CallRecord) => String(records.push(record)),
    ]) {
      const { logger, of } = notes()
      await watching({ logger, logFormat }, [json(200, { registryId: '1' })], (ecr) => ecr.try('DescribeRegistry', {}))
      lines.push(...of('info'))
    }
    assert.equal(lines[0], 'DescribeRegistry|200|request-1|{"registryId":"1"}')
    const record = {
      service: 'ecr',
      operation: 'DescribeRegistry',
      input: {},
      output: { registryId: '1' },
      httpStatus: 200,
      requestId: 'request-1',
      attempts: 1,
    }
    const { durationMs, ...told } = JSON.parse(lines[1] ?? '') as CallRecord
    assert.equal(typeof durationMs, 'number')
    assert.deepEqual(told, record)
    assert.deepEqual(records, [
      { ...record, durationMs: records[0]?.durationMs, error: undefined, errorMessage: undefined },
    ])
  })
  test('a template with an unknown member is refused', () => {
    const { logger } = notes()
    assert.throws(
      () => createEcr({ ...here, logger, logFormat: '{operaton}' }),
      /^TypeError: logFormat names \{operaton\}; there are \{service\} \{operation\}/,
    )
  })
  test('holds no secret, in no format', async () => {
    for (const logFormat of ['short', 'json', '{input} {output} {errorMessage}']) {
      const { logger, lines, of } = notes()
      await watching({ logger, logFormat }, secretAnswers, secretCalls)
      assert.equal(of('info').length, 4)
      refuseSecrets(JSON.stringify(lines))
    }
  })
})

describe('the wire', () => {
  test('is shown in both directions, attempt by attempt, without secrets', async () => {
    const texts: string[] = []
    await watching(
      { wireTrace: (text) => void texts.push(text) },
      [errorAnswer('ServerException', 'no', 500), ...secretAnswers],
      secretCalls,
    )
    const all = texts.join('\n')
    assert.match(all, /^> POST http:\/\/127\.0\.0\.1:\d+\/ \(attempt 1\)$/m)
    assert.match(all, /^> POST http:\/\/127\.0\.0\.1:\d+\/ \(attempt 2\)$/m)
    assert.match(all, /^> x-amz-target: AmazonEC2ContainerRegistry_V20150921\.GetAuthorizationToken$/m)
    assert.match(all, /^> authorization: <hidden>$/m)
    assert.match(all, /^> x-amz-security-token: <hidden>$/m)
    assert.match(all, /^< 500$/m)
    assert.match(all, /^< set-cookie: <hidden>$/m)
    assert.match(
      all,
      /^< \{"authorizationData":\[\{"authorizationToken":"<hidden>","proxyEndpoint":"http:\/\/here"\}\]\}$/m,
    )
    assert.match(all, /^< \{"downloadUrl":"https:\/\/bucket\/layer\?<hidden>","layerDigest":"sha256:00"\}$/m)
    assert.match(all, /"layerPartBlob":"<16 characters>"\}$/m)
    refuseSecrets(all)
  })
  test('shows what is not JSON, cut', async () => {
    const texts: string[] = []
    await watching({ wireTrace: (text) => void texts.push(text) }, [page(403, `<p>${'x'.repeat(5000)}`)], (ecr) =>
      ecr.try('DescribeRegistry', {}),
    )
    assert.match(texts.at(-1) ?? '', /^< <p>x{997}\.\.\. \(5003 characters\)$/m)
  })
  test('goes to the logger, which has to be there', async () => {
    const { logger, of } = notes()
    await watching({ logger, wireTrace: true }, [json(200, {})], (ecr) => ecr.try('DescribeRegistry', {}))
    assert.ok(of('debug').some((text) => text.startsWith('> POST')))
    assert.throws(
      () => createEcr({ ...here, wireTrace: true }),
      /^TypeError: wireTrace: true needs a logger; or give a function$/,
    )
  })
})

describe('pieces of bodies', () => {
  const layerPartBlob = Buffer.alloc(200_000, 7)
  const part = {
    repositoryName: 'team/app',
    uploadId: '00000000-0000-0000-0000-000000000000',
    partFirstByte: 0,
    partLastByte: 199_999,
    layerPartBlob,
  }

  test('are told as they leave, for each attempt, and arrive whole', async () => {
    const events: ChunkEvent[] = []
    const onChunkSent = (event: ChunkEvent) => void events.push(event)
    await watching({ onChunkSent }, [errorAnswer('ServerException', 'no', 500), json(200, {})], (ecr) =>
      ecr.call('UploadLayerPart', part),
    )
    const [first, second] = service.requests
    assert.equal(first?.body, second?.body)
    const body = JSON.parse(second?.body ?? '') as { readonly layerPartBlob: string }
    assert.ok(Buffer.from(body.layerPartBlob, 'base64').equals(layerPartBlob))
    assert.equal(second?.headers['content-length'], String(second?.body.length))
    for (const attempt of [1, 2]) {
      const own = events.filter((event) => event.attempt === attempt)
      assert.equal(Buffer.concat(own.map(({ chunk }) => chunk)).toString(), second?.body)
      assert.ok(own.length > 3)
      assert.deepEqual(own.at(-1)?.bytes, second?.body.length)
      assert.ok(
        own.every(({ operation, totalBytes }) => operation === 'UploadLayerPart' && totalBytes === second?.body.length),
      )
    }
  })
  test('are told as they come', async () => {
    const answer = {
      repositories: Array.from({ length: 3000 }, (_, index) => ({ repositoryName: `team/app-${index}` })),
    }
    const events: ChunkEvent[] = []
    const result = await watching({ onChunkReceived: (event) => void events.push(event) }, [json(200, answer)], (ecr) =>
      ecr.call('DescribeRepositories', {}),
    )
    assert.equal(result.repositories?.length, 3000)
    assert.equal(Buffer.concat(events.map(({ chunk }) => chunk)).toString(), JSON.stringify(answer))
    assert.equal(events.at(-1)?.bytes, JSON.stringify(answer).length)
  })
})

describe('spans', () => {
  /** A tracer as OpenTelemetry has it, whose spans are kept. */
  function spans() {
    const ended: {
      readonly name: string
      readonly kind: unknown
      readonly attributes: Record<string, unknown>
      status?: unknown
      exception?: unknown
    }[] = []
    const tracer = {
      startActiveSpan: (name: string, options: { kind: number; attributes: object }, work: (span: Span) => unknown) => {
        const kept: (typeof ended)[number] = { name, kind: options.kind, attributes: { ...options.attributes } }
        const span = {
          setAttribute: (key: string, value: unknown) => void (kept.attributes[key] = value),
          setStatus: (status: unknown) => void (kept.status = status),
          recordException: (error: Error) => void (kept.exception = error.name),
          end: () => void ended.push(kept),
        }
        return work(span as unknown as Span) // what is used of one
      },
    }
    return { tracer: tracer as unknown as Tracer, ended } // as above
  }
  test('one a call, with repeated requests in it', async () => {
    const { tracer, ended } = spans()
    await watching({ tracer }, [errorAnswer('ServerException', 'no', 500), json(200, {})], (ecr) =>
      ecr.call('DescribeRegistry', {}),
    )
    const attributes = {
      'rpc.system': 'aws-api',
      'rpc.service': 'ECR',
      'rpc.method': 'DescribeRegistry',
      'cloud.region': 'us-east-1',
      'aws.request_id': 'request-1',
      'http.response.status_code': 200,
      'http.request.resend_count': 1,
    }
    assert.deepEqual(ended, [{ name: 'ECR.DescribeRegistry', kind: 2, attributes }])
  })
  test('a failure is on it', async () => {
    const { tracer, ended } = spans()
    await watching({ tracer }, [errorAnswer('RepositoryNotFoundException', 'it is not there')], (ecr) =>
      ecr.try('DescribeRepositories', {}),
    )
    const [span] = ended
    assert.deepEqual(
      [span?.status, span?.exception],
      [{ code: 2, message: 'it is not there' }, 'RepositoryNotFoundException'],
    )
    assert.equal(span?.attributes['error.type'], 'RepositoryNotFoundException')
    assert.equal(span?.attributes['http.response.status_code'], 400)
  })
})
