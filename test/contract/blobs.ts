// The contract of the store of layer bytes: what every implementation must do. Run by one line per implementation, see *.test.ts.

import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { describe, test } from 'node:test'
import type { Blobs } from '../../src/domain/ports/blobs.ts'
import { UploadBusyError, UploadOffsetError, UploadTooLargeError } from '../../src/domain/ports/storage-errors.ts'
import { digestOf } from '../../src/lib/digest.ts'
import { newPhys } from './metadata-samples.ts'

/** What a suite needs of an implementation. `reopen` opens the same store again, as after a restart. */
export interface BlobsUnderTest {
  readonly blobs: Blobs
  readonly reopen: () => Promise<BlobsUnderTest>
  readonly dispose: () => Promise<void>
}

export type OpenBlobs = () => Promise<BlobsUnderTest>

const MiB = 1024 * 1024
const noLimit = 1024 * MiB

export function blobsContract(kind: string, open: OpenBlobs): void {
  /** Each test says which files it leaves; whatever else lies there afterwards fails it. */
  const storeTest = (name: string, run: (store: BlobsUnderTest) => Promise<Leftover>) =>
    test(name, async () => {
      const store = await open()
      try {
        const left = await run(store)
        assert.deepEqual(
          (await listed(store.blobs)).map((file) => file.phys),
          (left.published ?? []).toSorted(),
          'published files',
        )
        assert.deepEqual(await uploadsListed(store.blobs), (left.uploads ?? []).toSorted(), 'files of uploads')
      } finally {
        await store.dispose()
      }
    })

  describe(`blobs in ${kind}`, () => {
    receiving(storeTest)
    publishing(storeTest)
    reading(storeTest)
  })
}

interface Leftover {
  readonly published?: readonly string[]
  readonly uploads?: readonly string[]
}

type StoreTest = (name: string, run: (store: BlobsUnderTest) => Promise<Leftover>) => void

