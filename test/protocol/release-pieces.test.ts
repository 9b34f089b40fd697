import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { releasePieces } from '../../src/protocol/release-pieces.ts'

async function* given(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces
}

describe('releasePieces', () => {
  test('passes every piece on unchanged', async () => {
    const seen: number[][] = []
    for await (const piece of releasePieces(given([Uint8Array.of(1, 2), Uint8Array.of(3)]))) seen.push([...piece])
    assert.deepEqual(seen, [[1, 2], [3]])
  })

  test('frees a piece when the next one is pulled, and not before', async () => {
    const [first, second] = [Uint8Array.of(1, 2), Uint8Array.of(3)]
    const pieces = releasePieces(given([first, second]))
    await pieces.next()
    assert.deepEqual([...first], [1, 2])
    await pieces.next()
    assert.equal(first.byteLength, 0)
    assert.deepEqual([...second], [3])
    await pieces.next()
    assert.equal(second.byteLength, 0)
  })

  test('leaves a buffer alone that others share', async () => {
    const whole = Uint8Array.of(1, 2, 3, 4)
    for await (const piece of releasePieces(given([whole.subarray(0, 2)]))) assert.equal(piece.byteLength, 2)
    assert.deepEqual([...whole], [1, 2, 3, 4])
  })
})
