// The contract of the store of layer bytes: what every implementation must do. Run by one line per implementation, see *.test.ts.

import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { describe, test } from 'node:test'
import { UploadBusyError, UploadTooLargeError } from '../../src/domain/ports/storage-errors.ts'
import { digestOf } from '../../src/lib/digest.ts'
import { storedAs } from '../support/stored-as.ts'
import { readingContract } from './blobs-reading.ts'
import {
  collected,
  contentOf,
  isOffset,
  listed,
  MiB,
  noLimit,
  piecesOf,
  uploadsListed,
  type BlobsUnderTest,
  type StoreTest,
} from './blobs-samples.ts'
import { newPhys } from './metadata-samples.ts'

export type OpenBlobs = () => Promise<BlobsUnderTest>

export function blobsContract(kind: string, open: OpenBlobs): void {
  /** Each test says which files it leaves; whatever else lies there afterwards fails it. */
  const storeTest: StoreTest = (name, run) => {
    void test(name, async () => {
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
  }

  describe(`blobs in ${kind}`, () => {
    receiving(storeTest)
    publishing(storeTest)
    readingContract(storeTest)
  })
}

function receiving(storeTest: StoreTest): void {
  storeTest('an upload grows piece by piece and request by request', async ({ blobs }) => {
    const [id, phys] = [randomUUID(), newPhys()]
    const bytes = randomBytes(3 * MiB + 17)
    assert.equal(await blobs.received(id), 0)
    assert.equal(await blobs.append(id, 0, piecesOf(bytes.subarray(0, MiB), 1000), noLimit), MiB)
    assert.equal(await blobs.received(id), MiB)
    assert.equal(await blobs.append(id, MiB, piecesOf(bytes.subarray(MiB, MiB), 1), noLimit), MiB)
    assert.equal(await blobs.append(id, MiB, piecesOf(bytes.subarray(MiB), 700_000), noLimit), bytes.length)
    assert.deepEqual(await blobs.publish(id, phys, [digestOf(bytes)]), storedAs(bytes))
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
    assert.deepEqual(await blobs.publish(id, phys, [digestOf(expected)]), storedAs(expected))
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
    assert.deepEqual(await blobs.publish(id, phys, [digestOf(bytes)]), storedAs(bytes))
    return { published: [phys] }
  })

  storeTest('an upload goes on after a restart', async (store) => {
    const [id, phys] = [randomUUID(), newPhys()]
    const bytes = randomBytes(MiB + 5)
    await store.blobs.append(id, 0, piecesOf(bytes.subarray(0, 600_000), 65_536), noLimit)
    const { blobs } = await store.reopen()
    assert.equal(await blobs.received(id), 600_000)
    await blobs.append(id, 600_000, piecesOf(bytes.subarray(600_000), 65_536), noLimit)
    assert.deepEqual(await blobs.publish(id, phys, [digestOf(bytes)]), storedAs(bytes))
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
    assert.deepEqual(await blobs.publish(id, phys, [digestOf('slow bytes')]), storedAs('slow bytes'))
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
    assert.deepEqual(await blobs.publish(id, phys, [digestOf(bytes)]), storedAs(bytes))
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
    assert.deepEqual(await blobs.publish(appended, first, [digestOf('')]), storedAs(''))
    assert.deepEqual(await blobs.publish(never, second, [digestOf('', 'sha512')]), storedAs(''))
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
    assert.deepEqual(await blobs.publish(id, phys, [digestOf('righter')]), storedAs('righter'))
    return { published: [phys] }
  })

  storeTest('every digest asked for must agree, sha512 and sha256', async ({ blobs }) => {
    const [id, phys] = [randomUUID(), newPhys()]
    const bytes = randomBytes(600_000)
    await blobs.append(id, 0, piecesOf(bytes, 100_000), noLimit)
    assert.deepEqual(await blobs.publish(id, phys, [digestOf(bytes, 'sha512'), digestOf(bytes)]), storedAs(bytes))
    return { published: [phys] }
  })

  storeTest('publishing again is fine, also after a restart, but only with the right digest', async (store) => {
    const [id, phys] = [randomUUID(), newPhys()]
    await store.blobs.append(id, 0, piecesOf(Buffer.from('twice'), 5), noLimit)
    assert.deepEqual(await store.blobs.publish(id, phys, [digestOf('twice')]), storedAs('twice'))
    assert.deepEqual(await store.blobs.publish(id, phys, [digestOf('twice')]), storedAs('twice'))
    const { blobs } = await store.reopen()
    assert.deepEqual(await blobs.publish(id, phys, [digestOf('twice')]), storedAs('twice'))
    assert.equal(await blobs.publish(id, phys, [digestOf('other')]), undefined)
    assert.equal(await blobs.publish(id, phys, [digestOf('')]), undefined)
    return { published: [phys] }
  })

  storeTest('a published blob never changes, whatever is sent for its upload afterwards', async ({ blobs }) => {
    const [id, phys] = [randomUUID(), newPhys()]
    await blobs.append(id, 0, piecesOf(Buffer.from('first'), 5), noLimit)
    assert.deepEqual(await blobs.publish(id, phys, [digestOf('first')]), storedAs('first'))
    await blobs.append(id, 0, piecesOf(Buffer.from('other'), 5), noLimit)
    assert.equal(await blobs.publish(id, phys, [digestOf('other')]), undefined)
    assert.equal(String(await contentOf(blobs, phys, 5)), 'first')
    assert.deepEqual(await blobs.publish(id, phys, [digestOf('first')]), storedAs('first'))
    return { published: [phys] }
  })

  storeTest('an upload that is discarded while it is published is published whole or not at all', async ({ blobs }) => {
    const all = Array.from({ length: 30 }, () => ({ id: randomUUID(), phys: newPhys() }))
    const kept: string[] = []
    for (const { id, phys } of all) {
      await blobs.append(id, 0, piecesOf(randomBytes(300_000), 65_536), noLimit)
      const publishing = blobs.publish(id, phys, [digestOf('never')])
      await blobs.discardUpload(id)
      assert.equal(await publishing, undefined)
    }
    for (const { id, phys } of all) {
      await blobs.append(id, 0, piecesOf(Buffer.from('right'), 5), noLimit)
      const publishing = blobs.publish(id, phys, [digestOf('right')])
      await blobs.discardUpload(id)
      if ((await publishing) !== undefined) kept.push(phys)
    }
    for (const phys of kept) assert.equal(String(await contentOf(blobs, phys, 5)), 'right')
    for (const { id } of all) await blobs.discardUpload(id)
    return { published: kept }
  })

  storeTest('two uploads of the same bytes are two files', async ({ blobs }) => {
    const [one, two] = [newPhys(), newPhys()]
    const bytes = randomBytes(400_000)
    const push = async (phys: string) => {
      const id = randomUUID()
      await blobs.append(id, 0, piecesOf(bytes, 65_536), noLimit)
      return blobs.publish(id, phys, [digestOf(bytes)])
    }
    assert.deepEqual(await Promise.all([push(one), push(two)]), [storedAs(bytes), storedAs(bytes)])
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
