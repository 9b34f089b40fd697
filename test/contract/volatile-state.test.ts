import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { digestOf } from '../../src/lib/digest.ts'
import { openDiskBlobs } from '../../src/storage/disk.ts'
import { openDiskLogos } from '../../src/storage/logos.ts'
import { openVolatileMetadata } from '../../src/storage/sql/sqlite/open-volatile-metadata.ts'
import { openVolatileState } from '../../src/storage/volatile-state.ts'
import { storedAs } from '../support/stored-as.ts'
import { contentOf, gathered, noLimit, piecesOf } from './blobs-samples.ts'
import { newRepository, uploadTo } from './metadata-samples.ts'

async function open(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'stowage-state-'))
  const metadata = await openVolatileMetadata({
    file: join(directory, 'metadata.db'),
    onFatal: (error) => assert.fail(error),
  })
  const blobs = await openDiskBlobs({ directory, durable: false, reserveBytes: 0 })
  const logos = await openDiskLogos(directory, { durable: false })
  t.after(async () => {
    await metadata.close()
    await blobs.close()
    await rm(directory, { recursive: true })
  })
  return { directory, metadata, blobs, logos, state: openVolatileState(directory, metadata, blobs) }
}

test('files come and go with their rows', async (t) => {
  const { directory, metadata, blobs, state } = await open(t)
  const empty = await state.take()
  const upload = uploadTo(await newRepository(metadata))
  await metadata.write((tx) => tx.uploads.create(upload))
  await blobs.append(upload.id, 0, piecesOf(Buffer.from('published'), 4), noLimit)
  await blobs.publish(upload.id, upload.phys, [digestOf('published')])
  const full = await state.take()
  await state.put(empty)
  assert.deepEqual(await gathered(blobs.list()), [])
  assert.equal(existsSync(join(directory, 'blobs', upload.phys)), false)
  for (const _ of ['once', 'twice']) {
    await state.put(full)
    assert.equal(String(await contentOf(blobs, upload.phys, 9)), 'published')
    await blobs.remove(upload.phys)
  }
})

test('an upload that went another way meanwhile is what it was: bytes, length and hash', async (t) => {
  const { metadata, blobs, state } = await open(t)
  const upload = uploadTo(await newRepository(metadata))
  await metadata.write((tx) => tx.uploads.create(upload))
  const nothing = await state.take()
  await blobs.append(upload.id, 0, piecesOf(Buffer.from('first'), 5), noLimit)
  const first = await state.take()
  await state.put(nothing)
  assert.equal(await blobs.received(upload.id), 0)
  await blobs.append(upload.id, 0, piecesOf(Buffer.from('other'), 5), noLimit)
  await state.put(first)
  assert.equal(await blobs.received(upload.id), 5)
  assert.deepEqual(await blobs.publish(upload.id, upload.phys, [digestOf('first')]), storedAs('first'))
})

test('a logo comes back, and a later one goes', async (t) => {
  const { logos, state } = await open(t)
  const [early, late] = [0, 1].map((digit) => `${String(digit).repeat(64)}-${randomUUID().slice(0, 8).repeat(2)}`)
  assert.ok(early && late)
  await logos.put(early, Buffer.from('early'))
  const kept = await state.take()
  await logos.remove(early)
  await logos.put(late, Buffer.from('late'))
  await state.put(kept)
  assert.equal(String(await logos.read(early)), 'early')
  assert.equal(await logos.read(late), undefined)
})

test('identities have a version that nobody has seen before', async (t) => {
  const { metadata, state } = await open(t)
  const seen: number[] = []
  const see = async () => void seen.push(await metadata.read.identities.version())
  const change = () =>
    metadata.write((tx) =>
      tx.identities.putAccount({
        accountId: '111122223333',
        name: undefined,
        organizationId: undefined,
        createdAtMs: 1,
      }),
    )
  await see()
  const before = await state.take()
  await change()
  await see()
  const after = await state.take()
  await state.put(before)
  await see()
  await state.put(after)
  await see()
  assert.equal(new Set(seen).size, 4)
})
