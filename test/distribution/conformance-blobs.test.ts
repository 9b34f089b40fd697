// What the OCI distribution specification asks of a registry for blobs (MUST, and SHOULD where it names one), through a socket, as its
// conformance suites 1.0.1, 1.1.1 and that of 2026 look at it. Our own words and code; the names in brackets are those suites' workflows.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'

import { digestOf } from '../../src/lib/digest.ts'
import { assertPulls, base, begin, location, octets, openClient, push, withDigest } from './conformance-client.ts'

for (const algorithm of ['sha256', 'sha512'] as const) {
  describe(`[push] blobs under ${algorithm}`, () => {
    const bytes = randomBytes(1021)
    const digest = digestOf(bytes, algorithm)
    const third = Math.ceil(bytes.length / 3)

    test('POST, then PUT', async (t) => {
      const client = await openClient(t)
      await assertPulls(
        client,
        await client.send('PUT', withDigest(await begin(client), digest), bytes, octets),
        bytes,
        digest,
      )
    })
    test('one POST', async (t) => {
      const client = await openClient(t)
      await assertPulls(
        client,
        await client.send('POST', `${base}/blobs/uploads/?digest=${digest}`, bytes, octets),
        bytes,
        digest,
      )
    })
    test('a stream of unknown length', async (t) => {
      const client = await openClient(t)
      const stream = new Blob([bytes.subarray(0, 500), bytes.subarray(500)]).stream()
      const patched = await client.send('PATCH', await begin(client), stream, octets)
      assert.equal(patched.status, 202)
      await assertPulls(
        client,
        await client.send('PUT', withDigest(await location(patched), digest), '', octets),
        bytes,
        digest,
      )
    })
    for (const last of ['PATCH', 'PUT'] as const) {
      for (const outOfOrder of [false, true]) {
        test(`chunks, the last by ${last}${outOfOrder ? ', each after one out of order: 416, and the status tells where to go on' : ''}`, async (t) => {
          const client = await openClient(t)
          let url = await begin(client)
          for (let start = 0; start < bytes.length; start += third) {
            const end = Math.min(start + third, bytes.length)
            const isLast = end === bytes.length && last === 'PUT'
            if (outOfOrder) {
              const wrong = end === bytes.length ? 0 : end
              const chunk = bytes.subarray(wrong, wrong + 10)
              const headers = { ...octets, 'content-range': `${wrong}-${wrong + 9}` }
              const refused = await client.send(
                isLast ? 'PUT' : 'PATCH',
                isLast ? withDigest(url, digest) : url,
                chunk,
                headers,
              )
              assert.equal(refused.status, 416)
              const status = await client.send('GET', await location(refused))
              assert.deepEqual([status.status, status.headers.get('range')], [204, `0-${Math.max(start - 1, 0)}`])
              url = await location(status)
            }
            const headers = { ...octets, 'content-range': `${start}-${end - 1}` }
            const response = await client.send(
              isLast ? 'PUT' : 'PATCH',
              isLast ? withDigest(url, digest) : url,
              bytes.subarray(start, end),
              headers,
            )
            if (isLast) return assertPulls(client, response, bytes, digest)
            assert.deepEqual([response.status, response.headers.get('range')], [202, `0-${end - 1}`])
            url = await location(response)
          }
          await assertPulls(client, await client.send('PUT', withDigest(url, digest), '', octets), bytes, digest)
        })
      }
    }
    test('a session can be cancelled', async (t) => {
      const client = await openClient(t)
      const url = await begin(client)
      assert.equal((await client.send('DELETE', url)).status, 204)
      assert.equal((await client.send('GET', url)).status, 404)
    })
    test('the empty blob, and {}', async (t) => {
      const client = await openClient(t)
      for (const text of ['', '{}']) {
        const wanted = digestOf(text, algorithm)
        await assertPulls(
          client,
          await client.send('POST', `${base}/blobs/uploads/?digest=${wanted}`, text, octets),
          Buffer.from(text),
          wanted,
        )
      }
    })
    test('mounting: 201 when the other repository has it, 202 with an upload when not', async (t) => {
      const client = await openClient(t)
      const missing = await client.send('POST', `${base}/blobs/uploads/?mount=${digest}&from=team/other`)
      assert.equal(missing.status, 202)
      await assertPulls(
        client,
        await client.send('PUT', withDigest(await location(missing), digest), bytes, octets),
        bytes,
        digest,
      )
      const other = randomBytes(100)
      const wanted = await push(client, other, algorithm, '/v2/team/other')
      await assertPulls(
        client,
        await client.send('POST', `${base}/blobs/uploads/?mount=${wanted}&from=team/other`),
        other,
        wanted,
      )
    })
    test('mounting without from is 201 or 202 and works either way', async (t) => {
      const client = await openClient(t)
      await push(client, bytes, algorithm, '/v2/team/other')
      const response = await client.send('POST', `${base}/blobs/uploads/?mount=${digest}`)
      const done =
        response.status === 202
          ? await client.send('PUT', withDigest(await location(response), digest), bytes, octets)
          : response
      await assertPulls(client, done, bytes, digest)
    })
    test('other bytes than the digest says are 400, by every way', async (t) => {
      const client = await openClient(t)
      const wrong = Buffer.concat([bytes, Buffer.from('oh no')])
      const patched = async (body: Uint8Array | ReadableStream) =>
        location(await client.send('PATCH', await begin(client), body, octets))
      const answers = [
        await client.send('POST', `${base}/blobs/uploads/?digest=${digest}`, wrong, octets),
        await client.send('PUT', withDigest(await begin(client), digest), wrong, octets),
        await client.send('PUT', withDigest(await patched(wrong), digest), '', octets),
        await client.send('PUT', withDigest(await patched(new Blob([wrong]).stream()), digest), '', octets),
      ]
      for (const answer of answers) assert.equal(answer.status, 400)
      assert.equal((await client.send('GET', `${base}/blobs/${digest}`)).status, 404)
    })
    test('ranges', async (t) => {
      const client = await openClient(t)
      await push(client, bytes, algorithm)
      const size = bytes.length
      const rows: readonly [range: string, start: number, end: number][] = [
        ['bytes=500-999', 500, 999],
        ['bytes=500-', 500, size - 1],
        ['bytes=-500', size - 500, size - 1],
        ['bytes=1000-5000', 1000, size - 1],
      ]
      for (const [range, start, end] of rows) {
        const got = await client.send('GET', `${base}/blobs/${digest}`, undefined, { range })
        assert.deepEqual([got.status, got.headers.get('content-range')], [206, `bytes ${start}-${end}/${size}`])
        assert.deepEqual(Buffer.from(await got.arrayBuffer()), bytes.subarray(start, end + 1))
      }
      for (const range of ['bytes=500-0', 'bytes=5000-10000']) {
        assert.equal((await client.send('GET', `${base}/blobs/${digest}`, undefined, { range })).status, 416)
      }
    })
    test('[content management] a deleted blob is 404 at once, and so is its delete', async (t) => {
      const client = await openClient(t)
      await push(client, bytes, algorithm)
      assert.equal((await client.send('DELETE', `${base}/blobs/${digest}`)).status, 202)
      for (const method of ['GET', 'HEAD', 'DELETE'])
        assert.equal((await client.send(method, `${base}/blobs/${digest}`)).status, 404)
    })
  })
}
