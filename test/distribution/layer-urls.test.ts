import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'

import { digestOf } from '../../src/lib/digest.ts'
import { describeImages } from '../../src/operations/private/describe-images.ts'
import { createLayerUrlHandler, layerPath } from '../../src/protocol/layer-urls.ts'
import type { HttpResponse } from '../../src/protocol/message.ts'
import { presign } from '../../src/protocol/sigv4/presign.ts'
import { createSigV4Verifier } from '../../src/protocol/sigv4/verify.ts'
import { account, givenImage, givenRepository, region } from '../support/registry.ts'
import { openPlane, receive, toRequest, type Answer } from './plane.ts'

const credential = { accessKeyId: 'STOWAGEINTERNALKEY00', secretAccessKey: 'a secret of this server' }
const content = 'layer of one'
const digest = digestOf(content)

async function openUrls(t: TestContext) {
  const plane = await openPlane(t)
  const { registry } = plane
  await givenRepository(registry, 'app')
  await givenImage(registry, 'app', 'v1')
  const { services } = registry
  const repository = await services.metadata.read.repositories.find(
    { kind: 'private', accountId: account, region },
    'app',
  )
  assert.ok(repository)
  const secretFor = (id: string) =>
    id === credential.accessKeyId ? { ...credential, active: true, principal: 'this server' } : undefined
  const { verifyQuery } = createSigV4Verifier({ clock: services.clock, credentials: { secretFor } })
  const handler = createLayerUrlHandler({ services, verifyQuery })
  const url = (wanted = digest, expiresSeconds = 3600, query: Record<string, string> = {}) =>
    presign({
      method: 'GET',
      origin: 'http://localhost:4510',
      path: layerPath(repository.id, wanted),
      query,
      credential,
      region,
      service: 's3',
      expiresSeconds,
      nowMs: services.clock.now(),
    })
  const fetch = (method: string, address: string, headers: Record<string, string> = {}): Promise<Answer> =>
    receive(handler, toRequest(method, address.replace('http://localhost:4510', ''), { headers }))
  return { plane, registry, repositoryId: repository.id, url, fetch, handler }
}

function codeOf(answer: Answer): readonly [number, string | undefined] {
  return [answer.status, /<Code>(.*)<\/Code>/.exec(answer.text)?.[1]]
}

test('the URL alone gives the bytes, whole, in part, and their size', async (t) => {
  const { url, fetch } = await openUrls(t)
  const got = await fetch('GET', url())
  assert.deepEqual([got.status, got.text], [200, content])
  assert.deepEqual(got.headers, {
    'referrer-policy': 'no-referrer',
    'x-amz-request-id': '00000000-0000-4000-8000-000000000000',
    'content-type': 'application/octet-stream',
    'x-content-type-options': 'nosniff',
    'content-disposition': 'attachment',
    'content-security-policy': 'sandbox',
    etag: `"${digest}"`,
    'accept-ranges': 'bytes',
    'content-length': '12',
  })
  const part = await fetch('GET', url(), { range: 'bytes=-3' })
  assert.deepEqual([part.status, part.text, part.headers['content-range']], [206, 'one', 'bytes 9-11/12'])
  const head = await fetch('HEAD', url())
  assert.deepEqual([head.status, head.text, head.headers['content-length']], [200, '', '12'])
  assert.equal((await fetch('GET', url(), { 'if-none-match': `"${digest}"` })).status, 304)
  const outside = await fetch('GET', url(), { range: 'bytes=12-' })
  assert.deepEqual([...codeOf(outside), outside.headers['content-range']], [416, 'InvalidRange', 'bytes */12'])
})

