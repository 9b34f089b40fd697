// A part of a layer, checked without the rest of it: at the seams of pieces and checksums, right bytes and wrong ones.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'

import { checkedRange, coveringRange } from '../../src/domain/checked-range.ts'
import { openLayer } from '../../src/domain/layers.ts'
import type { ByteRange } from '../../src/domain/ports/blobs.ts'
import type { Layer } from '../../src/domain/ports/metadata.ts'
import { DamagedBlobError } from '../../src/domain/verified-bytes.ts'
import { account, givenLayer, givenRepository, openTestRegistry, region } from '../support/registry.ts'
import { storedAs } from '../support/stored-as.ts'

const MiB = 1024 * 1024
const size = 3 * MiB + 1234
const bytes = randomBytes(size)
const { checksums } = storedAs(bytes)

/** A source of the covering bytes that hands out the same buffer again and again, as a store does, and says whether it was closed. */
function source(stored: Uint8Array, { start, end }: ByteRange, pieceBytes: number) {
  const state = { closed: false, read: 0 }
  const buffer = Buffer.alloc(pieceBytes)
  let position = start
  const iterator: AsyncIterableIterator<Uint8Array> = {
    [Symbol.asyncIterator]: () => iterator,
    next: async () => {
      if (position > end || state.closed) return { done: true, value: undefined }
      const piece = stored.subarray(position, Math.min(position + pieceBytes, end + 1))
      buffer.fill(0).set(piece)
      position += piece.length
      state.read += piece.length
      return { done: false, value: buffer.subarray(0, piece.length) }
    },
    return: async () => {
      state.closed = true
      return { done: true, value: undefined }
    },
  }
  return { iterator, state }
}

async function read(stored: Uint8Array, range: ByteRange, pieceBytes: number, onDamage = async () => {}) {
  const { iterator, state } = source(stored, coveringRange(range, size), pieceBytes)
  const got: Buffer[] = []
  let error: unknown
  try {
    for await (const piece of checkedRange(iterator, range, size, checksums, onDamage)) got.push(Buffer.from(piece))
  } catch (thrown) {
    error = thrown
  }
  return { bytes: Buffer.concat(got), pieces: got.length, error, ...state }
}

const edges = [0, 1, MiB - 1, MiB, MiB + 1, 2 * MiB, 3 * MiB - 1, 3 * MiB, size - 2, size - 1]
const ranges = edges.flatMap((start) => edges.filter((end) => end >= start).map((end) => ({ start, end })))
const pieceSizes = [256 * 1024, 100_003, MiB, MiB + 7]
/** The first and the last byte of the checksums that cover the range. */
const ends = (range: ByteRange) => Object.values(coveringRange(range, size))

describe('a checked range', () => {
  test('covers whole MiBs, and at the end what there is', () => {
    assert.deepEqual(coveringRange({ start: 0, end: 0 }, size), { start: 0, end: MiB - 1 })
    assert.deepEqual(coveringRange({ start: MiB - 1, end: MiB }, size), { start: 0, end: 2 * MiB - 1 })
    assert.deepEqual(coveringRange({ start: 3 * MiB, end: 3 * MiB }, size), { start: 3 * MiB, end: size - 1 })
  })

  test('gives exactly the bytes asked for, whatever the pieces', async () => {
    for (const pieceBytes of pieceSizes)
      for (const range of ranges) {
        const got = await read(bytes, range, pieceBytes, () => assert.fail('the bytes are right'))
        const what = `${range.start}-${range.end} by ${pieceBytes}`
        assert.equal(got.error, undefined, what)
        assert.ok(got.bytes.equals(bytes.subarray(range.start, range.end + 1)), what)
        assert.equal(got.closed, true, what)
        const { start, end } = coveringRange(range, size)
        assert.equal(got.read, end + 1 - start, what)
      }
  })

  test('never gives all bytes when one bit that a checksum covers is wrong, and says so once', async () => {
    for (const pieceBytes of pieceSizes.slice(1, 3))
      for (const range of ranges)
        for (const at of [...ends(range), range.start, range.end]) {
          const wrong = Uint8Array.from(bytes)
          wrong[at] = (wrong[at] ?? 0) ^ 4
          let told = 0
          const got = await read(wrong, range, pieceBytes, async () => void told++)
          const what = `${range.start}-${range.end} by ${pieceBytes}, wrong at ${at}`
          assert.ok(got.error instanceof DamagedBlobError, what)
          assert.ok(got.bytes.length < range.end + 1 - range.start, what)
          assert.deepEqual([told, got.closed], [1, true], what)
        }
  })

  test('closes its source when nobody reads it, and when the reader leaves', async () => {
    const range = { start: 5, end: 2 * MiB }
    for (const pulls of [0, 1]) {
      const { iterator, state } = source(bytes, coveringRange(range, size), 256 * 1024)
      const pieces = checkedRange(iterator, range, size, checksums, async () => {})
      for (let pull = 0; pull < pulls; pull++) await pieces.next()
      await pieces.return?.()
      assert.equal(state.closed, true)
      assert.deepEqual(await pieces.next(), { done: true, value: undefined })
    }
  })
})

