// The data plane of a test registry: requests in as values, answers out as values, without a socket.

import type { TestContext } from 'node:test'

import { mintToken } from '../../src/domain/authorisation/tokens.ts'
import type { Caller } from '../../src/domain/context.ts'
import { digestOf, type Digest } from '../../src/lib/digest.ts'
import { createDistributionHandler } from '../../src/protocol/distribution/handler.ts'
import type { HttpHandler, HttpRequest } from '../../src/protocol/message.ts'
import {
  account,
  givenRepository,
  openTestRegistry,
  region,
  rootOf,
  type TestRegistry,
  type TestRegistryOptions,
} from '../support/registry.ts'

export interface Answer {
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  /** The first error's code, when the body is one of the specification's errors. */
  readonly code: string | undefined
  readonly message: string | undefined
  /** What the adapter logs: something failed inside, or the client went away. */
  readonly defect?: unknown
}

export interface Sending {
  /** A text or buffer has a Content-Length; anything else is sent in chunks of unknown length. */
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>
  readonly headers?: Readonly<Record<string, string>>
  /** The account whose root logs in; `null` for no credentials. */
  readonly as?: string | null
  readonly remoteAddress?: string
}

export interface Plane {
  readonly registry: TestRegistry
  readonly handler: HttpHandler
  send(method: string, target: string, sending?: Sending): Promise<Answer>
}

export interface PlaneOptions extends TestRegistryOptions {
  readonly anyPassword?: (password: string) => Caller
}

/** Closed after the test. */
export async function openPlane(t: TestContext, options: PlaneOptions = {}): Promise<Plane> {
  const registry = await openTestRegistry(options)
  t.after(() => registry.close())
  const handler = createDistributionHandler({
    services: registry.services,
    defaultRegistry: { accountId: account, region },
    anyPassword: options.anyPassword,
  })
  return {
    registry,
    handler,
    send: async (method, target, sending = {}) => {
      const { as = account } = sending
      const login = as === null ? {} : { authorization: basic(tokenOf(registry, as)) }
      return receive(handler, toRequest(method, target, { ...sending, headers: { ...login, ...sending.headers } }))
    },
  }
}

/** A plane whose one repository is `app`. */
export async function openApp(t: TestContext, options: PlaneOptions = {}): Promise<Plane> {
  const plane = await openPlane(t, options)
  await givenRepository(plane.registry, 'app')
  return plane
}

export async function isStored(plane: Plane, name: string, digest: string): Promise<boolean> {
  return (await plane.send('HEAD', `/v2/${name}/blobs/${digest}`)).status === 200
}

/** Hands a request to a handler and takes the whole answer. */
export async function receive(handler: HttpHandler, request: HttpRequest): Promise<Answer> {
  const response = await handler(request)
  const text = await textOf(response.body)
  const headers = Object.fromEntries(
    Object.entries(response.headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
  )
  const error = firstError(text)
  const { status, defect } = response
  const answer = { status, headers, text, code: error?.code, message: error?.message }
  return defect === undefined ? answer : { ...answer, defect }
}

export function toRequest(method: string, target: string, sending: Sending = {}): HttpRequest {
  const [path = '', ...rest] = target.split('?')
  const { body } = sending
  const known = typeof body === 'string' || body instanceof Uint8Array ? Buffer.from(body) : undefined
  const length = known?.byteLength
  const streamed = body !== undefined && known === undefined
  const headers: Readonly<Record<string, string>> = {
    host: 'localhost:4510',
    ...(streamed ? { 'transfer-encoding': 'chunked' } : {}),
    ...sending.headers,
  }
  return {
    method,
    target,
    path,
    query: rest.join('?'),
    headers,
    rawHeaders: Object.entries(headers).flat(),
    body: known ? once(known) : ((body as AsyncIterable<Uint8Array> | undefined) ?? once(Buffer.alloc(0))), // no text, no buffer: the one kind left
    contentLength: streamed ? undefined : (length ?? 0),
    remoteAddress: sending.remoteAddress ?? '127.0.0.1',
    secure: false,
    signal: new AbortController().signal,
    requestId: '00000000-0000-4000-8000-000000000000',
  }
}

/** The password that GetAuthorizationToken would give the root of an account. */
export function tokenOf(registry: TestRegistry, accountId: string, lifeMs = 12 * 3600 * 1000): string {
  const { secrets, clock } = registry.services
  return mintToken(secrets, { accessKeyId: rootOf(accountId).accessKeyId, expiresAtMs: clock.now() + lifeMs })
}

export function basic(password: string, user = 'AWS'): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

/** Begins an upload and gives its location. */
export async function begin(plane: Plane, name: string, sending: Sending = {}): Promise<string> {
  const answer = await plane.send('POST', `/v2/${name}/blobs/uploads/`, sending)
  if (answer.status !== 202) throw new Error(`${answer.status} ${answer.text}`)
  return pathOf(answer)
}

/** The path and query of an answer's Location. */
export function pathOf(answer: Answer): string {
  return (answer.headers['location'] ?? '').replace(/^https?:\/\/[^/]+/, '')
}

/** Pushes a blob whole and gives its digest. */
export async function pushBlob(
  plane: Plane,
  name: string,
  content: string,
  algorithm: 'sha256' | 'sha512' = 'sha256',
): Promise<Digest> {
  const digest = digestOf(content, algorithm)
  const answer = await plane.send('POST', `/v2/${name}/blobs/uploads/?digest=${digest}`, { body: content })
  if (answer.status !== 201) throw new Error(`${answer.status} ${answer.text}`)
  return digest
}

export async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  if (bytes.byteLength > 0) yield bytes
}

async function textOf(body: string | Uint8Array | AsyncIterable<Uint8Array> | undefined): Promise<string> {
  if (body === undefined) return ''
  if (typeof body === 'string') return body
  if (body instanceof Uint8Array) return Buffer.from(body).toString()
  const pieces: Buffer[] = []
  // A piece is valid until the next pull.
  for await (const piece of body) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces).toString()
}

function firstError(text: string): { readonly code: string; readonly message: string } | undefined {
  if (!text.startsWith('{"errors":')) return undefined
  // Written by the server under test; a wrong form shows as undefined fields.
  const { errors } = JSON.parse(text) as { errors: { code: string; message: string }[] }
  return errors[0]
}
