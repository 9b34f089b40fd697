// Temporary credentials at the doors: signatures with a session token, and docker passwords that a session asked for.

import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'

import { mintToken } from '../../src/domain/authorisation/tokens.ts'
import { claimsOf } from '../../src/domain/sts/sessions.ts'
import { deleteIdentity } from '../../src/operations/admin/identities/delete-identity.ts'
import { putInlinePolicy } from '../../src/operations/admin/identities/put-inline-policy.ts'
import { revokeSessions } from '../../src/operations/admin/identities/revoke-sessions.ts'
import { updateAccessKey } from '../../src/operations/admin/identities/update-access-key.ts'
import { getAuthorizationToken } from '../../src/operations/private/get-authorization-token.ts'
import { getSessionToken } from '../../src/operations/sts/get-session-token.ts'
import { createDistributionHandler } from '../../src/protocol/distribution/handler.ts'
import { createPublicLogin } from '../../src/protocol/public/login.ts'
import { basic, receive, toRequest } from '../distribution/plane.ts'
import { account, region, type TestRegistry } from '../support/registry.ts'
import { allow, givenUser, policyText, role, user } from '../operations/admin/identity-calls.ts'
import { callerOf, givenTrust, mayAssume, open } from '../operations/sts/roles.ts'
import { openSignedApi, type Answer, type SignedApi } from './signed-api.ts'

interface Credentials {
  readonly AccessKeyId: string
  readonly SecretAccessKey: string
  readonly SessionToken: string
}

const readAll = allow(['ecr:DescribeRepositories', 'ecr:GetAuthorizationToken', 'ecr:BatchGetImage'])

/** A session of the role `ci`, which ann opened, on a registry whose API is signed for. */
async function openSession(t: TestContext) {
  const api = await openSignedApi(t)
  const { registry } = api
  const ann = await givenUser(registry, 'ann', mayAssume('ci'), readAll)
  await givenTrust(registry, 'ci', { may: [readAll] })
  const answer = await open(registry, ann.caller, 'ci', { DurationSeconds: 900 })
  const credentials = answer.Credentials ?? assert.fail('no credentials')
  return { api, registry, ann, answer, credentials, caller: callerOf(registry, answer) }
}

function describeAs(
  api: SignedApi,
  credentials: Credentials,
  amzDate = '20261121T120000Z',
  token: string | undefined = credentials.SessionToken,
): Promise<Answer> {
  const key = { accessKeyId: credentials.AccessKeyId, secretAccessKey: credentials.SecretAccessKey }
  const headers = token === undefined ? [] : ([['X-Amz-Security-Token', token]] as const)
  return api.call('DescribeRepositories', {}, { headers, how: { key, amzDate } })
}

const typeOf = (answer: Answer): unknown => [answer.status, (JSON.parse(answer.text) as { __type?: string }).__type] // of the server under test
const unknown = [400, 'UnrecognizedClientException']

describe('S20 signatures with temporary credentials', () => {
  test('are good with their token, until they end: then they are told so', async (t) => {
    const { api, registry, credentials } = await openSession(t)
    assert.deepEqual(typeOf(await describeAs(api, credentials)), [200, undefined])
    registry.advance(900_000 - 1)
    assert.deepEqual(typeOf(await describeAs(api, credentials, '20261121T121459Z')), [200, undefined])
    registry.advance(1)
    assert.deepEqual(typeOf(await describeAs(api, credentials, '20261121T121500Z')), [400, 'ExpiredTokenException'])
  })

  test('without the token, with that of another key, cut, or with one for a lasting key: unknown', async (t) => {
    const { api, registry, ann, credentials } = await openSession(t)
    const other = (await open(registry, ann.caller, 'ci')).Credentials ?? assert.fail('no credentials')
    const { SessionToken } = credentials
    const none = { ...credentials, SessionToken: '' }
    const key = { accessKeyId: `AKIATEST${account}`, secretAccessKey: `secret-of-${account}` }
    const rooted = { AccessKeyId: key.accessKeyId, SecretAccessKey: key.secretAccessKey, SessionToken }
    const answers = [
      await api.call(
        'DescribeRepositories',
        {},
        {
          how: { key: { accessKeyId: credentials.AccessKeyId, secretAccessKey: credentials.SecretAccessKey } },
        },
      ),
      await describeAs(api, none),
      await describeAs(api, { ...credentials, SessionToken: other.SessionToken }),
      await describeAs(api, { ...credentials, SessionToken: SessionToken.slice(0, -4) }),
      await describeAs(api, rooted),
    ]
    assert.deepEqual(answers.map(typeOf), [unknown, unknown, unknown, unknown, unknown])
  })

  test('with another secret: the signature does not match', async (t) => {
    const { api, credentials } = await openSession(t)
    const answer = await describeAs(api, { ...credentials, SecretAccessKey: 'x'.repeat(40) })
    assert.deepEqual(typeOf(answer), [400, 'InvalidSignatureException'])
  })

  test('R7 the body of a forged or expired one is not received, that of a good one is', async (t) => {
    const { api, registry, credentials } = await openSession(t)
    const pulledBy = async (token: string, amzDate: string) => {
      let pulled = 0
      async function* pieces(): AsyncGenerator<Uint8Array> {
        pulled++
        yield Buffer.from('{}')
      }
      const key = { accessKeyId: credentials.AccessKeyId, secretAccessKey: credentials.SecretAccessKey }
      const sending = { headers: [['X-Amz-Security-Token', token]] as const, how: { key, amzDate }, pieces: pieces() }
      await api.call('DescribeRepositories', '{}', sending)
      return pulled
    }
    const { SessionToken } = credentials
    assert.equal(await pulledBy(SessionToken, '20261121T120000Z'), 1)
    assert.equal(await pulledBy(`B${SessionToken.slice(1)}`, '20261121T120000Z'), 0)
    registry.advance(900_000)
    assert.equal(await pulledBy(SessionToken, '20261121T121500Z'), 0)
  })

  test('T6 revoked, or their role gone: unknown at once', async (t) => {
    const { api, registry, credentials } = await openSession(t)
    registry.advance(1_000)
    await registry.perform(revokeSessions, role('ci'))
    assert.deepEqual(typeOf(await describeAs(api, credentials)), unknown)
  })
})

