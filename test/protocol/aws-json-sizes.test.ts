// J7: bodies that are too large, too deep or too many things, in their real sizes, through the whole API handler.

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'

import { account, givenRepository } from '../support/registry.ts'
import { assertAnswer, assertFault, openSignedApi, type Answer, type Sending } from './signed-api.ts'

const MiB = 1024 * 1024
const api = await openSignedApi({ after })
await givenRepository(api.registry, 'app')

const limits = [
  ['DescribeRegistry', MiB],
  ['BatchGetImage', MiB],
  ['PutImage', 9 * MiB],
  ['UploadLayerPart', 28 * MiB],
] as const

/** Sends a body that must be answered with a second of work (not of waiting), and leaves a server that answers others. */
async function callBriefly(operation: string, body: string | Uint8Array, sending?: Sending): Promise<Answer> {
  const before = process.cpuUsage()
  const answer = await api.call(operation, body, sending)
  const { user, system } = process.cpuUsage(before)
  assert.ok(user + system < 1_000_000, `${user + system} µs`)
  const alive = await api.call('DescribeRegistry', {})
  assertAnswer(alive, { registryId: account, replicationConfiguration: { rules: [] } })
  return answer
}

const tooLarge = (answer: Answer, maxBytes: number) =>
  assertFault(answer, 413, 'RequestEntityTooLargeException', `The request body must not exceed ${maxBytes} bytes`)
const serialization = (answer: Answer, message: string) => assertFault(answer, 400, 'SerializationException', message)

describe('J7 the size of a body', () => {
  for (const [operation, maxBytes] of limits) {
    test(`${operation}: one byte more than ${maxBytes} is too many, whatever the signature says`, async () => {
      const blanks = Buffer.alloc(maxBytes + 1, ' ')
      tooLarge(await callBriefly(operation, blanks, { how: null }), maxBytes)
    })

    test(`${operation}: ${maxBytes} bytes are read`, async () => {
      serialization(await callBriefly(operation, Buffer.alloc(maxBytes, ' ')), 'The request body is not valid JSON')
    })
  }

  test('30 MiB of blanks are too many for every operation, and are not read when their length is declared', async () => {
    let pulled = 0
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (; pulled < 30; pulled++) yield Buffer.alloc(MiB, ' ')
    }
    for (const [operation, maxBytes] of limits) {
      tooLarge(await callBriefly(operation, Buffer.alloc(30 * MiB, ' '), { how: null }), maxBytes)
      pulled = 0
      tooLarge(await callBriefly(operation, '', { pieces: pieces() }), maxBytes)
      assert.equal(pulled, maxBytes / MiB) // the piece that is one too many is the last one pulled
    }
  })
})

describe('J7 the shape of a document', () => {
  const nested = (depth: number, open: string, close: string) => open.repeat(depth) + close.repeat(depth)
  const tooDeep = 'The request body nests too deeply'
  const tooMany = 'The request body holds too many values'

  for (const [what, body] of [
    ['arrays', `{"a":${nested(100_000, '[', ']')}}`],
    ['arrays that never close', '['.repeat(100_000)],
    ['objects', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
    ['both in turn', `${'{"a":['.repeat(50_000)}${']}'.repeat(50_000)}`],
    ['33 levels', `{"a":${nested(32, '[', ']')}}`],
  ] as const) {
    test(`${what}: too deep`, async () => {
      serialization(await callBriefly('DescribeRegistry', body), tooDeep)
      serialization(await callBriefly('UploadLayerPart', body), tooDeep)
    })
  }

  test('28 million open brackets: too deep', async () => {
    serialization(await callBriefly('UploadLayerPart', Buffer.alloc(28 * MiB, '[')), tooDeep)
  })

  test('32 levels are fine, and brackets in strings are none', async () => {
    const body = `{"a":${nested(31, '[', ']')},"b":"${'['.repeat(100_000)}","c":"\\"${'{'.repeat(100_000)}"}`
    assert.equal((await callBriefly('DescribeRegistry', body)).status, 200)
  })

  test('five million empty objects are too large for what takes no layer', async () => {
    const body = `{"a":[${'{},'.repeat(5_000_000)}{}]}`
    tooLarge(await callBriefly('DescribeRegistry', body), MiB)
    tooLarge(await callBriefly('PutImage', body), 9 * MiB)
  })

  for (const [what, thing, count] of [
    ['five million empty objects', '{},', 5_000_000],
    ['14 million numbers', '1,', 14_000_000],
    ['nine million empty strings', '"",', 9_000_000],
    ['100,000 nulls', 'null,', 100_000],
  ] as const) {
    test(`${what} in place of a layer part: too many`, async () => {
      const body = `{"layerPartBlob":[${thing.repeat(count)}1]}`
      serialization(await callBriefly('UploadLayerPart', body), tooMany)
    })
  }

  test('two million members of one object: too many', async () => {
    serialization(await callBriefly('UploadLayerPart', `{${'"a":0,'.repeat(2_000_000)}"b":0}`), tooMany)
  })

  test('a call with as many values as it may have, and the commas of a string, which are none', async () => {
    const tagKeys = Array.from({ length: 99_000 }, (_, at) => `k${at}`)
    const resourceArn = `arn:aws:ecr:us-east-1:${account}:repository/app`
    const answer = await callBriefly('UntagResource', JSON.stringify({ resourceArn, tagKeys }))
    assertAnswer(answer, {})
    assert.equal((await callBriefly('DescribeRegistry', JSON.stringify({ a: ','.repeat(200_000) }))).status, 200)
  })
})
