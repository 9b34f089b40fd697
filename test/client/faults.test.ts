// A service that is not well: each fault is the right member of the union, and is sent as often as documented (docs/client.md).

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createEcr, type EcrOptions } from '../../src/client/create-ecr.ts'
import type { Ecr } from '../../src/client/ecr.ts'
import {
  cut,
  cutInBody,
  errorAnswer,
  json,
  page,
  silence,
  silenceInBody,
  startFakeService,
  type FakeService,
  type Step,
} from '../support/fake-service.ts'

const key = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' }
const describeAll = { maxResults: 10 }

let service: FakeService
before(async () => {
  service = await startFakeService()
})
after(() => service.close())

/** Asks once with a client of its own. */
async function ask(steps: readonly Step[], options: EcrOptions = {}, signal?: AbortSignal) {
  service.script(...steps)
  return using({ ...key, ...options }, (ecr) => ecr.try('DescribeRepositories', describeAll, { signal }))
}

async function using<T>(options: EcrOptions, work: (ecr: Ecr) => Promise<T>): Promise<T> {
  const ecr = createEcr({ endpoint: service.origin, region: 'us-east-1', ...options })
  try {
    return await work(ecr)
  } finally {
    ecr.destroy()
  }
}

/** The plain facts of a failure, for whole comparisons. */
function facts(result: Awaited<ReturnType<typeof ask>>) {
  assert.ok(!result.ok)
  const { error } = result
  const code = error.name === 'Unmodelled' || error.name === 'Network' ? error.code : undefined
  return {
    name: error.name,
    code,
    httpStatus: error.httpStatus,
    attempts: error.attempts,
    sent: service.requests.length,
  }
}

const empty = json(200, { repositories: [] })

describe('what is sent again', () => {
  const cases: readonly { readonly what: string; readonly step: Step }[] = [
    { what: 'throttling', step: errorAnswer('ThrottlingException', 'Rate exceeded') },
    { what: 'a status of 429', step: errorAnswer('SomethingElse', 'slow down', 429) },
    { what: 'a failure of the server', step: errorAnswer('ServerException', 'The server could not process', 500) },
    { what: 'a bad gateway, as a page', step: page(502, '<html>Bad gateway</html>') },
    { what: 'a connection that ends before the answer', step: cut },
    { what: 'a connection that ends in the answer', step: cutInBody },
  ]
  for (const { what, step } of cases) {
    test(`${what}: the next answer counts`, async () => {
      const result = await ask([step, empty])
      assert.deepEqual(result, { ok: true, value: { repositories: [] }, httpStatus: 200, requestId: 'request-1' })
      assert.equal(service.requests.length, 2)
    })
  }
})

