// Small layers in memory: which are kept, how many, and that nothing wrong ever is.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'

import { createKeptLayers } from '../../src/domain/kept-layers.ts'
import { verified } from '../../src/domain/verified-bytes.ts'
import { digestOf } from '../../src/lib/digest.ts'

const layerOf = (bytes: Buffer) => ({ digest: digestOf(bytes), size: bytes.length })
const read = (pieces: AsyncIterable<Uint8Array>) => Array.fromAsync(pieces)

async function* one(piece: Uint8Array): AsyncGenerator<Uint8Array> {
  yield piece
}

suite('layers kept in memory', () => {
  test('a small layer is there again after it was read, whatever becomes of the piece', async () => {
    const kept = createKeptLayers()
    const bytes = Buffer.alloc(16 * 1024, 7)
    const piece = Buffer.from(bytes)
    const layer = layerOf(bytes)
    assert.equal(kept.find(layer.digest), undefined)
    await read(kept.keeping(layer, one(piece)))
    piece.fill(0) // its buffer is used for another one
    assert.ok(bytes.equals(kept.find(layer.digest) ?? Buffer.alloc(0)))
  })

  test('damaged bytes are not kept', async () => {
    const kept = createKeptLayers()
    const layer = layerOf(Buffer.alloc(100, 7))
    const damaged = verified(one(Buffer.alloc(100, 8)), layer, () => Promise.resolve())
    await assert.rejects(read(kept.keeping(layer, damaged)))
    assert.equal(kept.find(layer.digest), undefined)
  })

  test('a layer above 64 KiB is not kept', async () => {
    const kept = createKeptLayers()
    const bytes = Buffer.alloc(64 * 1024 + 1)
    await read(kept.keeping(layerOf(bytes), one(bytes)))
    assert.equal(kept.find(layerOf(bytes).digest), undefined)
  })

  test('the bound is held, and those that were asked for last stay', async () => {
    const kept = createKeptLayers(3000)
    const all = [1, 2, 3].map((byte) => Buffer.alloc(1000, byte))
    for (const bytes of all) await read(kept.keeping(layerOf(bytes), one(bytes)))
    const [first = Buffer.alloc(0), second = Buffer.alloc(0), third = Buffer.alloc(0)] = all
    kept.find(layerOf(first).digest)
    const fourth = Buffer.alloc(1000, 4)
    await read(kept.keeping(layerOf(fourth), one(fourth)))
    const isThere = [first, second, third, fourth].map((bytes) => kept.find(layerOf(bytes).digest) !== undefined)
    assert.deepEqual(isThere, [true, false, true, true])
  })

  test('a reader that leaves early closes what it read from', async () => {
    let closed = false
    const source: AsyncIterableIterator<Uint8Array> = {
      [Symbol.asyncIterator]() {
        return this
      },
      next: () => Promise.resolve({ done: false, value: Buffer.alloc(10) }),
      return: () => {
        closed = true
        return Promise.resolve({ done: true, value: undefined })
      },
    }
    for await (const _ of createKeptLayers().keeping({ digest: digestOf('x'), size: 100 }, source)) break
    assert.equal(closed, true)
  })
})
