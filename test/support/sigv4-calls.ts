// A signed API call, the keys it may be signed with, and what a verifier must say of it.

import assert from 'node:assert/strict'

import { createSigV4Verifier, type Credential, type SigV4VerifierOptions } from '../../src/protocol/sigv4/verify.ts'
import { exampleKey, sha256, signed, toRequest, type HowToSign, type Message } from './sign.ts'

const nowMs = Date.UTC(2026, 10, 21, 10, 0, 0)
export const alice: Credential<string> = { ...exampleKey, active: true, principal: 'alice' }
export const temporary: Credential<string> = {
  accessKeyId: 'ASIATEMPORARY',
  secretAccessKey: 'temporary secret',
  sessionToken: 'FwoGZXIvYXdzE/token==',
  expiresAtMs: nowMs + 1000,
  active: true,
  principal: 'a session',
}
const keys = [
  alice,
  temporary,
  { ...temporary, accessKeyId: 'ASIAEXPIRED', expiresAtMs: nowMs },
  { ...temporary, accessKeyId: 'ASIAOTHER', sessionToken: 'FwoGZXIvYXdzE/other==' },
  { ...alice, accessKeyId: 'AKIAINACTIVE', active: false },
]
export const body = '{}'
export const call: Message = {
  headers: [
    ['Host', 'localhost:4510'],
    ['Content-Type', 'application/x-amz-json-1.1'],
    ['X-Amz-Target', 'AmazonEC2ContainerRegistry_V20150921.DescribeRepositories'],
  ],
}

/** Knows the keys above; the clock stands at `nowMs`. */
export function verifier(options: Partial<SigV4VerifierOptions<string>> = {}) {
  const secretFor = (accessKeyId: string) => keys.find((key) => key.accessKeyId === accessKeyId)
  return createSigV4Verifier<string>({ clock: { now: () => nowMs }, credentials: { secretFor }, ...options })
}

/** The verdict on `message` with `payload` as its body. */
export async function verify(message: Message, options: Partial<SigV4VerifierOptions<string>> = {}, payload = body) {
  return verifier(options).verifyHeader(toRequest(message), Buffer.from(payload), { services: ['ecr'] })
}

/** Signs `call` over `body`, as `how` says otherwise. */
export function signedCall(how: HowToSign = {}, message = call): Message {
  return signed(message, { payload: body, ...how })
}

/** `message` with its Authorization header rewritten. */
export function withAuthorization(message: Message, rewrite: (value: string) => string): Message {
  const headers = message.headers.map(
    ([name, value]) => [name, name === 'Authorization' ? rewrite(value) : value] as const,
  )
  return { ...message, headers }
}

/** `message` with headers behind its own. */
export function withHeaders(message: Message, ...headers: (readonly [string, string])[]): Message {
  return { ...message, headers: [...message.headers, ...headers] }
}

export async function assertAccepted(message: Message, options: Partial<SigV4VerifierOptions<string>> = {}) {
  assert.deepEqual(await verify(message, options), {
    ok: true,
    principal: 'alice',
    accessKeyId: 'AKIDEXAMPLE',
    region: 'us-east-1',
    service: 'ecr',
    signedAtMs: nowMs,
  })
}

export async function assertRefused(message: Message, kind: string, text: string, payload = body) {
  assert.deepEqual(await verify(message, {}, payload), { ok: false, fault: { kind, message: text } })
}

export const mismatch =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and ' +
  'signing method. Consult the service documentation for details.'
export const unrecognized = 'The security token included in the request is invalid.'

/** How AWS repeats a header that it could not read. */
export function hashed(authorization: string): string {
  const digest = Buffer.from(sha256(authorization), 'hex').toString('base64')
  return `(Hashed with SHA-256 and encoded with Base64) Authorization=${digest}`
}