describe('a range of a layer', () => {
  const registryKey = { kind: 'private', accountId: account, region } as const

  async function given(t: TestContext) {
    const registry = await openTestRegistry({ limits: { layerBytesMax: 100 * MiB } })
    t.after(() => registry.close())
    await givenRepository(registry, 'app')
    const digest = await givenLayer(registry, 'app', bytes)
    const repository = await registry.services.metadata.read.repositories.find(registryKey, 'app')
    const find = async () => registry.services.metadata.read.layers.find(repository?.id ?? '', digest)
    const layer: Layer = (await find()) ?? assert.fail('the layer is there')
    return { registry, ctx: registry.ctx(), find, layer, file: join(registry.directory, 'blobs', layer.phys) }
  }

  async function flip(file: string, at: number): Promise<void> {
    const handle = await open(file, 'r+')
    const byte = Buffer.alloc(1)
    await handle.read(byte, 0, 1, at)
    await handle.write(Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, at)
    await handle.close()
  }

  test('is what was pushed, and a wrong bit beside it makes the layer bad', async (t) => {
    const { registry, ctx, find, layer, file } = await given(t)
    const range = { start: MiB + 10, end: MiB + 20 }
    const all = async () => Buffer.concat(await Array.fromAsync((await openLayer(ctx, layer, range)) ?? []))
    assert.deepEqual(await all(), bytes.subarray(MiB + 10, MiB + 21))
    await flip(file, 5)
    assert.deepEqual(await all(), bytes.subarray(MiB + 10, MiB + 21), 'damage elsewhere is not seen')
    await flip(file, 2 * MiB - 1)
    await assert.rejects(all(), DamagedBlobError)
    assert.equal(await find(), undefined)
    assert.equal(registry.backgroundErrors.length, 1)
  })

  test('of a layer without checksums is given unchecked', async (t) => {
    const { registry, ctx, find, layer, file } = await given(t)
    await registry.services.metadata.write(async (tx) => {
      const stored = await tx.layers.checksums(layer.phys)
      assert.deepEqual(stored, checksums)
    })
    const { DatabaseSync } = await import('node:sqlite')
    const database = new DatabaseSync(join(registry.directory, 'metadata.db'))
    database.exec('update blob set checksums = null')
    database.close()
    await flip(file, 0)
    const pieces = (await openLayer(ctx, layer, { start: 0, end: 3 })) ?? []
    assert.equal(Buffer.concat(await Array.fromAsync(pieces)).length, 4)
    assert.ok(await find())
  })

  test('of an emptied file is damage before the first byte', async (t) => {
    const { ctx, find, layer, file } = await given(t)
    await writeFile(file, '')
    assert.equal(await openLayer(ctx, layer, { start: 0, end: 3 }), undefined)
    assert.equal(await find(), undefined)
  })
})