function receiving(storeTest: StoreTest): void {
  storeTest('an upload grows piece by piece and request by request', async ({ blobs }) => {
    const [id, phys] = [randomUUID(), newPhys()]
    const bytes = randomBytes(3 * MiB + 17)
    assert.equal(await blobs.received(id), 0)
    assert.equal(await blobs.append(id, 0, piecesOf(bytes.subarray(0, MiB), 1000), noLimit), MiB)
    assert.equal(await blobs.received(id), MiB)
    assert.equal(await blobs.append(id, MiB, piecesOf(bytes.subarray(MiB, MiB), 1), noLimit), MiB)
    assert.equal(await blobs.append(id, MiB, piecesOf(bytes.subarray(MiB), 700_000), noLimit), bytes.length)
    assert.deepEqual(await blobs.publish(id, phys, [digestOf(bytes)]), { size: bytes.length })
    assert.deepEqual(await contentOf(blobs, phys, bytes.length), bytes)
    return { published: [phys] }
  })

  storeTest('a source may use its piece again as soon as the next one is asked for', async ({ blobs }) => {
    const [id, phys] = [randomUUID(), newPhys()]
    const expected = Buffer.concat(Array.from({ length: 40 }, (_, index) => Buffer.alloc(30_000, index)))
    async function* reusing() {
      const piece = Buffer.alloc(30_000)
      for (let index = 0; index < 40; index++) yield piece.fill(index)
    }
    await blobs.append(id, 0, reusing(), noLimit)
    assert.deepEqual(await blobs.publish(id, phys, [digestOf(expected)]), { size: expected.length })
    assert.ok((await contentOf(blobs, phys, expected.length)).equals(expected))
    return { published: [phys] }
  })

  storeTest('an append that does not start at the end is refused and changes nothing', async ({ blobs }) => {
    const id = randomUUID()
    for (const offset of [1, 5])
      await assert.rejects(blobs.append(id, offset, piecesOf(Buffer.from('late'), 4), noLimit), (error) =>
        isOffset(error, 0),
      )
    await blobs.append(id, 0, piecesOf(Buffer.from('first'), 5), noLimit)
    for (const offset of [0, 4, 6])
      await assert.rejects(blobs.append(id, offset, piecesOf(Buffer.from('x'), 1), noLimit), (error) =>
        isOffset(error, 5),
      )
    assert.equal(await blobs.received(id), 5)
    await blobs.append(id, 5, piecesOf(Buffer.from('more'), 4), noLimit)
    assert.equal(await blobs.publish(id, newPhys(), [digestOf('other')]), undefined)
    await blobs.discardUpload(id)
    assert.equal(await blobs.received(id), 0)
    await blobs.discardUpload(id)
    return {}
  })

  storeTest('when the source fails, what was received stays and counts', async ({ blobs }) => {
    const [id, phys] = [randomUUID(), newPhys()]
    const bytes = randomBytes(700_000)
    const cut = new Error('the client is gone')
    async function* failing() {
      yield* piecesOf(bytes.subarray(0, 500_000), 65_536)
      throw cut
    }
    await assert.rejects(blobs.append(id, 0, failing(), noLimit), (error) => error === cut)
    assert.equal(await blobs.received(id), 500_000)
    await blobs.append(id, 500_000, piecesOf(bytes.subarray(500_000), 65_536), noLimit)
    assert.deepEqual(await blobs.publish(id, phys, [digestOf(bytes)]), { size: bytes.length })
    return { published: [phys] }
  })

  storeTest('an upload goes on after a restart', async (store) => {
    const [id, phys] = [randomUUID(), newPhys()]
    const bytes = randomBytes(MiB + 5)
    await store.blobs.append(id, 0, piecesOf(bytes.subarray(0, 600_000), 65_536), noLimit)
    const { blobs } = await store.reopen()
    assert.equal(await blobs.received(id), 600_000)
    await blobs.append(id, 600_000, piecesOf(bytes.subarray(600_000), 65_536), noLimit)
    assert.deepEqual(await blobs.publish(id, phys, [digestOf(bytes)]), { size: bytes.length })
    assert.ok((await contentOf(blobs, phys, bytes.length)).equals(bytes))
    return { published: [phys] }
  })

  storeTest('a second append, or completing, while one runs is refused and disturbs nothing', async ({ blobs }) => {
    const [id, phys] = [randomUUID(), newPhys()]
    const gate = Promise.withResolvers<void>()
    const started = Promise.withResolvers<void>()
    async function* slow() {
      yield Buffer.from('slow ')
      started.resolve()
      await gate.promise
      yield Buffer.from('bytes')
    }
    const first = blobs.append(id, 0, slow(), noLimit)
    await started.promise
    await assert.rejects(blobs.append(id, 0, piecesOf(Buffer.from('x'), 1), noLimit), UploadBusyError)
    await assert.rejects(blobs.publish(id, phys, [digestOf('slow ')]), UploadBusyError)
    gate.resolve()
    assert.equal(await first, 10)
    assert.deepEqual(await blobs.publish(id, phys, [digestOf('slow bytes')]), { size: 10 })
    return { published: [phys] }
  })

  storeTest('an upload may not grow beyond its limit, and keeps what came before', async ({ blobs }) => {
    const [id, phys] = [randomUUID(), newPhys()]
    const bytes = randomBytes(1000)
    await assert.rejects(blobs.append(id, 0, piecesOf(Buffer.concat([bytes, bytes]), 400), 1000), UploadTooLargeError)
    assert.equal(await blobs.received(id), 800)
    assert.equal(
      await blobs.append(id, 800, piecesOf(Buffer.concat([bytes, bytes]).subarray(800, 1000), 400), 1000),
      1000,
    )
    await assert.rejects(blobs.append(id, 1000, piecesOf(Buffer.from('x'), 1), 1000), UploadTooLargeError)
    assert.deepEqual(await blobs.publish(id, phys, [digestOf(bytes)]), { size: 1000 })
    return { published: [phys] }
  })

  storeTest('names that are not upload ids or physical names are refused', async ({ blobs }) => {
    for (const id of ['', '..', '../x', 'a/b', randomUUID().toUpperCase(), `${randomUUID()}/..`, `${randomUUID()}\0`]) {
      await assert.rejects(blobs.append(id, 0, piecesOf(Buffer.from('x'), 1), noLimit), JSON.stringify(id))
      await assert.rejects(async () => blobs.received(id))
      await assert.rejects(async () => blobs.discardUpload(id))
    }
    const phys = newPhys()
    for (const name of [
      '',
      phys.slice(3),
      `../${phys}`,
      `${phys}/..`,
      phys.toUpperCase(),
      `${phys}0`,
      `zz/${phys}`,
      `xx${phys.slice(2)}`,
    ]) {
      await assert.rejects(async () => blobs.read(name, 1), JSON.stringify(name))
      await assert.rejects(async () => blobs.remove(name))
      await assert.rejects(blobs.publish(randomUUID(), name, [digestOf('')]))
    }
    return {}
  })
}

