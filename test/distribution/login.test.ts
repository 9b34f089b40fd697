import assert from 'node:assert/strict'
import { test } from 'node:test'

import { mintToken } from '../../src/domain/authorisation/tokens.ts'
import { createFailedLogins } from '../../src/protocol/distribution/failed-logins.ts'
import { account, givenRepository, otherAccount, rootOf } from '../support/registry.ts'
import { basic, openPlane, receive, toRequest, tokenOf } from './plane.ts'

test("T1 without credentials: 401 in ECR's words, and a realm from the configuration whatever Host says", async (t) => {
  const plane = await openPlane(t)
  for (const host of ['localhost:4510', 'evil.example', 'localhost:4510@evil.example']) {
    const answer = await plane.send('GET', '/v2/', {
      as: null,
      headers: { host, 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example' },
    })
    assert.deepEqual(answer, {
      status: 401,
      headers: {
        'docker-distribution-api-version': 'registry/2.0',
        'content-type': 'text/plain; charset=utf-8',
        'www-authenticate': 'Basic realm="http://localhost:4510/",service="ecr.amazonaws.com"',
      },
      text: 'Not Authorized\n',
      code: undefined,
      message: undefined,
    })
  }
})

test("T1 a host of ECR's form is challenged for its own registry", async (t) => {
  const plane = await openPlane(t)
  const answer = await plane.send('GET', '/v2/', {
    as: null,
    headers: { host: `${otherAccount}.dkr.ecr.eu-west-1.amazonaws.com` },
  })
  assert.equal(
    answer.headers['www-authenticate'],
    `Basic realm="http://${otherAccount}.dkr.ecr.eu-west-1.localhost:4510/",service="ecr.amazonaws.com"`,
  )
})

test('every path asks for a login first, even one that is none', async (t) => {
  const plane = await openPlane(t)
  for (const path of ['/v2', '/v2/_catalog', '/v2/app/tags/list', '/v2/BAD/tags/list', '/v2/nothing']) {
    assert.equal((await plane.send('GET', path, { as: null })).status, 401)
  }
})

test('a token logs in, more than once, and answers the version check', async (t) => {
  const plane = await openPlane(t)
  for (let times = 0; times < 3; times++) {
    const answer = await plane.send('GET', '/v2/')
    assert.deepEqual(
      [answer.status, answer.text, answer.headers['docker-distribution-api-version']],
      [200, '{}', 'registry/2.0'],
    )
  }
})

test('T2 what is not Basic AWS:<token> is 401', async (t) => {
  const plane = await openPlane(t)
  const good = tokenOf(plane.registry, account)
  const rows = [
    basic(good, 'root'),
    basic(good, 'aws'),
    basic(''),
    basic('x'.repeat(1024 * 1024)),
    `Basic ${Buffer.from('AWS').toString('base64')}`,
    'Basic !!!!',
    'Basic',
    `Bearer ${good}`,
    `AWS:${good}`,
    '',
  ]
  for (const [index, authorization] of rows.entries()) {
    const answer = await plane.send('GET', '/v2/', { headers: { authorization }, remoteAddress: `10.0.0.${index}` })
    assert.equal(answer.status, 401, authorization.slice(0, 40))
  }
})

test("T3 a token lives twelve hours; a second later it is expired, in ECR's words", async (t) => {
  const plane = await openPlane(t)
  const headers = { authorization: basic(tokenOf(plane.registry, account)) }
  plane.registry.advance(12 * 3600 * 1000 - 1000)
  assert.equal((await plane.send('GET', '/v2/', { headers })).status, 200)
  plane.registry.advance(1000)
  for (const path of ['/v2/', '/v2/app/tags/list']) {
    const answer = await plane.send('GET', path, { headers })
    assert.deepEqual(
      [answer.status, answer.code, answer.message],
      [403, 'DENIED', 'Your authorization token has expired. Reauthenticate and try again.'],
    )
  }
})

test('T4 a token with one character changed, cut, glued, or of another installation is 401', async (t) => {
  const plane = await openPlane(t)
  const good = tokenOf(plane.registry, account)
  const foreign = mintToken(
    { pageKey: new Uint8Array(32), tokenKeys: [Buffer.alloc(32, 9)], identityKey: new Uint8Array(32) },
    { accessKeyId: rootOf(account).accessKeyId, expiresAtMs: Number.MAX_SAFE_INTEGER },
  )
  const changed = Array.from(
    { length: good.length },
    (_, at) => good.slice(0, at) + (good[at] === 'A' ? 'B' : 'A') + good.slice(at + 1),
  )
  for (const [index, password] of [
    ...changed,
    good.slice(0, -1),
    `${good}${good}`,
    `${good}.`,
    `${good}=`,
    foreign,
  ].entries()) {
    const answer = await plane.send('GET', '/v2/', {
      headers: { authorization: basic(password) },
      remoteAddress: `10.0.${index}.1`,
    })
    assert.equal(answer.status, 401, password)
  }
})

test('T6 a token whose key is gone is refused at once, although the token was seen before', async (t) => {
  let exists = true
  const plane = await openPlane(t)
  const { find } = plane.registry.services.accessKeys
  const headers = { authorization: basic(tokenOf(plane.registry, account)) }
  assert.equal((await plane.send('GET', '/v2/', { headers })).status, 200)
  Object.assign(plane.registry.services.accessKeys, { find: (id: string) => (exists ? find(id) : undefined) })
  assert.equal((await plane.send('GET', '/v2/', { headers })).status, 200)
  exists = false
  assert.equal((await plane.send('GET', '/v2/', { headers })).status, 401)
})

test('T10 the twenty-first wrong login within a second is 429; good ones and other addresses go on', async (t) => {
  const plane = await openPlane(t)
  const wrong = { headers: { authorization: basic('guess') }, remoteAddress: '10.1.1.1' }
  const statuses: number[] = []
  for (let times = 0; times < 22; times++) statuses.push((await plane.send('GET', '/v2/', wrong)).status)
  assert.deepEqual(statuses, [...Array<number>(20).fill(401), 429, 429])
  const refused = await plane.send('GET', '/v2/', wrong)
  assert.deepEqual([refused.code, refused.headers['retry-after']], ['TOOMANYREQUESTS', '1'])
  assert.equal((await plane.send('GET', '/v2/', { remoteAddress: '10.1.1.1' })).status, 200)
  assert.equal((await plane.send('GET', '/v2/', { ...wrong, remoteAddress: '10.1.1.2' })).status, 401)
  plane.registry.advance(1000)
  assert.equal((await plane.send('GET', '/v2/', wrong)).status, 401)
})

test('T10 no more addresses are remembered than the limit', () => {
  const failed = createFailedLogins({ now: () => 0 }, 1, 2)
  assert.deepEqual(
    ['a', 'a', 'b', 'c', 'a'].map((address) => failed.isOverLimit(address)),
    [false, true, false, false, false],
  )
})

test('in development any password is a caller, but an expired token stays expired', async (t) => {
  const plane = await openPlane(t, { anyPassword: (password) => rootOf(password === 'other' ? otherAccount : account) })
  await givenRepository(plane.registry, 'app')
  const list = (password: string) =>
    plane.send('GET', '/v2/app/tags/list', { headers: { authorization: basic(password) } })
  assert.equal((await list('anything')).status, 200)
  assert.equal((await list('other')).status, 403)
  const old = tokenOf(plane.registry, account, -1)
  assert.equal((await list(old)).code, 'DENIED')
})

test('D25 without rights a repository that exists and one that does not are answered the same', async (t) => {
  const plane = await openPlane(t)
  await givenRepository(plane.registry, 'app')
  const answers = await Promise.all(
    ['app', 'nil'].map((name) => plane.send('GET', `/v2/${name}/tags/list`, { as: otherAccount })),
  )
  const texts = answers.map((answer, index) => [
    answer.status,
    answer.code,
    answer.message?.replace(`repository/${index === 0 ? 'app' : 'nil'} `, 'repository/* '),
  ])
  const message =
    `User: arn:aws:iam::${otherAccount}:root is not authorized to perform: ecr:ListImages on resource: arn:aws:ecr:us-east-1:${account}:repository/* ` +
    'because no resource-based policy allows the ecr:ListImages action'
  assert.deepEqual(texts, [
    [403, 'DENIED', message],
    [403, 'DENIED', message],
  ])
  const withRights = await plane.send('GET', '/v2/nil/tags/list')
  assert.deepEqual(
    [withRights.status, withRights.code, withRights.message],
    [404, 'NAME_UNKNOWN', `The repository with name 'nil' does not exist in the registry with id '${account}'`],
  )
})

test('D31 a refused login never touches the body', async (t) => {
  const plane = await openPlane(t)
  let pulled = false
  const body: AsyncIterable<Uint8Array> = {
    async *[Symbol.asyncIterator]() {
      pulled = true
      yield Buffer.alloc(1)
    },
  }
  const bad = { body, headers: { authorization: basic('guess') } }
  assert.equal(
    (await plane.send('PATCH', '/v2/app/blobs/uploads/00000000-0000-4000-8000-000000000000', bad)).status,
    401,
  )
  assert.equal(
    (
      await plane.send('PUT', '/v2/app/manifests/x', {
        body,
        as: otherAccount,
        headers: { 'content-type': 'text/plain' },
      })
    ).status,
    403,
  )
  assert.equal((await plane.send('POST', '/v2/app/blobs/uploads/', { body, as: otherAccount })).status, 403)
  assert.equal(pulled, false)
})

test('D33 no answer opens the registry to pages of other origins', async (t) => {
  const plane = await openPlane(t)
  for (const method of ['GET', 'OPTIONS']) {
    const answer = await plane.send(method, '/v2/', {
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'GET' },
    })
    assert.deepEqual(
      Object.keys(answer.headers).filter((name) => name.startsWith('access-control')),
      [],
    )
  }
})

test('the log of a request says who, where and what, and no secret', async (t) => {
  const plane = await openPlane(t)
  await givenRepository(plane.registry, 'app')
  const token = tokenOf(plane.registry, account)
  const response = await plane.handler(
    toRequest('GET', '/v2/app/tags/list', { headers: { authorization: basic(token) } }),
  )
  assert.deepEqual(response.log, {
    principal: `arn:aws:iam::${account}:root`,
    registryId: account,
    region: 'us-east-1',
    repository: 'app',
    operation: 'GET tags',
  })
  const refused = await plane.handler(
    toRequest('GET', '/v2/nil/tags/list', { headers: { authorization: basic(token) } }),
  )
  assert.equal(refused.log?.['error'], 'NAME_UNKNOWN')
  assert.equal((await receive(plane.handler, toRequest('GET', '/other'))).status, 404)
})
