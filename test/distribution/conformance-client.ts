// A client of a registry behind a socket, for the tests of what the OCI distribution specification asks.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { TestContext } from 'node:test'

import { digestOf, type Digest, type DigestAlgorithm } from '../../src/lib/digest.ts'
import { createDistributionHandler } from '../../src/protocol/distribution/handler.ts'
import type { HttpHandler } from '../../src/protocol/message.ts'
import { openAdapter } from '../support/http-adapter.ts'
import {
  account,
  givenRepository,
  ociIndexType,
  ociManifestType,
  openTestRegistry,
  region,
  type TestRegistry,
} from '../support/registry.ts'
import { basic, tokenOf } from './plane.ts'

type Headers = Readonly<Record<string, string>>
export interface Client {
  readonly origin: string
  send(method: string, url: string, body?: string | Uint8Array | ReadableStream, headers?: Headers): Promise<Response>
}

export const base = '/v2/team/app'
export const octets = { 'content-type': 'application/octet-stream' }

/** A data plane of a registry, and what its clients send to be its owner. */
export interface Conforming {
  readonly handler: HttpHandler
  readonly authorization: string
}

/** Makes the repositories `team/app` and `team/other`. */
export type OpenPlane = (registry: TestRegistry) => Promise<Conforming>

async function openPrivatePlane(registry: TestRegistry): Promise<Conforming> {
  for (const name of ['team/app', 'team/other']) await givenRepository(registry, name)
  return {
    handler: createDistributionHandler({
      services: registry.services,
      defaultRegistry: { accountId: account, region },
    }),
    authorization: basic(tokenOf(registry, account)),
  }
}

let openPlane: OpenPlane = openPrivatePlane

/** Has the clients of this process talk to another data plane. */
export function conformWith(open: OpenPlane): void {
  openPlane = open
}

let openElsewhere: ((t: TestContext) => Promise<Client>) | undefined

/** Has them talk to a registry that is not one of this process. */
export function conformElsewhere(open: (t: TestContext) => Promise<Client>): void {
  openElsewhere = open
}

/** A registry behind a socket, with the repositories `team/app` and `team/other`. */
export async function openClient(t: TestContext): Promise<Client> {
  if (openElsewhere) return openElsewhere(t)
  let handler: HttpHandler = () => Promise.reject(new Error('not ready'))
  const adapter = await openAdapter(t, (request) => handler(request))
  const registry = await openTestRegistry({ origin: adapter.url, publicHost: new URL(adapter.url).host })
  t.after(() => registry.close())
  const plane = await openPlane(registry)
  handler = plane.handler
  const { authorization } = plane
  return {
    origin: adapter.url,
    send: (method, url, body, headers = {}) =>
      fetch(new URL(url, adapter.url), {
        method,
        headers: { authorization, ...headers },
        ...(body === undefined ? {} : { body: body as NonNullable<RequestInit['body']>, duplex: 'half' }), // any Uint8Array is a body; the DOM's type is narrower
      }),
  }
}

export async function location(response: Response): Promise<string> {
  await response.arrayBuffer()
  return response.headers.get('location') ?? assert.fail(`no Location in the ${response.status}`)
}

export function withDigest(url: string, digest: Digest): string {
  const full = new URL(url, 'http://relative')
  full.searchParams.set('digest', digest)
  return full.host === 'relative' ? `${full.pathname}${full.search}` : full.href
}

export async function begin(client: Client, path = `${base}/blobs/uploads/`): Promise<string> {
  const response = await client.send('POST', path)
  assert.equal(response.status, 202)
  return location(response)
}

export async function push(
  client: Client,
  bytes: string | Uint8Array,
  algorithm: DigestAlgorithm = 'sha256',
  path = base,
): Promise<Digest> {
  const digest = digestOf(bytes, algorithm)
  const response = await client.send(
    'PUT',
    withDigest(await begin(client, `${path}/blobs/uploads/`), digest),
    bytes,
    octets,
  )
  assert.equal(response.status, 201)
  return digest
}