function publishing(storeTest: StoreTest): void {
  storeTest('the empty blob is a blob, with or without an append', async ({ blobs }) => {
    const [appended, never, first, second] = [randomUUID(), randomUUID(), newPhys(), newPhys()]
    assert.equal(await blobs.append(appended, 0, piecesOf(Buffer.alloc(0), 1), noLimit), 0)
    assert.deepEqual(await blobs.publish(appended, first, [digestOf('')]), { size: 0 })
    assert.deepEqual(await blobs.publish(never, second, [digestOf('', 'sha512')]), { size: 0 })
    assert.equal((await contentOf(blobs, first, 0)).length, 0)
    assert.equal((await contentOf(blobs, second, 0)).length, 0)
    return { published: [first, second] }
  })

  storeTest('a wrong digest publishes nothing and leaves the upload as it was', async ({ blobs }) => {
    const [id, phys] = [randomUUID(), newPhys()]
    await blobs.append(id, 0, piecesOf(Buffer.from('right'), 2), noLimit)
    for (const digests of [
      [digestOf('wrong')],
      [digestOf('right'), digestOf('wrong')],
      [digestOf('right'), digestOf('wrong', 'sha512')],
    ])
      assert.equal(await blobs.publish(id, phys, digests), undefined)
    assert.equal(await blobs.read(phys, 5), undefined)
    assert.equal(await blobs.received(id), 5)
    await blobs.append(id, 5, piecesOf(Buffer.from('er'), 2), noLimit)
    assert.deepEqual(await blobs.publish(id, phys, [digestOf('righter')]), { size: 7 })
    return { published: [phys] }
  })

  storeTest('every digest asked for must agree, sha512 and sha256', async ({ blobs }) => {
    const [id, phys] = [randomUUID(), newPhys()]
    const bytes = randomBytes(600_000)
    await blobs.append(id, 0, piecesOf(bytes, 100_000), noLimit)
    assert.deepEqual(await blobs.publish(id, phys, [digestOf(bytes, 'sha512'), digestOf(bytes)]), {
      size: bytes.length,
    })
    return { published: [phys] }
  })

  storeTest('publishing again is fine, also after a restart, but only with the right digest', async (store) => {
    const [id, phys] = [randomUUID(), newPhys()]
    await store.blobs.append(id, 0, piecesOf(Buffer.from('twice'), 5), noLimit)
    assert.deepEqual(await store.blobs.publish(id, phys, [digestOf('twice')]), { size: 5 })
    assert.deepEqual(await store.blobs.publish(id, phys, [digestOf('twice')]), { size: 5 })
    const { blobs } = await store.reopen()
    assert.deepEqual(await blobs.publish(id, phys, [digestOf('twice')]), { size: 5 })
    assert.equal(await blobs.publish(id, phys, [digestOf('other')]), undefined)
    assert.equal(await blobs.publish(id, phys, [digestOf('')]), undefined)
    return { published: [phys] }
  })

  storeTest('two uploads of the same bytes are two files', async ({ blobs }) => {
    const [one, two] = [newPhys(), newPhys()]
    const bytes = randomBytes(400_000)
    const push = async (phys: string) => {
      const id = randomUUID()
      await blobs.append(id, 0, piecesOf(bytes, 65_536), noLimit)
      return blobs.publish(id, phys, [digestOf(bytes)])
    }
    assert.deepEqual(await Promise.all([push(one), push(two)]), [{ size: bytes.length }, { size: bytes.length }])
    await blobs.remove(one)
    assert.ok((await contentOf(blobs, two, bytes.length)).equals(bytes))
    return { published: [two] }
  })

  storeTest('readers never see half a blob', async ({ blobs }) => {
    const [id, phys] = [randomUUID(), newPhys()]
    const bytes = randomBytes(2 * MiB)
    const seen: boolean[] = []
    const watching = (async () => {
      while (seen.length < 2) {
        const pieces = await blobs.read(phys, bytes.length)
        if (pieces) seen.push((await collected(pieces)).equals(bytes))
      }
    })()
    await blobs.append(id, 0, piecesOf(bytes, 65_536), noLimit)
    assert.deepEqual(seen, [])
    await blobs.publish(id, phys, [digestOf(bytes)])
    await watching
    assert.deepEqual(seen, [true, true])
    return { published: [phys] }
  })

  storeTest('many uploads at once stay apart', async ({ blobs }) => {
    const all = Array.from({ length: 40 }, () => ({ id: randomUUID(), phys: newPhys(), bytes: randomBytes(150_000) }))
    await Promise.all(
      all.map(async ({ id, phys, bytes }) => {
        await blobs.append(id, 0, piecesOf(bytes, 9_000), noLimit)
        await blobs.publish(id, phys, [digestOf(bytes)])
      }),
    )
    for (const { phys, bytes } of all) assert.ok((await contentOf(blobs, phys, bytes.length)).equals(bytes))
    const files = await listed(blobs)
    assert.deepEqual(
      files.map((file) => file.size),
      all.map(() => 150_000),
    )
    return { published: all.map((one) => one.phys) }
  })
}

