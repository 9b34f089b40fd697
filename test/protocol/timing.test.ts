// Row S24: how long a refusal takes tells nothing of a secret. Time on a busy machine proves little either way, so the work is looked at instead: for a
// wrong signature or token, wherever it is wrong, the same calls of the crypto library over inputs of the same sizes, and one comparison of whole
// values in constant time. (Whether an access key is known is no secret: the answer says it, as AWS's does.)

import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { test, type TestContext } from 'node:test'

import { mintToken, openToken } from '../../src/domain/authorisation/tokens.ts'
import { signedCall, verify, withAuthorization, mismatch } from '../support/sigv4-calls.ts'

const watched = ['createHmac', 'hash', 'timingSafeEqual', 'createHash'] as const

/** The calls that `work` makes of the crypto library, with the sizes of what they are given. */
async function workOf(t: TestContext, work: () => unknown): Promise<readonly string[]> {
  const calls: string[] = []
  const mocks = watched.map((name) => {
    const real = crypto[name] as (...args: unknown[]) => unknown
    return t.mock.method(crypto, name, (...args: unknown[]) => {
      calls.push(
        `${name} ${args.map((arg) => (arg instanceof Uint8Array ? arg.byteLength : String(arg).length)).join(' ')}`,
      )
      return real(...args)
    })
  })
  syncBuiltinESMExports()
  try {
    await work()
  } finally {
    for (const mock of mocks) mock.mock.restore()
    syncBuiltinESMExports()
  }
  return calls
}

/** The text with another character at a place, of the same alphabet. */
const wrongAt = (text: string, at: number) => text.slice(0, at) + (text[at] === 'a' ? 'b' : 'a') + text.slice(at + 1)

test('S24 a wrong signature costs the same wherever it is wrong', async (t) => {
  const call = signedCall()
  const signature = (header: string) => /Signature=([0-9a-f]{64})/.exec(header)?.[1] ?? assert.fail('not signed')
  const verdictAt = (at: number) =>
    verify(withAuthorization(call, (header) => header.replace(signature(header), wrongAt(signature(header), at))))
  const first = await workOf(t, async () => {
    const verdict = await verdictAt(0)
    assert.deepEqual(verdict, { ok: false, fault: { kind: 'InvalidSignatureException', message: mismatch } })
  })
  assert.deepEqual(
    first.filter((line) => line.startsWith('timingSafeEqual')),
    ['timingSafeEqual 32 32'],
  )
  for (const at of [1, 31, 32, 62, 63]) assert.deepEqual(await workOf(t, () => verdictAt(at)), first, `digit ${at}`)
})

test('S24 a wrong password costs the same wherever its code is wrong', async (t) => {
  const secrets = { pageKey: Buffer.alloc(32), tokenKeys: [Buffer.alloc(32, 1)], identityKey: Buffer.alloc(32) }
  const token = mintToken(secrets, { accessKeyId: 'AKIDEXAMPLE', expiresAtMs: 2 })
  const codeStart = token.lastIndexOf('.') + 1
  const opened = (at: number) => openToken(secrets, wrongAt(token, at), 1)
  const first = await workOf(t, () => assert.deepEqual(opened(codeStart), { kind: 'invalid' }))
  assert.deepEqual(
    first.filter((line) => line.startsWith('timingSafeEqual')),
    ['timingSafeEqual 32 32'],
  )
  // But for the last character, of which some bits say nothing: a spelling that is not ours is refused unread.
  for (const at of [codeStart + 1, codeStart + 20, token.length - 2])
    assert.deepEqual(await workOf(t, () => assert.deepEqual(opened(at), { kind: 'invalid' })), first, `character ${at}`)
})
