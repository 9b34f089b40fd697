// Credentials of the public data plane: the challenge, `/token/`, and what a bearer token may be (section T of the tables of bad input).

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { mintToken } from '../../src/domain/authorisation/tokens.ts'
import { basic, receive, toRequest, tokenOf } from '../distribution/plane.ts'
import { account, otherAccount, rootOf } from '../support/registry.ts'
import { openPublicPlane, type PublicPlane } from './public-plane.ts'

const hour = 3_600_000
const challenge = 'Bearer realm="http://localhost:4511/token/",service="public.ecr.aws",scope="aws"'
const errors = (message: string) => JSON.stringify({ errors: [{ code: 'DENIED', message }] })
const expired = 'Your authorization token has expired. Reauthenticate and try again.'
const wrong = 'Your Authorization Token is invalid.'

const begin = (plane: PublicPlane) => `/v2/${plane.alias}/app/blobs/uploads/`
const withHeader = (plane: PublicPlane, authorization: string, target = '/v2/', method = 'GET') =>
  plane.send(method, target, { as: null, headers: { authorization } })

describe('a request without credentials', () => {
  test('is told where tokens are, and that by its configured name', async (t) => {
    const plane = await openPublicPlane(t)
    for (const target of ['/v2/', `/v2/${plane.alias}/app/manifests/latest`]) {
      const { status, headers, text } = await plane.send('GET', target, { as: null, headers: { host: 'evil.test' } })
      assert.deepEqual(
        { status, headers, text },
        {
          status: 401,
          headers: {
            'docker-distribution-api-version': 'registry/2.0',
            'content-type': 'application/json; charset=utf-8',
            'www-authenticate': challenge,
          },
          text: errors('Not Authorized'),
        },
      )
    }
  })
})

describe('/token/', () => {
  test('gives a token to everyone, by any path and query that clients use', async (t) => {
    const plane = await openPublicPlane(t)
    const queries = ['', '?service=public.ecr.aws&scope=aws', '?scope=repository:a/b:pull&service=other']
    for (const target of ['/token/', '/token', ...queries.map((query) => `/token/${query}`)]) {
      const answer = await receive(plane.handler, toRequest('GET', target))
      assert.deepEqual([answer.status, answer.headers['cache-control']], [200, 'no-store'])
      const { token, ...rest } = JSON.parse(answer.text) as { token: string } // a wrong form fails below
      assert.deepEqual(rest, { expires_in: 12 * 3600 })
      assert.equal((await withHeader(plane, `Bearer ${token}`)).status, 200)
    }
  })

  test('gives a token of the account to who sends its password, and the token ends with the password', async (t) => {
    const plane = await openPublicPlane(t)
    const authorization = basic(tokenOf(plane.registry, account, hour))
    const answer = await receive(
      plane.handler,
      toRequest('GET', '/token/?scope=repository:a/b:pull,push', { headers: { authorization } }),
    )
    const { token, ...rest } = JSON.parse(answer.text) as { token: string } // a wrong form fails below
    assert.deepEqual(rest, { expires_in: 3600 })
    assert.equal((await withHeader(plane, `Bearer ${token}`, begin(plane), 'POST')).status, 202)
    plane.registry.advance(hour)
    const later = await withHeader(plane, `Bearer ${token}`, begin(plane), 'POST')
    assert.deepEqual([later.status, later.headers['www-authenticate'], later.text], [401, challenge, errors(expired)])
  })

  test('has no POST, so that containerd goes on with GET', async (t) => {
    const plane = await openPublicPlane(t)
    const { status, headers } = await receive(
      plane.handler,
      toRequest('POST', '/token/', { body: 'grant_type=password' }),
    )
    assert.deepEqual([status, headers['allow']], [405, 'GET, HEAD'])
  })

  const unusable: readonly (readonly [string, (password: string) => string])[] = [
    ['a user other than AWS', (password) => basic(password, 'root')],
    ['an empty password', () => basic('')],
    ['no colon', () => `Basic ${Buffer.from('AWS').toString('base64')}`],
    ['what is no base64', () => 'Basic %%%'],
    ['a password of 16 KiB', () => basic('x'.repeat(16_384))],
    ['a password that ends early', (password) => basic(password.slice(0, -1))],
    [
      'a password with one other letter',
      (password) => basic(password.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))),
    ],
    ['two passwords glued', (password) => basic(password + password)],
    [
      'a password of another installation',
      () =>
        basic(
          mintToken(
            { pageKey: Buffer.alloc(32), tokenKeys: [Buffer.alloc(32, 9)], identityKey: Buffer.alloc(32) },
            { accessKeyId: rootOf(account).accessKeyId, expiresAtMs: 9e15 },
          ),
        ),
    ],
    ['another scheme', (password) => `Bearer ${password}`],
  ]
  for (const [sentence, authorization] of unusable) {
    test(`refuses ${sentence}`, async (t) => {
      const plane = await openPublicPlane(t)
      const headers = { authorization: authorization(tokenOf(plane.registry, account)) }
      const answer = await receive(plane.handler, toRequest('GET', '/token/', { headers }))
      assert.deepEqual([answer.status, answer.text], [401, errors(wrong)])
      assert.equal(
        answer.headers['www-authenticate'],
        'Basic realm="http://localhost:4511/token/",service="public.ecr.aws"',
      )
    })
  }

  test('refuses its own tokens as passwords', async (t) => {
    const plane = await openPublicPlane(t)
    const bearer = await plane.token({ authorization: basic(tokenOf(plane.registry, account)) })
    await assert.rejects(plane.token({ authorization: basic(bearer) }), { message: `401 ${errors(wrong)}` })
  })
})