describe('what does not get better', () => {
  const cases: readonly {
    readonly what: string
    readonly step: Step
    readonly is: readonly [name: string, code: string | undefined, httpStatus: number | undefined, sent: number]
  }[] = [
    {
      what: 'throttling',
      step: errorAnswer('ThrottlingException', 'Rate exceeded'),
      is: ['Unmodelled', 'ThrottlingException', 400, 3],
    },
    {
      what: 'a failure of the server',
      step: errorAnswer('ServerException', 'no', 500),
      is: ['ServerException', undefined, 500, 3],
    },
    { what: 'a bad gateway', step: page(502, '<html>Bad gateway</html>'), is: ['NotJson', undefined, 502, 3] },
    {
      what: 'a page with status 200',
      step: page(200, '<html>Log in to the hotel</html>'),
      is: ['NotJson', undefined, 200, 1],
    },
    { what: 'a page with status 403', step: page(403, 'denied by policy'), is: ['NotJson', undefined, 403, 1] },
    { what: 'an empty answer', step: page(200, ''), is: ['NotJson', undefined, 200, 1] },
    { what: 'JSON that breaks off', step: page(200, '{"repositories":['), is: ['NotJson', undefined, 200, 1] },
    { what: 'cut connections', step: cut, is: ['Network', 'ECONNRESET', undefined, 3] },
    { what: 'cut answers', step: cutInBody, is: ['Network', 'ECONNRESET', undefined, 3] },
    {
      what: 'a modelled error',
      step: errorAnswer('RepositoryNotFoundException', 'no'),
      is: ['RepositoryNotFoundException', undefined, 400, 1],
    },
    {
      what: `another operation's error`,
      step: errorAnswer('LayersNotFoundException', 'no'),
      is: ['Unmodelled', 'LayersNotFoundException', 400, 1],
    },
    {
      what: 'a denial',
      step: errorAnswer('AccessDeniedException', 'no'),
      is: ['Unmodelled', 'AccessDeniedException', 400, 1],
    },
    {
      what: 'an error with a namespace',
      step: errorAnswer('com.amazonaws.ecr#RepositoryNotFoundException', 'no'),
      is: ['RepositoryNotFoundException', undefined, 400, 1],
    },
    {
      what: 'an expired key that is fixed',
      step: errorAnswer('ExpiredTokenException', 'expired'),
      is: ['Unmodelled', 'ExpiredTokenException', 400, 1],
    },
  ]
  for (const {
    what,
    step,
    is: [name, code, httpStatus, sent],
  } of cases) {
    test(`${what}: ${name}, sent ${sent} times`, async () => {
      const result = await ask([step])
      assert.deepEqual(facts(result), { name, code, httpStatus, attempts: sent, sent })
    })
  }
})

test('a page of something else is shown as it came', async () => {
  const result = await ask([page(403, `<html>${'x'.repeat(2000)}`)])
  assert.ok(!result.ok && result.error.name === 'NotJson')
  assert.equal(result.error.contentType, 'text/html')
  assert.equal(result.error.body, `<html>${'x'.repeat(994)}`)
  assert.match(
    result.error.message,
    /^Something that is not the service answered with status 403, text\/html: "<html>x+"$/,
  )
})

describe('a quota is told at once', () => {
  for (const name of ['LimitExceededException', 'TooManyTagsException']) {
    test(name, async () => {
      service.script(errorAnswer(name, 'the quota'))
      const result = await using(key, (ecr) => ecr.try('CreateRepository', { repositoryName: 'team/app' }))
      assert.ok(!result.ok)
      assert.deepEqual([result.error.name, result.error.message, result.error.attempts], [name, 'the quota', 1])
      assert.equal(service.requests.length, 1)
    })
  }
  test('in the adaptive mode too', async () => {
    service.script(errorAnswer('LimitExceededException', 'the quota'))
    const result = await using({ ...key, retryMode: 'adaptive' }, (ecr) =>
      ecr.try('CreateRepository', { repositoryName: 'team/app' }),
    )
    assert.deepEqual([result.ok, service.requests.length], [false, 1])
  })
  test('and maxAttempts is what was asked for', async () => {
    await ask([errorAnswer('ServerException', 'no', 500)], { maxAttempts: 2 })
    assert.equal(service.requests.length, 2)
  })
})

describe('nothing is there', () => {
  test('a refused connection is Network', async () => {
    const closed = await startFakeService()
    await closed.close()
    const result = await ask([], { endpoint: closed.origin })
    assert.deepEqual(facts(result), {
      name: 'Network',
      code: 'ECONNREFUSED',
      httpStatus: undefined,
      attempts: 3,
      sent: 0,
    })
  })
  test('an unknown host is Network', async () => {
    const result = await ask([], { endpoint: 'http://no-such-host.invalid', maxAttempts: 1 })
    assert.ok(!result.ok && result.error.name === 'Network')
    assert.match(result.error.code, /^(ENOTFOUND|EAI_AGAIN)$/)
  })
})

