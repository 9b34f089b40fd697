// Two stores on one directory, as two processes have them, whose uploads go from one to the other.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'

import type { Blobs } from '../../src/domain/ports/blobs.ts'
import { UploadBusyError } from '../../src/domain/ports/storage-errors.ts'
import { digestOf } from '../../src/lib/digest.ts'
import { openDiskBlobs } from '../../src/storage/disk.ts'
import { createUploadArbiter } from '../../src/workers/upload-arbiter.ts'
import { newPhys } from './metadata-samples.ts'

async function openTwo(t: TestContext): Promise<readonly [Blobs, Blobs]> {
  const directory = await mkdtemp(join(tmpdir(), 'stowage-shared-'))
  const arbiter = createUploadArbiter(() => Promise.resolve())
  const openAs = (worker: number) =>
    openDiskBlobs({
      directory,
      reserveBytes: 0,
      claims: {
        claim: async (uploadId) => {
          const answer = await arbiter.claim(worker, uploadId)
          if (answer === 'busy') return undefined
          return { isMoved: answer === 'moved', release: () => arbiter.release(worker, uploadId) }
        },
      },
    })
  const both = [await openAs(1), await openAs(2)] as const
  t.after(async () => {
    for (const blobs of both) await blobs.close()
    await rm(directory, { recursive: true })
  })
  return both
}

async function* pieces(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text)
}

describe('an upload that goes from one process to another', () => {
  test('is complete with the bytes of both', async (t) => {
    const [one, other] = await openTwo(t)
    const upload = randomUUID()
    assert.equal(await one.append(upload, 0, pieces('abc'), 100), 3)
    assert.equal(await other.append(upload, 3, pieces('def'), 100), 6)
    assert.equal(await one.append(upload, 6, pieces('g'), 100), 7)
    assert.equal(await other.publish(upload, newPhys(), [digestOf('abcdefX')]), undefined)
    assert.equal((await one.publish(upload, newPhys(), [digestOf('abcdefg')]))?.size, 7)
  })

  test('what one remembers of bytes that the other replaced is not believed', async (t) => {
    const [one, other] = await openTwo(t)
    const upload = randomUUID()
    await one.append(upload, 0, pieces('good'), 100)
    // As after a sync that failed: the bytes are given up, and sent again.
    await other.discardUpload(upload)
    await other.append(upload, 0, pieces('evil'), 100)
    assert.equal(await one.publish(upload, newPhys(), [digestOf('good')]), undefined)
    assert.equal((await one.publish(upload, newPhys(), [digestOf('evil')]))?.size, 4)
  })

  test('is with one of them at a time', async (t) => {
    const [one, other] = await openTwo(t)
    const upload = randomUUID()
    const goOn = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const slow = async function* () {
      yield Buffer.from('ab')
      begun.resolve()
      await goOn.promise
      yield Buffer.from('cd')
    }
    const appending = one.append(upload, 0, slow(), 100)
    await begun.promise
    await assert.rejects(other.append(upload, 0, pieces('x'), 100), UploadBusyError)
    await assert.rejects(other.publish(upload, newPhys(), [digestOf('ab')]), UploadBusyError)
    goOn.resolve()
    assert.equal(await appending, 4)
    assert.equal((await other.publish(upload, newPhys(), [digestOf('abcd')]))?.size, 4)
  })
})
