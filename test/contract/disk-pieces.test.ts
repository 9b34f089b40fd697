// Large layers on a disk: what is written past the page cache.

import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { mkdtemp, open, readdir, readFile, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { digestOf } from '../../src/lib/digest.ts'
import { openDiskBlobs, type DiskPoint } from '../../src/storage/disk.ts'
import { cachedBytes } from '../../src/storage/disk-pieces.ts'
import { storedAs } from '../support/stored-as.ts'
import { contentOf, noLimit, piecesOf } from './blobs-samples.ts'
import { newPhys } from './metadata-samples.ts'

const KiB = 1024
const MiB = 1024 * KiB

describe('large layers in a directory', () => {
  let directory = ''
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'stowage-pieces-'))
  })
  after(() => rm(directory, { recursive: true }))

  const openWith = (at: (point: DiskPoint) => Promise<void> = async () => {}) =>
    openDiskBlobs({ directory, reserveBytes: 0, hooks: { at } })

  for (const [what, lengths] of [
    ['one chunk', [20 * MiB + 7]],
    ['chunks of whole pieces', [10 * MiB, 10 * MiB, 10 * MiB]],
    ['chunks that begin anywhere', [5, 17 * MiB, 4096, 4091, 2 * MiB + 1, 256 * KiB - 1, 3 * MiB]],
  ] as const)
    test(`${what}: the bytes are the right ones, and a repeat of the hash finds the same`, async () => {
      const blobs = await openWith()
      const [id, phys] = [randomUUID(), newPhys()]
      const bytes = randomBytes(lengths.reduce((sum, length) => sum + length, 0))
      let at = 0
      for (const length of lengths) {
        const received = await blobs.append(id, at, piecesOf(bytes.subarray(at, at + length), 60_000), noLimit)
        at += length
        assert.equal(received, at)
      }
      // Another store knows no hash, and reads the file.
      assert.deepEqual(await (await openWith()).publish(id, phys, [digestOf(bytes)]), storedAs(bytes))
      assert.ok(bytes.equals(await contentOf(blobs, phys, bytes.length)))
      await blobs.remove(phys)
    })

  test('what is beyond the first MiBs is written directly, and not before those are durable', async (t) => {
    if (!(await hasDirectWrites(join(directory, 'probe')))) return t.skip('no direct writes on this file system')
    const events: string[] = []
    const blobs = await openWith(async (point) => void (point === 'blob:after-fsync' && events.push('synced')))
    const [id, phys] = [randomUUID(), newPhys()]
    const bytes = randomBytes(cachedBytes + 4 * MiB)
    const source = async function* (from: number, to: number) {
      for await (const piece of piecesOf(bytes.subarray(from, to), 256 * KiB)) {
        yield piece
        if ((await isOpenDirectly(id)) && events.at(-1) !== 'direct') events.push('direct')
      }
    }
    const [second, third] = [cachedBytes + MiB, cachedBytes + 2 * MiB]
    await blobs.append(id, 0, source(0, second), noLimit)
    assert.deepEqual(events, ['synced', 'direct'])
    // What an earlier request wrote may not be durable.
    await blobs.append(id, second, source(second, third), noLimit)
    assert.deepEqual(events, ['synced', 'direct', 'synced', 'direct'])
    await blobs.append(id, third, source(third, bytes.length), noLimit)
    await blobs.publish(id, phys, [digestOf(bytes)])
    await blobs.remove(phys)
  })

  test('when the first MiBs can not be made durable, the upload begins again', async () => {
    const blobs = await openWith(async (point) => {
      if (point === 'blob:before-fsync') throw new Error('on purpose')
    })
    const id = randomUUID()
    await assert.rejects(blobs.append(id, 0, piecesOf(randomBytes(18 * MiB), MiB), noLimit), /on purpose/)
    assert.equal(await blobs.received(id), 0)
  })

  async function hasDirectWrites(file: string): Promise<boolean> {
    if (process.platform !== 'linux') return false
    try {
      await (await open(file, constants.O_WRONLY | constants.O_CREAT | constants.O_DIRECT)).close()
      return true
    } catch {
      return false
    }
  }

  /** Whether this process has the file of an upload open for direct writes: https://man7.org/linux/man-pages/man5/proc_pid_fdinfo.5.html */
  async function isOpenDirectly(id: string): Promise<boolean> {
    for (const descriptor of await readdir('/proc/self/fd')) {
      const path = await readlink(`/proc/self/fd/${descriptor}`).catch(() => '')
      if (!path.endsWith(id)) continue
      const flags = /^flags:\s+(\d+)$/m.exec(await readFile(`/proc/self/fdinfo/${descriptor}`, 'utf8'))?.[1] ?? '0'
      if ((Number.parseInt(flags, 8) & constants.O_DIRECT) !== 0) return true
    }
    return false
  }
})
