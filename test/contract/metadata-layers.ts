// The contract of layers, uploads, the trash and physical names.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { digestOf } from '../../src/lib/digest.ts'
import {
  allPages,
  imageOf,
  newLayer,
  newPhys,
  newRepository,
  sharedMetadata,
  uploadTo,
  type OpenMetadata,
} from './metadata-samples.ts'

export function layerContract(open: OpenMetadata): void {
  describe('layers', () => {
    const store = sharedMetadata(open)

    test('a committed upload is a layer with a lease, and no upload any more', async () => {
      const { metadata } = store
      const repository = await newRepository(metadata)
      const layer = await newLayer(metadata, repository, 'plain layer', 5000)
      assert.deepEqual(await metadata.read.layers.find(repository.id, layer.digest), {
        digest: layer.digest,
        size: 11,
        phys: layer.phys,
        referenced: false,
        mediaType: undefined,
        leaseUntilMs: 5000,
      })
      assert.equal(await metadata.read.uploads.find(layer.id), undefined)
      const other = await newRepository(metadata)
      assert.equal(await metadata.read.layers.find(other.id, layer.digest), undefined)
    })

    test('the second file of a digest goes to the trash, in the same and in another repository', async () => {
      const { metadata } = store
      const [repository, other] = [await newRepository(metadata), await newRepository(metadata)]
      const first = await newLayer(metadata, repository, 'pushed three times')
      const second = await newLayer(metadata, repository, 'pushed three times')
      const third = await newLayer(metadata, other, 'pushed three times')
      assert.equal((await metadata.read.layers.find(repository.id, first.digest))?.phys, first.phys)
      assert.equal((await metadata.read.layers.find(other.id, first.digest))?.phys, first.phys)
      const trash = new Set((await metadata.read.trash.due(1000, 1000)).map((item) => item.phys))
      assert.deepEqual(
        [first, second, third].map((one) => trash.has(one.phys)),
        [false, true, true],
      )
    })

    test('a damaged blob is absent for everyone until it is pushed again, and then takes the new file', async () => {
      const { metadata } = store
      const [repository, other] = [await newRepository(metadata), await newRepository(metadata)]
      const layer = await newLayer(metadata, repository, 'damaged layer')
      await metadata.write((tx) => tx.layers.markBad(layer.phys))
      assert.equal(await metadata.read.layers.find(repository.id, layer.digest), undefined)
      assert.deepEqual(await metadata.read.layers.findMany(repository.id, [layer.digest]), [])
      assert.equal(await metadata.write((tx) => tx.layers.mount(other.id, layer.digest, 9000)), false)
      const again = await newLayer(metadata, other, 'damaged layer')
      assert.equal((await metadata.read.layers.find(repository.id, layer.digest))?.phys, again.phys)
      assert.equal((await metadata.read.layers.find(other.id, layer.digest))?.phys, again.phys)
      assert.ok((await metadata.read.trash.due(1000, 1000)).some((item) => item.phys === layer.phys))
      await metadata.write((tx) => tx.layers.markBad('no/such'))
    })

    test('an upload that ended meanwhile can not be committed: its file may be unlinked at any time', async () => {
      const { metadata } = store
      const repository = await newRepository(metadata)
      const upload = uploadTo(repository)
      await metadata.write((tx) => tx.uploads.create(upload))
      await metadata.write((tx) => tx.uploads.discard(upload.id, 'cancelled', 1))
      const digest = digestOf('too late')
      await assert.rejects(metadata.write((tx) => tx.layers.commit(upload, { digest, size: 8 }, 1, 2)))
      assert.equal(await metadata.read.layers.find(repository.id, digest), undefined)
    })

    test('mounting makes a layer of another repository visible, and leases are lengthened, never shortened', async () => {
      const { metadata } = store
      const [source, target] = [await newRepository(metadata), await newRepository(metadata)]
      const layer = await newLayer(metadata, source, 'mounted layer', 5000)
      const leases = () =>
        Promise.all(
          [source, target].map(async ({ id }) => (await metadata.read.layers.find(id, layer.digest))?.leaseUntilMs),
        )
      assert.equal(await metadata.write((tx) => tx.layers.mount(target.id, digestOf('nothing'), 6000)), false)
      assert.equal(await metadata.write((tx) => tx.layers.mount(target.id, layer.digest, 6000)), true)
      assert.deepEqual(await leases(), [5000, 6000])
      assert.equal(await metadata.write((tx) => tx.layers.mount(target.id, layer.digest, 5500)), true)
      assert.deepEqual(await leases(), [5000, 6000])
      await metadata.write((tx) => tx.layers.lease(source.id, [layer.digest, digestOf('nothing')], 4000))
      assert.deepEqual(await leases(), [5000, 6000])
      await metadata.write((tx) => tx.layers.lease(source.id, [layer.digest], 7000))
      await metadata.write((tx) => tx.layers.lease(source.id, [], 99_000))
      assert.deepEqual(await leases(), [7000, 6000])
      await newLayer(metadata, target, 'mounted layer', 5000)
      assert.deepEqual(await leases(), [7000, 6000])
    })

    test('a layer knows whether an image of its repository names it, and as what', async () => {
      const { metadata } = store
      const [repository, other] = [await newRepository(metadata), await newRepository(metadata)]
      const layer = await newLayer(metadata, repository, 'named layer', 5000)
      await metadata.write((tx) => tx.layers.mount(other.id, layer.digest, 5000))
      const image = imageOf('{"names":"it"}')
      await metadata.write((tx) =>
        tx.images.put(repository.id, image, [{ digest: layer.digest, mediaType: 'a/tar' }], []),
      )
      const seen = async (id: string) => {
        const found = await metadata.read.layers.find(id, layer.digest)
        return found && [found.referenced, found.mediaType, found.leaseUntilMs]
      }
      assert.deepEqual(await seen(repository.id), [true, 'a/tar', 5000])
      assert.deepEqual(await seen(other.id), [false, undefined, 5000])
      assert.equal(await metadata.write((tx) => tx.layers.remove(repository.id, layer.digest)), false)
      assert.equal(await metadata.write((tx) => tx.layers.remove(other.id, layer.digest)), true)
      assert.equal(await metadata.write((tx) => tx.layers.remove(other.id, layer.digest)), false)
      assert.deepEqual(await seen(other.id), undefined)
      // Removing the image leases what it named: a push that was told "exists" a moment ago must still find it.
      await metadata.write((tx) => tx.images.remove(repository.id, image.digest, 8000))
      assert.deepEqual(await seen(repository.id), [false, undefined, 8000])
      assert.equal(await metadata.write((tx) => tx.layers.remove(repository.id, layer.digest)), true)
    })
  })

  uploadContract(open)
}