describe('a stale password', () => {
  const stale = async (plane: PublicPlane) => {
    const authorization = basic(tokenOf(plane.registry, account, hour))
    plane.registry.advance(hour)
    return { authorization }
  }

  test('does not stand in the way of a pull', async (t) => {
    const plane = await openPublicPlane(t)
    const headers = await stale(plane)
    for (const query of ['', '?scope=aws', `?scope=repository:${plane.alias}/app:pull`]) {
      const bearer = `Bearer ${await plane.token(headers, query)}`
      assert.equal((await withHeader(plane, bearer, `/v2/${plane.alias}/app/tags/list`)).status, 200)
      const push = await withHeader(plane, bearer, begin(plane), 'POST')
      assert.deepEqual([push.status, push.text], [403, errors('Not Authorized')])
    }
  })

  test('is told to who logs in or wants to push', async (t) => {
    const plane = await openPublicPlane(t)
    const headers = await stale(plane)
    for (const query of [
      '?offline_token=true',
      '?scope=repository:a/b:pull,push',
      '?scope=aws&scope=repository:a/b:push,pull',
      '?scope=repository:a/b:*',
    ]) {
      await assert.rejects(plane.token(headers, query), { message: `403 ${errors(expired)}` }, query)
    }
  })

  test('is one whose key is gone, too', async (t) => {
    const plane = await openPublicPlane(t)
    const { secrets, clock } = plane.registry.services
    const claims = { accessKeyId: 'AKIAGONE', expiresAtMs: clock.now() + hour }
    const authorization = basic(mintToken(secrets, claims))
    assert.ok(await plane.token({ authorization }))
    await assert.rejects(plane.token({ authorization }, '?offline_token=true'), { message: `403 ${errors(expired)}` })
    const answer = await withHeader(plane, `Bearer ${mintToken(secrets, claims, 'bearer')}`)
    assert.deepEqual(
      [answer.status, answer.headers['www-authenticate'], answer.text],
      [401, challenge, errors(expired)],
    )
  })
})

describe('a resource', () => {
  test('takes the text of GetAuthorizationToken as a bearer token, until it ends', async (t) => {
    const plane = await openPublicPlane(t)
    const bearer = `Bearer ${Buffer.from(`AWS:${tokenOf(plane.registry, account, hour)}`).toString('base64')}`
    plane.registry.advance(hour - 1000)
    assert.equal((await withHeader(plane, bearer, begin(plane), 'POST')).status, 202)
    plane.registry.advance(2000)
    const later = await withHeader(plane, bearer)
    assert.deepEqual([later.status, later.headers['www-authenticate'], later.text], [401, challenge, errors(expired)])
  })

  test('refuses Basic, right or wrong', async (t) => {
    const plane = await openPublicPlane(t)
    for (const password of [tokenOf(plane.registry, account), 'nonsense']) {
      const { status, text, headers } = await withHeader(plane, basic(password))
      assert.deepEqual([status, text, headers['www-authenticate']], [400, errors(wrong), undefined])
    }
  })

  test('refuses a password that is not encoded, glued and flipped tokens, and other schemes, with a challenge', async (t) => {
    const plane = await openPublicPlane(t)
    const token = await plane.token()
    const flipped = token.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))
    const headers = [
      `Bearer ${tokenOf(plane.registry, account)}`,
      `Bearer ${token}${token}`,
      `Bearer ${flipped}`,
      `Bearer ${token.slice(0, -1)}`,
      `Bearer ${token.replace('b1.', 'v1.')}`,
      'Bearer eyJhbGciOiJub25lIn0.e30.',
      'Bearer',
      'Bearer  a b',
      `Digest ${token}`,
      '',
    ]
    for (const [index, header] of headers.entries()) {
      const answer = await plane.send('GET', '/v2/', {
        as: null,
        headers: { authorization: header },
        remoteAddress: `10.0.0.${index}`,
      })
      assert.deepEqual(
        [answer.status, answer.headers['www-authenticate'], answer.text],
        [401, challenge, errors(wrong)],
        header,
      )
    }
  })

  test('a token that was given for one repository or right is good for what its holder may do, and for nothing else', async (t) => {
    const plane = await openPublicPlane(t)
    const mine = { authorization: basic(tokenOf(plane.registry, account)) }
    const pull = `Bearer ${await plane.token(mine, '?scope=repository:other/repository:pull')}`
    assert.equal((await withHeader(plane, pull, begin(plane), 'POST')).status, 202)
    const theirs = { authorization: basic(tokenOf(plane.registry, otherAccount)) }
    const push = `Bearer ${await plane.token(theirs, `?scope=repository:${plane.alias}/app:push,pull`)}`
    assert.equal((await withHeader(plane, push, begin(plane), 'POST')).status, 403)
  })

  test('wrong tokens are answered 20 times a second for each address, right ones go on', async (t) => {
    const plane = await openPublicPlane(t)
    const statuses: number[] = []
    for (let count = 0; count < 22; count++) statuses.push((await withHeader(plane, 'Bearer wrong')).status)
    assert.deepEqual(statuses, [...Array<number>(20).fill(401), 429, 429])
    assert.equal((await plane.send('GET', '/v2/')).status, 200)
    // The token endpoint counts with them.
    await assert.rejects(plane.token({ authorization: basic('wrong') }), /^Error: 429 /)
  })

  test('in development any password is somebody', async (t) => {
    const plane = await openPublicPlane(t, { anyPassword: () => rootOf(account) })
    const bearer = `Bearer ${await plane.token({ authorization: basic('anything') })}`
    assert.equal((await withHeader(plane, bearer, begin(plane), 'POST')).status, 202)
    const encoded = `Bearer ${Buffer.from('AWS:anything').toString('base64')}`
    assert.equal((await withHeader(plane, encoded, begin(plane), 'POST')).status, 202)
  })
})
