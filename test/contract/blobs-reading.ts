// The contract of reading blobs.

import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { collected, contentOf, MiB, noLimit, piecesOf, published, type StoreTest } from './blobs-samples.ts'
import { newPhys } from './metadata-samples.ts'

export function readingContract(storeTest: StoreTest): void {
  storeTest('any range of a blob, and only that', async ({ blobs }) => {
    const bytes = randomBytes(MiB + 12_345)
    const phys = await published(blobs, bytes)
    const last = bytes.length - 1
    const edge = 256 * 1024
    for (const [start, end] of [
      [0, last],
      [0, 0],
      [last, last],
      [1, 2],
      [edge - 1, edge],
      [edge, 2 * edge - 1],
      [5, last - 5],
    ] as const) {
      const pieces = await blobs.read(phys, bytes.length, { start, end })
      assert.ok(pieces && (await collected(pieces)).equals(bytes.subarray(start, end + 1)), `${start}-${end}`)
    }
    await assert.rejects(blobs.read(phys, bytes.length, { start: 0, end: bytes.length }))
    await assert.rejects(blobs.read(phys, bytes.length, { start: -1, end: 3 }))
    return { published: [phys] }
  })

  storeTest('many readers at once, some of whom go away, get the right bytes', async ({ blobs }) => {
    const bytes = randomBytes(3 * MiB)
    const phys = await published(blobs, bytes)
    await Promise.all(
      Array.from({ length: 30 }, async (_, index) => {
        const pieces = await blobs.read(phys, bytes.length)
        assert.ok(pieces)
        let at = 0
        for await (const piece of pieces) {
          assert.ok(bytes.subarray(at, at + piece.length).equals(piece))
          at += piece.length
          if (index % 3 === 0 && at > MiB) break
          // A slow reader keeps its piece while others read on.
          if (index % 3 === 1) await new Promise((resolve) => setImmediate(resolve))
          assert.ok(bytes.subarray(at - piece.length, at).equals(piece), 'a piece stays valid until the next pull')
        }
      }),
    )
    return { published: [phys] }
  })

  storeTest('a reader that never starts, or ends in the middle of a pull, ends well', async ({ blobs }) => {
    const bytes = randomBytes(2 * MiB)
    const phys = await published(blobs, bytes)
    const never = (await blobs.read(phys, bytes.length))?.[Symbol.asyncIterator]()
    assert.equal((await never?.return?.())?.done, true)
    assert.equal((await never?.next())?.done, true)
    const early = (await blobs.read(phys, bytes.length))?.[Symbol.asyncIterator]()
    await early?.next()
    const [pull] = await Promise.all([early?.next(), early?.return?.()])
    assert.equal(pull?.done, true, 'what was being read is not handed out any more')
    assert.equal((await early?.next())?.done, true)
    assert.ok((await contentOf(blobs, phys, bytes.length)).equals(bytes))
    return { published: [phys] }
  })

  storeTest('a missing blob and one of another size are both absent', async ({ blobs }) => {
    const phys = await published(blobs, Buffer.from('eight by'))
    assert.equal(await blobs.read(newPhys(), 8), undefined)
    assert.equal(await blobs.read(phys, 7), undefined)
    assert.equal(await blobs.read(phys, 9), undefined)
    await blobs.remove(phys)
    assert.equal(await blobs.read(phys, 8), undefined)
    await blobs.remove(phys)
    return {}
  })

  storeTest('a reader that has a blob open reads it to the end although it is removed', async ({ blobs }) => {
    const bytes = randomBytes(2 * MiB)
    const phys = await published(blobs, bytes)
    const pieces = await blobs.read(phys, bytes.length)
    await blobs.remove(phys)
    assert.ok(pieces && (await collected(pieces)).equals(bytes))
    return {}
  })

  storeTest('unfinished uploads are listed, and only they', async ({ blobs }) => {
    const [id, discarded] = [randomUUID(), randomUUID()]
    await blobs.append(id, 0, piecesOf(Buffer.from('x'), 1), noLimit)
    await blobs.append(discarded, 0, piecesOf(Buffer.from('x'), 1), noLimit)
    await blobs.discardUpload(discarded)
    return { uploads: [id] }
  })

  storeTest('after closing, uploads are refused', async ({ blobs }) => {
    await blobs.close()
    await assert.rejects(blobs.append(randomUUID(), 0, piecesOf(Buffer.from('x'), 1), noLimit))
    return {}
  })
}