/** The blob is there, to the byte, at the address it was said to be. */
export async function assertPulls(
  client: Client,
  response: Response,
  bytes: Uint8Array,
  digest: Digest,
): Promise<void> {
  assert.equal(response.status, 201)
  for (const url of [await location(response), `${base}/blobs/${digest}`]) {
    const got = await client.send('GET', url)
    assert.equal(got.status, 200)
    assert.equal(got.headers.get('docker-content-digest'), digest)
    assert.equal(got.headers.get('content-length'), String(bytes.byteLength))
    assert.deepEqual(Buffer.from(await got.arrayBuffer()), Buffer.from(bytes))
    const head = await client.send('HEAD', url)
    assert.deepEqual(
      [head.status, head.headers.get('content-length'), head.headers.get('docker-content-digest')],
      [200, String(bytes.byteLength), digest],
    )
    assert.equal((await head.arrayBuffer()).byteLength, 0)
  }
}

export interface Image {
  readonly text: string
  readonly digest: Digest
  readonly type: string
}

export function descriptorOf(image: Image) {
  return { mediaType: image.type, digest: image.digest, size: Buffer.byteLength(image.text) }
}

/** Pushes the blobs of an image and gives its manifest, which is not pushed yet. */
export async function makeImage(
  client: Client,
  options: {
    layers?: number
    algorithm?: DigestAlgorithm
    more?: Record<string, unknown>
    config?: string
    configType?: string
  } = {},
): Promise<Image> {
  const { layers = 2, algorithm = 'sha256', more = {} } = options
  const {
    config = JSON.stringify({ architecture: 'amd64', id: randomBytes(8).toString('hex') }),
    configType = 'application/vnd.oci.image.config.v1+json',
  } = options
  const descriptor = async (bytes: string | Uint8Array, mediaType: string) => ({
    mediaType,
    digest: await push(client, bytes, algorithm),
    size: Buffer.byteLength(bytes),
  })
  const manifest = {
    schemaVersion: 2,
    mediaType: ociManifestType,
    config: await descriptor(config, configType),
    layers: await Promise.all(
      Array.from({ length: layers }, () => descriptor(randomBytes(64), 'application/vnd.oci.image.layer.v1.tar')),
    ),
    ...more,
  }
  const text = JSON.stringify(manifest)
  return { text, digest: digestOf(text, algorithm), type: ociManifestType }
}

export function makeIndex(
  children: readonly Image[],
  more: Record<string, unknown> = {},
  algorithm: DigestAlgorithm = 'sha256',
): Image {
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: ociIndexType,
    manifests: children.map(descriptorOf),
    ...more,
  })
  return { text, digest: digestOf(text, algorithm), type: ociIndexType }
}

export async function put(client: Client, image: Image, reference: string): Promise<Response> {
  const response = await client.send('PUT', `${base}/manifests/${reference}`, image.text, {
    'content-type': image.type,
  })
  assert.equal(response.status, 201, await response.text())
  assert.equal(response.headers.get('docker-content-digest'), image.digest)
  return response
}

export async function assertManifest(client: Client, reference: string, image: Image): Promise<void> {
  const accept = { accept: `${ociIndexType}, ${ociManifestType}` }
  const got = await client.send('GET', new URL(reference, `${client.origin}${base}/manifests/`).href, undefined, accept)
  assert.deepEqual(
    [got.status, got.headers.get('content-type'), got.headers.get('docker-content-digest'), await got.text()],
    [200, image.type, image.digest, image.text],
  )
  const head = await client.send('HEAD', `${base}/manifests/${image.digest}`, undefined, accept)
  assert.deepEqual(
    [head.status, head.headers.get('content-type'), head.headers.get('content-length')],
    [200, image.type, String(Buffer.byteLength(image.text))],
  )
}

/** An address of a manifest as `assertManifest` resolves it: digests hold a colon, which is no scheme. */
export const at = (reference: string) => `./${reference}`