function uploadContract(open: OpenMetadata): void {
  describe('uploads and the trash', () => {
    const store = sharedMetadata(open)

    test('an upload notes its progress', async () => {
      const { metadata } = store
      const repository = await newRepository(metadata)
      const upload = uploadTo(repository)
      const seen = () => metadata.read.uploads.find(upload.id)
      await metadata.write((tx) => tx.uploads.create(upload))
      assert.deepEqual(await seen(), upload)
      await metadata.write((tx) => tx.uploads.touch(upload.id, { expiresAtMs: 3000, part: { small: true } }))
      assert.deepEqual(await seen(), { ...upload, expiresAtMs: 3000, parts: 1, smallParts: 1, lastPartSmall: true })
      await metadata.write((tx) => tx.uploads.touch(upload.id, { expiresAtMs: 4000, part: { small: false } }))
      assert.deepEqual(await seen(), { ...upload, expiresAtMs: 4000, parts: 2, smallParts: 1, lastPartSmall: false })
      await metadata.write((tx) => tx.uploads.touch(upload.id, { expiresAtMs: 5000 }))
      assert.deepEqual(await seen(), { ...upload, expiresAtMs: 5000, parts: 2, smallParts: 1, lastPartSmall: false })
    })

    test('uploads are counted by account and expire oldest first', async () => {
      const { metadata } = store
      const repository = await newRepository(metadata)
      const accountId = '555555555555'
      const uploads = [30, 10, 20].map((expiresAtMs) => uploadTo(repository, { accountId, expiresAtMs }))
      for (const upload of uploads) await metadata.write((tx) => tx.uploads.create(upload))
      const isBelow = (limit: number) => metadata.read.uploads.isBelow(accountId, limit)
      assert.deepEqual([await isBelow(3), await isBelow(4)], [false, true])
      assert.deepEqual(await metadata.read.uploads.expired(30, 10), [uploads[1], uploads[2]])
      assert.deepEqual(await metadata.read.uploads.expired(31, 1), [uploads[1]])
    })

    test('a discarded upload leaves its name in the trash until its file is gone', async () => {
      const { metadata } = store
      const repository = await newRepository(metadata)
      const upload = uploadTo(repository)
      await metadata.write((tx) => tx.uploads.create(upload))
      assert.equal(await metadata.read.phys.isOwned(upload.phys), true)
      await metadata.write((tx) => tx.uploads.discard(upload.id, 'cancelled', 77))
      await metadata.write((tx) => tx.uploads.discard(upload.id, 'cancelled', 78))
      assert.equal(await metadata.read.uploads.find(upload.id), undefined)
      assert.deepEqual(
        (await metadata.read.trash.due(77, 100)).filter((item) => item.phys === upload.phys),
        [{ phys: upload.phys, notBeforeMs: 77, bytes: 0 }],
      )
      assert.equal(await metadata.read.phys.isOwned(upload.phys), true)
      await metadata.write((tx) => tx.trash.remove([upload.phys]))
      assert.equal(await metadata.read.phys.isOwned(upload.phys), false)
      await metadata.write((tx) => tx.trash.remove([upload.phys]))
    })

    test('the trash is due by time, and a name that is there already stays as it is', async () => {
      const { metadata } = store
      await metadata.write(async (tx) => {
        await tx.trash.put('t/late', 'test', -10)
        await tx.trash.put('t/early', 'test', -20, 7)
        await tx.trash.put('t/early', 'again', -5, 8)
      })
      assert.deepEqual(await metadata.read.trash.due(-11, 10), [{ phys: 't/early', notBeforeMs: -20, bytes: 7 }])
      assert.deepEqual(
        (await metadata.read.trash.due(-10, 10)).map((item) => item.phys),
        ['t/early', 't/late'],
      )
      const [first, ...others] = await metadata.read.trash.due(-10, 1)
      assert.deepEqual([first?.phys, others], ['t/early', []])
      assert.deepEqual(
        (await metadata.read.trash.due(-10, 10, first)).map((item) => item.phys),
        ['t/late'],
      )
      assert.equal(await metadata.write((tx) => tx.trash.remove(['t/early', 't/never', 't/late'])), 2)
      assert.deepEqual(await metadata.read.trash.due(-10, 10), [])
    })

    test('physical names of blobs are listed in byte order with their state', async () => {
      const { metadata } = store
      const repository = await newRepository(metadata)
      const layers = await Promise.all(
        ['x', 'yy', 'zzz', 'u', 'v'].map((text) => newLayer(metadata, repository, `phys ${text}`)),
      )
      const bad = layers[2]
      await metadata.write((tx) => tx.layers.markBad(bad?.phys ?? ''))
      const listed = await allPages((after: { readonly phys: string } | undefined) =>
        metadata.read.phys.blobs(after?.phys, 2),
      )
      assert.deepEqual(
        listed.map((row) => row.phys),
        layers.map((one) => one.phys).toSorted(),
      )
      assert.deepEqual(
        listed.filter((row) => row.bad).map((row) => [row.phys, row.size]),
        [[bad?.phys, 8]],
      )
      assert.equal(await metadata.read.phys.isOwned(layers[0]?.phys ?? ''), true)
      assert.equal(await metadata.read.phys.isOwned(newPhys()), false)
    })
  })
}
