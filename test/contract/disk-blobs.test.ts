import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rename, rm, symlink, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { StorageFullError } from '../../src/domain/ports/storage-errors.ts'
import { digestOf } from '../../src/lib/digest.ts'
import { openDiskBlobs, type DiskOptions, type DiskPoint } from '../../src/storage/disk.ts'
import { storedAs } from '../support/stored-as.ts'
import { blobsContract } from './blobs.ts'
import { contentOf, gathered, listed, piecesOf, published, type BlobsUnderTest } from './blobs-samples.ts'
import { newPhys } from './metadata-samples.ts'

const run = promisify(execFile)
const MiB = 1024 * 1024

async function openUnderTest(durable: boolean, place?: string): Promise<BlobsUnderTest> {
  const directory = place ?? (await mkdtemp(join(tmpdir(), 'stowage-blobs-')))
  const blobs = await openDiskBlobs({ directory, reserveBytes: 0, durable })
  return {
    blobs,
    reopen: async () => {
      await blobs.close()
      return openUnderTest(durable, directory)
    },
    dispose: async () => {
      await blobs.close()
      await rm(directory, { recursive: true })
    },
  }
}

blobsContract('a directory', () => openUnderTest(true))
blobsContract('a directory without a promise', () => openUnderTest(false))

describe('blobs in a directory: what only files do', () => {
  let directory = ''
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'stowage-disk-'))
  })
  after(() => rm(directory, { recursive: true }))
  const openWith = (options: Partial<DiskOptions>) => openDiskBlobs({ directory, reserveBytes: 0, ...options })

  test('a file that was cut after it was published is damage', async () => {
    const blobs = await openWith({})
    const phys = await published(blobs, Buffer.from('complete'))
    await truncate(join(directory, 'blobs', phys), 3)
    assert.equal(await blobs.read(phys, 8), undefined)
  })

  for (const [what, replace] of [
    ['a directory', (file: string) => directoryInPlace(file)],
    [
      'a link to a file with the right bytes',
      async (file: string) => {
        await rename(file, `${file}.away`)
        await symlink(`${file}.away`, file)
      },
    ],
    [
      'a pipe',
      async (file: string) => {
        await rm(file)
        await run('mkfifo', [file])
      },
    ],
  ] as const)
    test(`${what} in the place of a file is damage, and is not opened`, async () => {
      const blobs = await openWith({})
      const bytes = randomBytes(4096)
      const phys = await published(blobs, bytes)
      assert.deepEqual(await blobs.look(phys), { kind: 'file', size: 4096 })
      await replace(join(directory, 'blobs', phys))
      assert.equal(await blobs.read(phys, bytes.length), undefined)
      assert.deepEqual(await blobs.look(phys), { kind: 'other' })
      // Listed all the same: else what lies under a name that no table knows would lie there for ever.
      assert.equal(
        (await listed(blobs)).some((file) => file.phys === phys),
        true,
      )
      await blobs.remove(phys)
      assert.equal(await blobs.look(phys), undefined)
    })

  test('a file that is cut while it is read ends the reader with an error, not early', async () => {
    const blobs = await openWith({})
    const bytes = randomBytes(2 * MiB)
    const phys = await published(blobs, bytes)
    const pieces = await blobs.read(phys, bytes.length)
    assert.ok(pieces)
    await truncate(join(directory, 'blobs', phys), MiB)
    await assert.rejects(gathered(pieces), /ended .* early/)
  })

  test(
    'no file stays open, whatever became of its reader',
    { skip: process.platform !== 'linux' && 'needs /proc' },
    async () => {
      const blobs = await openWith({})
      const phys = await published(blobs, randomBytes(2 * MiB))
      const before = (await readdir('/proc/self/fd')).length
      for (let index = 0; index < 30; index++) {
        const pieces = await blobs.read(phys, 2 * MiB)
        for await (const _ of pieces ?? []) if (index % 2 === 0) break
        await (await blobs.read(phys, 2 * MiB))?.[Symbol.asyncIterator]().return?.()
        assert.equal(await blobs.read(phys, 1), undefined)
      }
      assert.equal((await readdir('/proc/self/fd')).length, before)
    },
  )

  test('after a failed fsync the bytes are discarded: a second fsync would succeed on lost ones', async () => {
    const blobs = await openWith({ hooks: failingAt('blob:before-fsync') })
    const [id, phys] = [randomUUID(), newPhys()]
    await blobs.append(id, 0, piecesOf(Buffer.from('lost'), 4), 100)
    await assert.rejects(blobs.publish(id, phys, [digestOf('lost')]), /on purpose/)
    assert.equal(await blobs.received(id), 0)
    assert.equal(await blobs.read(phys, 4), undefined)
  })

  test('after a failed fsync of the directory the file is given up', async () => {
    const blobs = await openWith({ hooks: failingAt('blob:before-dirsync') })
    const [id, phys] = [randomUUID(), newPhys()]
    await blobs.append(id, 0, piecesOf(Buffer.from('lost'), 4), 100)
    await assert.rejects(blobs.publish(id, phys, [digestOf('lost')]), /on purpose/)
    assert.equal(await blobs.received(id), 0)
    assert.equal(await blobs.read(phys, 4), undefined)
  })

  for (const point of ['blob:before-rename', 'blob:after-rename', 'blob:after-dirsync'] as const) {
    test(`completing again works after it stopped at ${point}`, async () => {
      const [id, phys] = [randomUUID(), newPhys()]
      const stopped = await openWith({ hooks: failingAt(point) })
      await stopped.append(id, 0, piecesOf(Buffer.from('again'), 5), 100)
      await assert.rejects(stopped.publish(id, phys, [digestOf('again')]), /on purpose/)
      const blobs = await openWith({})
      assert.deepEqual(await blobs.publish(id, phys, [digestOf('again')]), storedAs('again'))
      assert.equal(String(await contentOf(blobs, phys, 5)), 'again')
    })
  }

  test('at most two large files are synced at a time: the other threads of the pool stay free for readers', async () => {
    let running = 0
    let most = 0
    const blobs = await openWith({
      hooks: {
        at: async (point) => {
          if (point === 'blob:before-fsync') most = Math.max(most, ++running)
          if (point === 'blob:before-fsync') await new Promise((resolve) => setTimeout(resolve, 20))
          if (point === 'blob:after-fsync') running--
        },
      },
    })
    const bytes = randomBytes(5 * MiB)
    const names = await Promise.all(Array.from({ length: 5 }, () => published(blobs, bytes)))
    assert.equal(most, 2)
    for (const phys of names) await blobs.remove(phys)
  })

  test('below the reserve new uploads are refused, running ones not before half of it', async () => {
    const id = randomUUID()
    const free = (await (await openWith({})).freeBytes()) ?? 0
    const roomy = await openWith({ reserveBytes: 0 })
    await roomy.append(id, 0, piecesOf(Buffer.from('begun'), 5), 100)
    const tight = await openWith({ reserveBytes: Math.round(free * 1.5) })
    assert.equal(await tight.freeBytes(), 0)
    await assert.rejects(tight.append(randomUUID(), 0, piecesOf(Buffer.from('new'), 3), 100), StorageFullError)
    assert.equal(await tight.append(id, 5, piecesOf(Buffer.from('ended'), 5), 100), 10)
    const full = await openWith({ reserveBytes: free * 3 })
    await assert.rejects(full.append(id, 10, piecesOf(Buffer.from('more'), 4), 100), StorageFullError)
    assert.equal(await full.received(id), 10)
  })

  test('reads in small pieces give the same bytes', async () => {
    const blobs = await openWith({ readBytes: 1000 })
    const bytes = randomBytes(12_345)
    assert.ok((await contentOf(blobs, await published(blobs, bytes), bytes.length)).equals(bytes))
  })
})

