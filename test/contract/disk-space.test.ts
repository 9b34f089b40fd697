import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { StorageFullError } from '../../src/domain/ports/storage-errors.ts'
import { openSpace } from '../../src/storage/disk-space.ts'

const KiB = 1024

/** A file system of 1,000 KiB of which `free` are left; `looks` counts how often it was asked. */
function fileSystem(free: number) {
  const state = { free: free * KiB, looks: 0, files: 1000, freeFiles: 500 }
  const look = async () => {
    state.looks++
    return { bavail: state.free / KiB, blocks: 1000, bsize: KiB, files: state.files, ffree: state.freeFiles }
  }
  return { state, look }
}

describe('the reserve of free space', () => {
  test('holds against writes that come faster than the file system is asked', async () => {
    const { state, look } = fileSystem(500)
    const space = openSpace({ directory: '/', reserveBytes: 200 * KiB, look })
    let written = 0
    const writeOn = async () => {
      for (;;) {
        await space.check('running', 30 * KiB)
        state.free -= 30 * KiB
        written += 30
      }
    }
    await assert.rejects(Promise.all([writeOn(), writeOn()]), StorageFullError)
    // Down to half of the reserve; what the other writer has not yet written when the file system is asked may come on top.
    assert.ok(written === 390 || written === 420, `${written} KiB were written`)
    assert.ok(state.looks < 6, `${state.looks} looks`)
    await assert.rejects(space.check('new', 0), StorageFullError)
    assert.equal(await space.freeBytes(), 0)
  })

  test('is asked again when it seems to be reached: what was given back counts at once', async () => {
    const { state, look } = fileSystem(300)
    const space = openSpace({ directory: '/', reserveBytes: 200 * KiB, look })
    await space.check('new', 0)
    await space.check('running', 150 * KiB)
    await space.check('new', 0)
    assert.equal(state.looks, 2)
    state.free = 100 * KiB
    await space.check('running', 150 * KiB)
    await assert.rejects(space.check('running', 60 * KiB), StorageFullError)
    state.free = 1000 * KiB
    await space.check('new', 0)
  })

  test('a length that is known before is refused when it can not all be written, and takes nothing', async () => {
    const { look } = fileSystem(300)
    const space = openSpace({ directory: '/', reserveBytes: 200 * KiB, look })
    for (let at = 0; at < 3; at++) await space.requireRoom(200 * KiB)
    await assert.rejects(space.requireRoom(201 * KiB), StorageFullError)
  })

  test('so are files: without any left nothing new begins, and what is under way ends', async () => {
    const { state, look } = fileSystem(500)
    const space = openSpace({ directory: '/', reserveBytes: 200 * KiB, look, freshMs: 0 })
    state.freeFiles = 15
    await assert.rejects(space.check('new', 0), StorageFullError)
    assert.equal(await space.freeBytes(), 0)
    await space.check('running', 100 * KiB)
    state.freeFiles = 16
    await space.check('new', 0)
    assert.equal(await space.freeBytes(), 300 * KiB)
    Object.assign(state, { files: 0, freeFiles: 0 })
    await space.check('new', 0)
  })

  test('what is set aside beside it is not for uploads', async () => {
    const { look } = fileSystem(500)
    let aside = 250 * KiB
    const space = openSpace({ directory: '/', reserveBytes: 200 * KiB, setAside: async () => aside, look })
    assert.equal(await space.freeBytes(), 50 * KiB)
    aside = 300 * KiB
    await assert.rejects(space.requireRoom(151 * KiB), StorageFullError)
    assert.equal(await space.freeBytes(), 0)
    aside = 0
    assert.equal(await space.freeBytes(), 300 * KiB)
  })
})
