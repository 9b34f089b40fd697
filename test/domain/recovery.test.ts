// What crashes leave behind: files without rows, rows without files, uploads cut at any point.

import assert from 'node:assert/strict'
import { readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'

import type { Layer, Repository } from '../../src/domain/ports/metadata.ts'
import { recover, sweep } from '../../src/domain/recovery.ts'
import { beginUpload, completeUpload, getUpload } from '../../src/domain/uploads.ts'
import { digestOf, type Digest } from '../../src/lib/digest.ts'
import { storedAs } from '../support/stored-as.ts'
import {
  account,
  givenImage,
  givenLayer,
  givenRepository,
  openTestRegistry,
  region,
  type TestRegistry,
} from '../support/registry.ts'

const registryKey = { kind: 'private', accountId: account, region } as const
const clean = { orphans: 0, damaged: 0 }
const nothing = { expiredUploads: 0, unlinked: 0 }

async function open(t: TestContext) {
  const registry = await openTestRegistry()
  t.after(async () => {
    await registry.close()
    assert.deepEqual(registry.backgroundErrors, [])
  })
  await givenRepository(registry, 'app')
  const repository = await registry.services.metadata.read.repositories.find(registryKey, 'app')
  assert.ok(repository)
  return { registry, repository, ...registry.services }
}

async function layerOf(registry: TestRegistry, repository: Repository, digest: Digest): Promise<Layer> {
  const layer = await registry.services.metadata.read.layers.find(repository.id, digest)
  return layer ?? assert.fail(`${digest} is there`)
}

/** The physical names of the files that are there. */
async function filesOf(registry: TestRegistry): Promise<readonly string[]> {
  const files: string[] = []
  for await (const some of registry.services.blobs.list()) files.push(...some.map((file) => file.phys))
  return files
}

async function* once(text: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(text)
}

const physOf = (at: number) => `ab/ab${String(at).padStart(30, '0')}`
const uuidOf = (at: number) => `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`

describe('a file that no table knows', () => {
  test('goes to the trash and is unlinked, and no other file is touched', async (t) => {
    const { registry } = await open(t)
    await givenImage(registry, 'app', 'v1')
    const before = await filesOf(registry)
    const blobs = join(registry.directory, 'blobs')
    await writeFile(join(blobs, physOf(1)), 'from a crash')
    // Not a name of ours: somebody else's file, which is none of our business.
    await writeFile(join(blobs, 'ab', 'README'), 'hello')
    await writeFile(join(blobs, 'ab', `cd${'0'.repeat(30)}`), 'in the wrong directory')
    assert.deepEqual(await recover(registry.services), { orphans: 1, damaged: 0 })
    assert.deepEqual(await recover(registry.services), clean)
    assert.deepEqual(await sweep(registry.services), { expiredUploads: 0, unlinked: 1 })
    assert.deepEqual(await filesOf(registry), before)
    assert.deepEqual((await readdir(join(blobs, 'ab'))).filter((name) => !before.includes(`ab/${name}`)).toSorted(), [
      'README',
      `cd${'0'.repeat(30)}`,
    ])
    assert.deepEqual(await recover(registry.services), clean)
  })
})

describe('a layer whose file is damaged', () => {
  for (const [what, damage] of [
    ['gone', (path: string) => rm(path)],
    ['cut', (path: string) => truncate(path, 3)],
    ['longer', (path: string) => writeFile(path, 'the bytes and more')],
  ] as const) {
    test(`because it is ${what} is told once, absent for everyone, and healed by a push`, async (t) => {
      const { registry, repository, metadata } = await open(t)
      const digest = await givenLayer(registry, 'app', 'the bytes')
      const other = await givenLayer(registry, 'app', 'other bytes')
      const damaged = await layerOf(registry, repository, digest)
      await damage(join(registry.directory, 'blobs', damaged.phys))
      assert.deepEqual(await recover(registry.services), { orphans: 0, damaged: 1 })
      assert.equal(await metadata.read.layers.find(repository.id, digest), undefined)
      await layerOf(registry, repository, other)
      assert.deepEqual(await recover(registry.services), clean)
      await givenLayer(registry, 'app', 'the bytes')
      assert.notEqual((await layerOf(registry, repository, digest)).phys, damaged.phys)
      assert.deepEqual(await sweep(registry.services), { expiredUploads: 0, unlinked: 1 })
      assert.deepEqual(await recover(registry.services), clean)
    })
  }

  test('an empty layer is not', async (t) => {
    const { registry, repository } = await open(t)
    const ctx = registry.ctx({ plane: 'distribution' })
    const { id } = await beginUpload(ctx, registryKey, 'app')
    await completeUpload(ctx, await getUpload(ctx, registryKey, 'app', id), [digestOf('')])
    assert.equal((await layerOf(registry, repository, digestOf(''))).size, 0)
    assert.deepEqual(await recover(registry.services), clean)
  })
})

describe('an upload that was cut', () => {
  /** Bytes under their last name, the transaction that makes them a layer not done. */
  async function publishedOnly(registry: TestRegistry) {
    const ctx = registry.ctx()
    const upload = await beginUpload(ctx, registryKey, 'app')
    await ctx.blobs.append(upload.id, 0, once('bytes'), 100)
    assert.deepEqual(await ctx.blobs.publish(upload.id, upload.phys, [digestOf('bytes')]), storedAs('bytes'))
    return upload
  }

  test('between rename and commit can be completed after a recovery', async (t) => {
    const { registry, repository } = await open(t)
    const ctx = registry.ctx()
    const { id, phys } = await publishedOnly(registry)
    assert.deepEqual(await recover(registry.services), clean)
    assert.deepEqual(await sweep(registry.services), nothing)
    await completeUpload(ctx, await getUpload(ctx, registryKey, 'app', id), [digestOf('bytes')])
    assert.equal((await layerOf(registry, repository, digestOf('bytes'))).phys, phys)
    assert.deepEqual(await recover(registry.services), clean)
  })

  test('between rename and commit, and never continued, is given back when its life ends', async (t) => {
    const { registry } = await open(t)
    const { phys } = await publishedOnly(registry)
    registry.advance(registry.services.limits.uploadLifeMs + 1)
    assert.deepEqual(await recover(registry.services), clean)
    assert.deepEqual(await filesOf(registry), [phys])
    assert.deepEqual(await sweep(registry.services), { expiredUploads: 1, unlinked: 1 })
    assert.deepEqual(await filesOf(registry), [])
  })

  test('before its row was there is forgotten', async (t) => {
    const { registry } = await open(t)
    await registry.services.blobs.append(uuidOf(1), 0, once('bytes'), 100)
    assert.deepEqual(await sweep(registry.services), nothing)
    assert.deepEqual(await readdir(join(registry.directory, 'uploads')), [])
  })
})

test('what is in the trash stays until its time has come', async (t) => {
  const { registry, metadata, clock } = await open(t)
  await writeFile(join(registry.directory, 'blobs', physOf(1)), 'not yet')
  await metadata.write((tx) => tx.trash.put(physOf(1), 'test', clock.now() + 1000))
  // Its file is gone already, as after a crash between file and row: that must not stop the others.
  await metadata.write((tx) => tx.trash.put(physOf(2), 'test', clock.now()))
  assert.deepEqual(await sweep(registry.services), { expiredUploads: 0, unlinked: 1 })
  assert.deepEqual(await recover(registry.services), clean)
  assert.deepEqual(await filesOf(registry), [physOf(1)])
  registry.advance(1000)
  assert.deepEqual(await sweep(registry.services), { expiredUploads: 0, unlinked: 1 })
  assert.deepEqual(await filesOf(registry), [])
})

test('more of each than is looked at in one go', async (t) => {
  const { registry, repository, metadata, clock } = await open(t)
  const count = 501
  const now = clock.now()
  const lifeMs = 1000
  const uploads = Array.from({ length: 2 * count }, (_, at) => ({
    id: uuidOf(at),
    repositoryId: repository.id,
    accountId: account,
    phys: physOf(at),
    createdAtMs: now,
    expiresAtMs: now + lifeMs,
    parts: 0,
    smallParts: 0,
    lastPartSmall: false,
  }))
  await metadata.write(async (tx) => {
    for (const [at, upload] of uploads.entries()) {
      await tx.uploads.create(upload)
      if (at % 2 === 0) await tx.layers.commit(upload, { digest: digestOf(upload.id), size: 1 }, now, now)
    }
  })
  assert.deepEqual(await recover(registry.services), { orphans: 0, damaged: count })
  registry.advance(lifeMs + 1)
  assert.deepEqual(await sweep(registry.services), { expiredUploads: count, unlinked: count })
  assert.deepEqual(await sweep(registry.services), nothing)
  assert.deepEqual(await recover(registry.services), clean)
})