const failingAt = (failing: DiskPoint): NonNullable<DiskOptions['hooks']> => ({
  at: async (point) => {
    if (point === failing) throw new Error('on purpose')
  },
})

describe('a full disk', () => {
  const root = process.getuid?.() === 0 && process.platform === 'linux'

  test(
    'refuses bytes, keeps what came, and goes on when there is room',
    { skip: !root && 'needs root to mount a small tmpfs' },
    async (t) => {
      const directory = await mkdtemp(join(tmpdir(), 'stowage-full-'))
      try {
        await run('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', directory])
      } catch (error) {
        await rm(directory, { recursive: true })
        t.skip(`can not mount a tmpfs here: ${String(error)}`)
        return
      }
      try {
        const blobs = await openDiskBlobs({ directory, reserveBytes: 0 })
        const [id, phys] = [randomUUID(), newPhys()]
        const old = await published(blobs, randomBytes(2 * MiB))
        const bytes = randomBytes(3 * MiB)
        await assert.rejects(blobs.append(id, 0, piecesOf(bytes, 65_536), bytes.length), StorageFullError)
        const received = await blobs.received(id)
        assert.ok(received > MiB && received < bytes.length, `${received} bytes stay`)
        await blobs.remove(old)
        await blobs.append(id, received, piecesOf(bytes.subarray(received), 65_536), bytes.length)
        assert.deepEqual(await blobs.publish(id, phys, [digestOf(bytes)]), storedAs(bytes))
        assert.ok((await contentOf(blobs, phys, bytes.length)).equals(bytes))
        await blobs.close()
      } finally {
        await run('umount', [directory])
        await rm(directory, { recursive: true })
      }
    },
  )

  test(
    'a file-size limit of the process counts as full',
    { skip: process.platform !== 'linux' && 'needs prlimit' },
    async () => {
      const directory = await mkdtemp(join(tmpdir(), 'stowage-limit-'))
      try {
        const child = join(import.meta.dirname, 'support', 'append-two-mebibytes.ts')
        const { stdout } = await run('prlimit', ['--fsize=1048576', process.execPath, child, directory])
        assert.equal(stdout.trim(), 'StorageFullError, 1048576 bytes received')
      } finally {
        await rm(directory, { recursive: true })
      }
    },
  )
})

/** Most file systems say that an empty directory has 4096 bytes, as the file had. */
async function directoryInPlace(path: string): Promise<void> {
  await rm(path)
  await mkdir(path)
}