function reading(storeTest: StoreTest): void {
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
    assert.ok(pull)
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

/** `bytes` in pieces of `size`, none when there are no bytes. */
export async function* piecesOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

/** Uploads and publishes bytes; gives the physical name. */
export async function published(blobs: Blobs, bytes: Buffer): Promise<string> {
  const [id, phys] = [randomUUID(), newPhys()]
  await blobs.append(id, 0, piecesOf(bytes, 65_536), noLimit)
  assert.deepEqual(await blobs.publish(id, phys, [digestOf(bytes)]), { size: bytes.length })
  return phys
}

export async function contentOf(blobs: Blobs, phys: string, size: number): Promise<Buffer> {
  const pieces = await blobs.read(phys, size)
  assert.ok(pieces, `${phys} can not be read`)
  return collected(pieces)
}

async function collected(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const copies: Buffer[] = []
  for await (const piece of pieces) copies.push(Buffer.from(piece))
  return Buffer.concat(copies)
}

async function listed(blobs: Blobs): Promise<readonly { readonly phys: string; readonly size: number }[]> {
  const all = (await gathered(blobs.list())).flat()
  return all.toSorted((a, b) => (a.phys < b.phys ? -1 : 1))
}

async function uploadsListed(blobs: Blobs): Promise<readonly string[]> {
  return (await gathered(blobs.listUploads())).flat().toSorted()
}

export async function gathered<T>(source: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = []
  for await (const item of source) all.push(item)
  return all
}

const isOffset = (error: unknown, received: number) => error instanceof UploadOffsetError && error.received === received
