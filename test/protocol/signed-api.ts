// The API handler of a test registry: signed requests in as values, answers out as values, without a socket.

import assert from 'node:assert/strict'

import { createAuthenticate } from '../../src/protocol/authenticate.ts'
import { createApiHandler } from '../../src/protocol/aws-api.ts'
import type { HttpHandler, HttpRequest } from '../../src/protocol/message.ts'
import { createSigV4Verifier } from '../../src/protocol/sigv4/verify.ts'
import { account, openTestRegistry, type TestRegistry, type TestRegistryOptions } from '../support/registry.ts'
import { signed, toRequest, type HeaderPairs, type HowToSign } from '../support/sign.ts'

const requestId = '00000000-0000-4000-8000-000000000000'
export const targetPrefix = 'AmazonEC2ContainerRegistry_V20150921'
export const jsonType = 'application/x-amz-json-1.1'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly text: string
  readonly log: unknown
}

export interface Sending {
  readonly method?: string
  readonly target?: string
  /** Beside `Host` and those of the signature. */
  readonly headers?: HeaderPairs
  readonly body?: string | Uint8Array
  /** `null` for a request that is not signed. */
  readonly how?: HowToSign | null
  /** The root of which account signs. */
  readonly as?: string
  /** Pieces of a body of unknown length instead of `body`, which then says what is signed. */
  readonly pieces?: AsyncIterable<Uint8Array>
}

export interface SignedApi {
  readonly registry: TestRegistry
  readonly handler: HttpHandler
  send(sending: Sending): Promise<Answer>
  /** Sends AWS JSON to the operation of that name; a text is sent as it is. */
  call(operation: string, input: unknown, sending?: Sending): Promise<Answer>
}

/** Closed after the tests. */
export async function openSignedApi(
  t: { readonly after: (close: () => Promise<void>) => void },
  options?: TestRegistryOptions,
): Promise<SignedApi> {
  const registry = await openTestRegistry(options)
  t.after(async () => {
    await registry.close()
    assert.deepEqual(registry.backgroundErrors, [])
  })
  const { services } = registry
  const secretFor = (accessKeyId: string, sessionToken: string | undefined) => {
    const key = services.accessKeys.find(accessKeyId, sessionToken)
    return key && { ...key, active: true }
  }
  const verifier = createSigV4Verifier({ clock: services.clock, credentials: { secretFor } })
  const authenticate = createAuthenticate({ verifier, accessKeys: services.accessKeys, devPrincipal: undefined })
  const handler = createApiHandler({ services, authenticate })
  const send = async (sending: Sending): Promise<Answer> => receive(handler, toSignedRequest(sending))
  return {
    registry,
    handler,
    send,
    call: (operation, input, sending = {}) => {
      const body = typeof input === 'string' || input instanceof Uint8Array ? input : JSON.stringify(input)
      const own = [
        ['Content-Type', jsonType],
        ['X-Amz-Target', `${targetPrefix}.${operation}`],
      ] as const
      return send({ body, ...sending, headers: [...own, ...(sending.headers ?? [])] })
    },
  }
}

/** The request as the server would see it. */
function toSignedRequest(sending: Sending): HttpRequest {
  const { method = 'POST', target = '/', headers = [], body = '', how = {}, as = account } = sending
  const message = { method, target, headers: [['Host', 'localhost:4510'], ...headers] as const }
  const key = { accessKeyId: `AKIATEST${as}`, secretAccessKey: `secret-of-${as}` }
  const sent = how === null ? message : signed(message, { key, amzDate: '20261121T120000Z', payload: body, ...how })
  const bytes = Buffer.from(body)
  return {
    ...toRequest(sent),
    requestId,
    contentLength: sending.pieces ? undefined : bytes.byteLength,
    body: sending.pieces ?? once(bytes),
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.byteLength > 0) yield bytes
}

async function receive(handler: HttpHandler, request: HttpRequest): Promise<Answer> {
  const { status, headers, body = '', log } = await handler(request)
  assert.ok(typeof body === 'string' || body instanceof Uint8Array, 'the API answers no streams')
  return { status, headers, text: Buffer.from(body).toString(), log }
}

/** The whole refusal: status, both places of its type, and every word. */
export function assertFault(
  answer: Answer,
  status: number,
  type: string,
  message: string | undefined,
  more = {},
): void {
  const { log: _, ...seen } = answer
  const body = JSON.stringify({ __type: type, message, ...more })
  assert.deepEqual(seen, {
    status,
    headers: { 'content-type': jsonType, 'x-amzn-requestid': requestId, 'x-amzn-errortype': type },
    text: body,
  })
}

/** The whole answer of an operation. */
export function assertAnswer(answer: Answer, output: unknown): void {
  const { log: _, text, ...seen } = answer
  assert.deepEqual(
    { ...seen, output: JSON.parse(text) },
    { status: 200, headers: { 'content-type': jsonType, 'x-amzn-requestid': requestId }, output },
  )
}