describe('time-outs fire', () => {
  test('no head of an answer', async () => {
    const result = await ask([silence], { requestTimeoutMs: 200, maxAttempts: 1 })
    assert.deepEqual(facts(result), { name: 'Network', code: 'ETIMEDOUT', httpStatus: undefined, attempts: 1, sent: 1 })
  })
  test('nothing moves while an answer is read', async () => {
    const result = await ask([silenceInBody], { idleTimeoutMs: 200, requestTimeoutMs: 0, maxAttempts: 1 })
    assert.deepEqual(facts(result), {
      name: 'Network',
      code: 'TimeoutError',
      httpStatus: undefined,
      attempts: 1,
      sent: 1,
    })
  })
  test('one that fired is sent again', async () => {
    const result = await ask([silence, empty], { requestTimeoutMs: 200 })
    assert.ok(result.ok)
    assert.equal(service.requests.length, 2)
  })
})

describe('the caller ends a call', () => {
  test('while it waits', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    setTimeout(() => controller.abort(reason), 100)
    const result = await ask([silence], {}, controller.signal)
    assert.deepEqual(facts(result), { name: 'Aborted', code: undefined, httpStatus: undefined, attempts: 1, sent: 1 })
    assert.ok(!result.ok && result.error.cause === reason)
  })
  test('while an answer is read', async () => {
    const result = await ask([silenceInBody], {}, AbortSignal.timeout(200))
    assert.equal(facts(result).name, 'Aborted')
    assert.equal(service.requests.length, 1)
  })
  test('between two attempts', async () => {
    const result = await ask([errorAnswer('ServerException', 'no', 500)], { maxAttempts: 50 }, AbortSignal.timeout(300))
    assert.equal(facts(result).name, 'Aborted')
    assert.ok(service.requests.length < 50)
  })
  test('before it is sent', async () => {
    const result = await ask([], {}, AbortSignal.abort())
    assert.deepEqual(facts(result), { name: 'Aborted', code: undefined, httpStatus: undefined, attempts: 0, sent: 0 })
  })
})

describe('credentials that end in the middle', () => {
  test('are asked for once more, and the request is sent again', async () => {
    let asked = 0
    const credentials = () => Promise.resolve({ accessKeyId: `AKIA${++asked}`, secretAccessKey: 'secret' })
    service.script(empty, errorAnswer('ExpiredTokenException', 'expired'), empty)
    await using({ credentials }, async (ecr) => {
      assert.ok((await ecr.try('DescribeRepositories', {})).ok)
      assert.ok((await ecr.try('DescribeRepositories', {})).ok)
    })
    const keys = service.requests.map(({ headers }) => /Credential=(\w+)/.exec(String(headers.authorization))?.[1])
    assert.deepEqual(keys, ['AKIA1', 'AKIA1', 'AKIA2'])
  })
  test('but not for ever', async () => {
    const credentials = () => Promise.resolve({ accessKeyId: 'AKIA', secretAccessKey: 'secret' })
    const result = await ask([errorAnswer('ExpiredTokenException', 'expired')], {
      accessKeyId: undefined,
      secretAccessKey: undefined,
      credentials,
    })
    assert.deepEqual(facts(result), {
      name: 'Unmodelled',
      code: 'ExpiredTokenException',
      httpStatus: 400,
      attempts: 2,
      sent: 2,
    })
  })
  test('that cannot be had are Unmodelled, with the reason', async () => {
    const credentials = () =>
      Promise.reject(Object.assign(new Error('no key here'), { name: 'CredentialsProviderError' }))
    const result = await ask([], { accessKeyId: undefined, secretAccessKey: undefined, credentials })
    assert.ok(!result.ok)
    assert.deepEqual(
      { ...facts(result), message: result.error.message },
      {
        name: 'Unmodelled',
        code: 'CredentialsProviderError',
        httpStatus: undefined,
        attempts: 0,
        sent: 0,
        message: 'no key here',
      },
    )
  })
})

test('call throws what try gives', async () => {
  service.script(errorAnswer('RepositoryNotFoundException', 'it does not exist'))
  await using(key, async (ecr) => {
    await assert.rejects(ecr.call('DescribeRepositories', {}), {
      name: 'RepositoryNotFoundException',
      message: 'it does not exist',
      httpStatus: 400,
      requestId: 'request-1',
    })
  })
})