describe("refusals have S3's form", () => {
  test('U1 a second after its end', async (t) => {
    const { registry, url, fetch } = await openUrls(t)
    const address = url(digest, 60)
    registry.advance(60_000)
    assert.equal((await fetch('GET', address)).status, 200)
    registry.advance(1_000)
    const answer = await fetch('GET', address)
    assert.deepEqual(
      [answer.status, answer.headers['content-type'], answer.text],
      [
        403,
        'application/xml',
        '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Request has expired</Message><RequestId>00000000-0000-4000-8000-000000000000</RequestId></Error>',
      ],
    )
  })
  test('U1 a life of more than an hour, none, or text', async (t) => {
    const { url, fetch } = await openUrls(t)
    for (const life of ['0', '-1', '3601', '604801', 'text']) {
      const answer = await fetch('GET', url().replace('X-Amz-Expires=3600', `X-Amz-Expires=${life}`))
      assert.deepEqual(codeOf(answer), [400, 'AuthorizationQueryParametersError'], life)
    }
  })
  test('U2 U3 another path, digest, host or signature', async (t) => {
    const { plane, url, fetch } = await openUrls(t)
    const other = digestOf('{"config":"one"}')
    assert.equal((await plane.send('HEAD', `/v2/app/blobs/${other}`)).status, 200)
    const address = url()
    for (const changed of [
      address.replace(digest, other),
      address.replace('/layers/', '/layers//'),
      address.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
      address.replace('us-east-1', 'us-east-2'),
    ]) {
      assert.deepEqual(codeOf(await fetch('GET', changed)), [403, 'SignatureDoesNotMatch'])
    }
    assert.deepEqual(codeOf(await fetch('GET', address, { host: 'other:4510' })), [403, 'SignatureDoesNotMatch'])
  })
  test('U4 another method', async (t) => {
    const { url, fetch } = await openUrls(t)
    for (const method of ['PUT', 'POST', 'DELETE', 'PATCH'])
      assert.deepEqual(codeOf(await fetch(method, url())), [403, 'SignatureDoesNotMatch'])
  })
  test('U5 a parameter that was not signed; one that was changes nothing', async (t) => {
    const { url, fetch } = await openUrls(t)
    for (const extra of ['response-content-type=text/html', 'versionId=1', 'x-id=GetObject']) {
      assert.deepEqual(codeOf(await fetch('GET', `${url()}&${extra}`)), [403, 'SignatureDoesNotMatch'])
    }
    const signed = await fetch('GET', url(digest, 60, { 'response-content-type': 'text/html' }))
    assert.deepEqual([signed.status, signed.headers['content-type']], [200, 'application/octet-stream'])
  })
  test('U6 an x-amz header that was not signed, and a second login', async (t) => {
    const { url, fetch } = await openUrls(t)
    assert.equal((await fetch('GET', url(), { 'x-amz-acl': 'public' })).status, 403)
    assert.deepEqual(codeOf(await fetch('GET', url(), { authorization: 'Basic QVdTOng=' })), [400, 'InvalidArgument'])
  })
  test('U8 a layer that is gone', async (t) => {
    const { plane, registry, url, fetch } = await openUrls(t)
    const address = url()
    const { imageDetails } = await registry.perform(describeImages, { repositoryName: 'app' })
    await plane.send('DELETE', `/v2/app/manifests/${imageDetails?.[0]?.imageDigest}`)
    assert.equal((await fetch('GET', address)).status, 200)
    await plane.send('DELETE', `/v2/app/blobs/${digest}`)
    assert.deepEqual(codeOf(await fetch('GET', address)), [404, 'NoSuchKey'])
  })
  test('U8 a layer or repository that never was', async (t) => {
    const { url, fetch, repositoryId } = await openUrls(t)
    assert.deepEqual(codeOf(await fetch('GET', url(digestOf('nothing')))), [404, 'NoSuchKey'])
    const path = `/layers/${repositoryId}/x`
    const sign = (at: string) =>
      presign({
        method: 'GET',
        origin: 'http://localhost:4510',
        path: at,
        credential,
        region,
        service: 's3',
        expiresSeconds: 60,
        nowMs: Date.UTC(2026, 10, 21, 12),
      })
    for (const at of [path, '/layers/', '/other', `/layers/${'0'.repeat(36)}/${digest}`])
      assert.deepEqual(codeOf(await fetch('GET', sign(at))), [404, 'NoSuchKey'])
  })
  test('U11 no signature at all, guesses and climbing', async (t) => {
    const { fetch, repositoryId } = await openUrls(t)
    for (const path of [
      `/layers/${repositoryId}/${digest}`,
      '/layers/../../etc/passwd',
      '/blobs/ab/abcd',
      '/layers/%2e%2e/x',
    ]) {
      const answer = await fetch('GET', path)
      assert.ok(answer.status === 400 || answer.status === 403, `${path} ${answer.status}`)
      assert.doesNotMatch(answer.text, /layer of one/)
    }
  })
  test('U10 no answer repeats the signature', async (t) => {
    const { url, fetch, registry } = await openUrls(t)
    const address = url(digest, 60)
    const signature = /X-Amz-Signature=([0-9a-f]+)/.exec(address)?.[1] ?? assert.fail()
    registry.advance(61_000)
    const answer = await fetch('GET', address)
    assert.equal(answer.headers['referrer-policy'], 'no-referrer')
    assert.ok(!JSON.stringify(answer).includes(signature))
  })
})

test('U12 reads of one URL under way at once are bounded, and one that ends or is given up makes room', async (t) => {
  const { registry, url, handler } = await openUrls(t)
  // Too large to be kept in memory: an answer from there is under way for no time.
  const seed = 'x'.repeat(70_000)
  await givenImage(registry, 'app', 'large', seed)
  const address = url(digestOf(`layer of ${seed}`))
  const open = (method = 'GET') => handler(toRequest(method, address.replace('http://localhost:4510', ''), {}))
  const reading = await Promise.all(Array.from({ length: 256 }, () => open()))
  t.after(() => Promise.all(reading.map((answer) => giveUp(answer))))
  assert.deepEqual(new Set(reading.map((answer) => answer.status)), new Set([200]))
  assert.equal((await open()).status, 503)
  assert.equal((await open('HEAD')).status, 503)
  // Given up before a byte was pulled, and read to its end: both are over.
  for (const end of [giveUp, readAll]) {
    await end(reading.pop() ?? assert.fail())
    const next = await open()
    assert.equal(next.status, 200)
    reading.push(next)
    assert.equal((await open()).status, 503)
  }
})

async function giveUp({ body }: HttpResponse): Promise<void> {
  if (typeof body === 'object' && Symbol.asyncIterator in body) await body[Symbol.asyncIterator]().return?.()
}

async function readAll({ body }: HttpResponse): Promise<void> {
  if (typeof body === 'object' && Symbol.asyncIterator in body) await Array.fromAsync(body)
}
