import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DamagedBlobError, verified } from '../../src/domain/verified-bytes.ts'
import { digestOf } from '../../src/lib/digest.ts'

const pieces = ['one ', 'two ', 'three'].map((text) => Buffer.from(text))
const blob = { digest: digestOf(Buffer.concat(pieces)), size: 13 }

/** A source that says whether it was closed, like an open file. */
function source(given: readonly Uint8Array[]) {
  const state = { closed: false }
  const rest = [...given]
  const iterator: AsyncIterableIterator<Uint8Array> = {
    [Symbol.asyncIterator]: () => iterator,
    next: async () => {
      const value = rest.shift()
      if (value !== undefined) return { done: false, value }
      state.closed = true
      return { done: true, value: undefined }
    },
    return: async () => {
      state.closed = true
      return { done: true, value: undefined }
    },
  }
  return { iterator, state }
}

const never = () => Promise.reject(new Error('the bytes are right'))

describe('verified', () => {
  test('passes right bytes through, piece by piece', async () => {
    const { iterator, state } = source(pieces)
    assert.deepEqual(await Array.fromAsync(verified(iterator, blob, never)), pieces)
    assert.equal(state.closed, true)
  })

  test('holds the last piece back when the bytes are wrong, closes the source and says so', async () => {
    const { iterator, state } = source([Buffer.from('one '), Buffer.from('two '), Buffer.from('THREE')])
    const seen: Uint8Array[] = []
    let told = 0
    const read = async () => {
      for await (const piece of verified(iterator, blob, async () => void told++)) seen.push(piece)
    }
    await assert.rejects(read, DamagedBlobError)
    assert.deepEqual(seen, pieces.slice(0, 2))
    assert.equal(told, 1)
    assert.equal(state.closed, true)
  })

  test('more bytes than there should be are damage too', async () => {
    const { iterator } = source([...pieces, Buffer.from('!')])
    const longer = { ...blob, size: 12 }
    await assert.rejects(Array.fromAsync(verified(iterator, longer, async () => {})), DamagedBlobError)
  })

  // A client that went away before its answer began: the file is open, and nobody ever pulled a piece.
  test('gives up its source when it is given up before the first pull', async () => {
    const { iterator, state } = source(pieces)
    await verified(iterator, blob, never)[Symbol.asyncIterator]().return?.()
    assert.equal(state.closed, true)
  })
})
