// The simulation is worth what its parts are worth: the store on the simulated disk keeps the contract of every store, and the disk
// forgets what it should.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { blobsContract } from '../contract/blobs.ts'
import type { BlobsUnderTest } from '../contract/blobs-samples.ts'
import { openSimulatedBlobs } from './simulated-blobs.ts'
import { createDisk, type SimulatedDisk } from './simulated-disk.ts'

const noPause = async () => {}

async function blobsUnderTest(disk: SimulatedDisk): Promise<BlobsUnderTest> {
  const blobs = openSimulatedBlobs(disk, noPause)
  return { blobs, reopen: () => blobsUnderTest(disk), dispose: () => blobs.close() }
}

blobsContract('a simulated disk', () => blobsUnderTest(createDisk()))

describe('a power cut', () => {
  /** What may be at `path` afterwards, over many cuts; `undefined` for nothing. */
  function fates(path: string, prepare: (disk: SimulatedDisk) => void): ReadonlySet<string | undefined> {
    const seen = new Set<string | undefined>()
    for (let seed = 0; seed < 400; seed++) {
      const disk = createDisk()
      prepare(disk)
      let state = seed
      disk.cutPower((below) => {
        state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
        return (state >> 8) % below
      })
      seen.add(disk.read(path)?.toString('latin1'))
    }
    return seen
  }

  test('takes any part of bytes that were not synced, and what is left of them may be zeroes', () => {
    const prepare = (disk: SimulatedDisk) => {
      disk.append('a/x', Buffer.from('s'))
      disk.sync('a/x')
      disk.append('a/x', Buffer.from('uv'))
      disk.syncDirectory('a/')
    }
    assert.deepEqual(fates('a/x', prepare), new Set(['s', 's\0\0', 'su', 'su\0', 'suv']))
  })

  test('takes a name that was not synced, or not', () => {
    const prepare = (disk: SimulatedDisk) => {
      disk.append('a/x', Buffer.from('s'))
      disk.sync('a/x')
      disk.syncDirectory('a/')
      disk.rename('a/x', 'b/x')
    }
    assert.deepEqual(fates('a/x', prepare), new Set(['s', undefined]))
    assert.deepEqual(fates('b/x', prepare), new Set(['s', undefined]))
  })

  test('brings back a file whose removal was not synced', () => {
    const prepare = (disk: SimulatedDisk) => {
      disk.append('a/x', Buffer.from('s'))
      disk.sync('a/x')
      disk.syncDirectory('a/')
      disk.remove('a/x')
    }
    assert.deepEqual(fates('a/x', prepare), new Set(['s', undefined]))
  })

  test('takes nothing that was synced', () => {
    const prepare = (disk: SimulatedDisk) => {
      disk.append('a/x', Buffer.from('s'))
      disk.sync('a/x')
      disk.rename('a/x', 'b/x')
      disk.syncDirectory('b/')
    }
    assert.deepEqual(fates('b/x', prepare), new Set(['s']))
  })
})
