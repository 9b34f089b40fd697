// GetAuthorizationToken: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'

import { openToken } from '../../src/domain/authorisation/tokens.ts'
import type { Context } from '../../src/domain/context.ts'
import { getAuthorizationToken } from '../../src/operations/private/get-authorization-token.ts'
import { account, otherAccount, rootOf } from '../support/registry.ts'
import { assertRefused, call, invalid, openRegistry, type Refusal, wrongType } from './calls.ts'

const registry = await openRegistry({ after })
const nowMs = Date.UTC(2026, 10, 21, 12)
const twelveHoursMs = 12 * 60 * 60 * 1000

/** The answer apart from its tokens, and the one token that all entries hold. */
async function tokenFor(json: unknown, ctx?: Context): Promise<{ readonly entries: unknown; readonly token: string }> {
  // Compared in each test: a list of such entries.
  const answer = (await call(registry, getAuthorizationToken, json, ctx)) as {
    readonly authorizationData: readonly { readonly authorizationToken: string }[]
  }
  assert.deepEqual(Object.keys(answer), ['authorizationData'])
  const tokens = answer.authorizationData.map(({ authorizationToken }) => authorizationToken)
  const [token] = new Set(tokens)
  assert.equal(new Set(tokens).size, 1)
  return {
    entries: answer.authorizationData.map(({ authorizationToken: _, ...rest }) => rest),
    token: token ?? assert.fail('no token'),
  }
}

function passwordIn(token: string): string {
  const pair = Buffer.from(token, 'base64').toString('latin1')
  assert.match(pair, /^AWS:[\w.-]+$/) // ASCII, and no second colon: the AWS CLI splits at each
  return pair.slice('AWS:'.length)
}

const entry = (proxyEndpoint: string) => ({ expiresAt: (nowMs + twelveHoursMs) / 1000, proxyEndpoint })

describe('a token', () => {
  for (const [what, json] of [
    ['no arguments', {}],
    ['null for the registries', { registryIds: null }],
  ] as const) {
    test(`${what}: one entry, for the caller's registry, good for twelve hours`, async () => {
      const { entries, token } = await tokenFor(json)
      assert.deepEqual(entries, [entry('http://localhost:4510')])
      const claims = { accessKeyId: `AKIATEST${account}`, expiresAtMs: nowMs + twelveHoursMs }
      const password = passwordIn(token)
      const { secrets } = registry.services
      assert.deepEqual(openToken(secrets, password, nowMs), { kind: 'valid', claims })
      assert.deepEqual(openToken(secrets, password, nowMs + twelveHoursMs - 1), { kind: 'valid', claims })
      assert.deepEqual(openToken(secrets, password, nowMs + twelveHoursMs), { kind: 'expired', claims })
    })
  }

  test('the token is that of the caller, in the region of the request', async () => {
    const ctx = registry.ctx({ caller: rootOf(otherAccount), region: 'eu-west-1' })
    const { entries, token } = await tokenFor({}, ctx)
    assert.deepEqual(entries, [entry(`http://${otherAccount}.dkr.ecr.eu-west-1.localhost:4510`)])
    const opened = openToken(registry.services.secrets, passwordIn(token), nowMs)
    assert.deepEqual(opened, {
      kind: 'valid',
      claims: { accessKeyId: `AKIATEST${otherAccount}`, expiresAtMs: nowMs + twelveHoursMs },
    })
  })

  test('behind TLS the endpoint says https', async (t) => {
    const secure = await openRegistry(t, { origin: 'https://registry.test' })
    const { authorizationData } = await secure.perform(getAuthorizationToken, {})
    assert.deepEqual(
      authorizationData?.map(({ proxyEndpoint }) => proxyEndpoint),
      ['https://registry.test'],
    )
  })

  test('it gets older as the clock goes on', async (t) => {
    const later = await openRegistry(t)
    later.advance(1500)
    const { authorizationData } = await later.perform(getAuthorizationToken, {})
    assert.equal(authorizationData?.[0]?.expiresAt, nowMs + 1500 + twelveHoursMs)
  })
})

describe('registryIds', () => {
  test('one entry for each id, in that order, each id once, all with the same token', async () => {
    const { entries, token } = await tokenFor({ registryIds: [otherAccount, account, otherAccount] })
    assert.deepEqual(entries, [
      entry(`http://${otherAccount}.dkr.ecr.us-east-1.localhost:4510`),
      entry('http://localhost:4510'),
    ])
    // The identity stays the caller's: what it may do elsewhere is decided there.
    const opened = openToken(registry.services.secrets, passwordIn(token), nowMs)
    assert.equal(opened.kind === 'valid' && opened.claims.accessKeyId, `AKIATEST${account}`)
  })

  test('ten are not too many', async () => {
    const registryIds = Array.from({ length: 10 }, (_, at) => `00000000000${at}`)
    const { entries } = await tokenFor({ registryIds })
    assert.deepEqual(
      entries,
      registryIds.map((id) => entry(`http://${id}.dkr.ecr.us-east-1.localhost:4510`)),
    )
  })

  const pattern = "must satisfy regular expression '[0-9]{12}'"
  const rows: readonly (readonly [registryIds: unknown, Refusal])[] = [
    [[], invalid('registryIds', 'must have length greater than or equal to 1')],
    [Array.from({ length: 11 }, () => account), invalid('registryIds', 'must have length less than or equal to 10')],
    [['1'], invalid('registryIds.1.member', pattern)],
    [[account, `${account}3`], invalid('registryIds.2.member', pattern)],
    [[account, '../../etc/pw'], invalid('registryIds.2.member', pattern)],
    [['１２３４５６７８９０１２'], invalid('registryIds.1.member', pattern)],
    [account, wrongType('registryIds must be a list')],
    [[123456789012], wrongType('registryIds.1 must be a string')],
  ]
  for (const [registryIds, refusal] of rows) {
    test(`J9 ${JSON.stringify(registryIds).slice(0, 60)}: ${refusal.message}`, () =>
      assertRefused(registry, getAuthorizationToken, { registryIds }, refusal))
  }
})