describe('GetSessionToken', () => {
  async function ownSession(registry: TestRegistry, ctx = registry.ctx(), DurationSeconds?: number) {
    const { Credentials: credentials } = await registry.perform(getSessionToken, { DurationSeconds }, ctx)
    return credentials ?? assert.fail('no credentials')
  }

  test('gives what its user may, while the key that asked is good and the user is there', async (t) => {
    const { api, registry, ann } = await openSession(t)
    const credentials = await ownSession(registry, registry.ctx({ caller: ann.caller }))
    assert.equal(credentials.Expiration, registry.services.clock.now() + 43_200_000)
    assert.deepEqual(typeOf(await describeAs(api, credentials)), [200, undefined])
    const { accessKeyId } = ann
    await registry.perform(updateAccessKey, { accessKeyId, status: 'Inactive' })
    assert.deepEqual(typeOf(await describeAs(api, credentials)), unknown)
    await registry.perform(updateAccessKey, { accessKeyId, status: 'Active' })
    assert.deepEqual(typeOf(await describeAs(api, credentials)), [200, undefined])
    await registry.perform(deleteIdentity, { ...user('ann'), force: true })
    assert.deepEqual(typeOf(await describeAs(api, credentials)), unknown)
  })

  test('of a root lasts an hour at most; of temporary credentials there is none', async (t) => {
    const { registry, caller } = await openSession(t)
    const now = registry.services.clock.now()
    assert.equal((await ownSession(registry)).Expiration, now + 3_600_000)
    assert.equal((await ownSession(registry, registry.ctx(), 129_600)).Expiration, now + 3_600_000)
    assert.equal((await ownSession(registry, registry.ctx(), 900)).Expiration, now + 900_000)
    await assert.rejects(ownSession(registry, registry.ctx({ caller })), {
      name: 'AccessDeniedException',
      message: 'Cannot call GetSessionToken with session credentials',
    })
  })
})

describe('docker passwords that a session asked for', () => {
  async function passwordOf(registry: TestRegistry, caller: Parameters<typeof claimsOf>[0]): Promise<string> {
    const { authorizationData } = await registry.perform(getAuthorizationToken, {}, registry.ctx({ caller }))
    const [entry] = authorizationData ?? []
    assert.equal(entry?.expiresAt, caller.temporary?.expiresAtMs)
    return Buffer.from(entry?.authorizationToken ?? '', 'base64')
      .toString()
      .slice('AWS:'.length)
  }

  test('T3 T6 T7 log in as the session, end with it, and follow what its role may', async (t) => {
    const { registry, caller } = await openSession(t)
    const { services } = registry
    const handler = createDistributionHandler({ services, defaultRegistry: { accountId: account, region } })
    const password = await passwordOf(registry, caller)
    const ask = async () => {
      const headers = { authorization: basic(password) }
      const { status, code } = await receive(handler, toRequest('GET', '/v2/app/manifests/v1', { headers }))
      return [status, code]
    }
    // It may read: there is nothing to read.
    assert.deepEqual(await ask(), [404, 'NAME_UNKNOWN'])
    const policyDocument = policyText(allow('ecr:GetAuthorizationToken'))
    await registry.perform(putInlinePolicy, { ...role('ci'), policyName: 'may', policyDocument })
    assert.deepEqual(await ask(), [403, 'DENIED'])
    registry.advance(900_000 - 1)
    assert.deepEqual(await ask(), [403, 'DENIED'])
    registry.advance(1)
    const headers = { authorization: basic(password) }
    const { status, message } = await receive(handler, toRequest('GET', '/v2/', { headers }))
    assert.deepEqual([status, message], [403, 'Your authorization token has expired. Reauthenticate and try again.'])
  })

  test('T6 are nobody’s when the session is revoked or the role gone', async (t) => {
    const { registry, caller } = await openSession(t)
    const { services } = registry
    const handler = createDistributionHandler({ services, defaultRegistry: { accountId: account, region } })
    const headers = { authorization: basic(await passwordOf(registry, caller)) }
    const login = async () => (await receive(handler, toRequest('GET', '/v2/', { headers }))).status
    assert.equal(await login(), 200)
    registry.advance(1_000)
    await registry.perform(revokeSessions, role('ci'))
    assert.equal(await login(), 401)
  })

  test('a bearer token of the public side is the session’s too, and ends with it', async (t) => {
    const { registry, caller } = await openSession(t)
    const { services } = registry
    const login = createPublicLogin({ services })
    const password = mintToken(services.secrets, claimsOf(caller, services.clock.now() + 43_200_000))
    const judged = login.judgePassword(toRequest('GET', '/token/', { headers: { authorization: basic(password) } }))
    assert.ok(judged?.kind === 'caller')
    assert.deepEqual([judged.caller, judged.untilMs], [caller, caller.temporary?.expiresAtMs])
    const headers = { authorization: `Bearer ${login.mint(judged.caller, judged.untilMs)}` }
    const whose = () => login.authenticate(toRequest('GET', '/v2/', { headers }))
    assert.deepEqual(await whose(), { kind: 'caller', caller, untilMs: judged.untilMs })
    registry.advance(900_000)
    assert.ok('refusal' in (await whose()))
  })
})
