// The contract of removing a repository in pieces, and of holds.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Metadata, Repository } from '../../src/domain/ports/metadata.ts'
import type { Digest } from '../../src/lib/digest.ts'
import {
  imageOf,
  newLayer,
  newRepository,
  registry,
  repositoryNamed,
  sharedMetadata,
  uploadTo,
  type OpenMetadata,
} from './metadata-samples.ts'

const indexType = 'application/vnd.oci.image.index.v1+json'

export function removalContract(open: OpenMetadata): void {
  describe('a repository that goes in pieces', () => {
    const store = sharedMetadata(open)

    /** An index of two images and one more, a tag each, two layers of which one is shared, and a layer that no image names. */
    async function filled(metadata: Metadata) {
      const repository = await newRepository(metadata)
      const other = await newRepository(metadata)
      const shared = await newLayer(metadata, repository, `shared ${repository.id}`)
      const own = await newLayer(metadata, repository, `own ${repository.id}`)
      const unnamed = await newLayer(metadata, repository, `unnamed ${repository.id}`)
      const layers = (...digests: readonly Digest[]) => digests.map((digest) => ({ digest, mediaType: 'tar' }))
      const images = ['first', 'second', 'third'].map((text) => imageOf(`{"${text}":"${repository.id}"}`))
      const [first, second, third] = images
      assert.ok(first && second && third)
      const index = imageOf(`{"index":"${repository.id}"}`, { mediaType: indexType })
      await metadata.write(async (tx) => {
        await tx.images.put(repository.id, first, layers(shared.digest, own.digest), [])
        await tx.images.put(repository.id, second, layers(shared.digest), [])
        await tx.images.put(repository.id, third, layers(shared.digest), [])
        await tx.images.put(repository.id, index, [], [first.digest, second.digest])
        for (const [at, { digest }] of [...images, index].entries())
          await tx.tags.put(repository.id, `t${at}`, digest, 1)
        await tx.layers.mount(other.id, shared.digest, 0)
      })
      return { repository, other, shared, own, unnamed, first, index, third }
    }

    const hide = (metadata: Metadata, { id }: Repository) => metadata.write((tx) => tx.repositories.hide(id, 4000))
    const removeSome = (metadata: Metadata, { id }: Repository, limit: number) =>
      metadata.write((tx) => tx.repositories.removeSome(id, limit))

    test('is gone for everyone when it is hidden, its name is free, and its uploads are in the trash', async () => {
      const { metadata } = store
      const { repository } = await filled(metadata)
      const upload = uploadTo(repository)
      const count = await metadata.read.repositories.count(registry)
      await metadata.write(async (tx) => {
        await tx.uploads.create(upload)
        await tx.repositories.putTags(repository.id, [{ key: 'k', value: 'v' }])
        await tx.policies.put(repository.id, '{}')
        await tx.catalog.put(repository.id, { description: 'text' })
      })
      await hide(metadata, repository)
      const { read } = metadata
      assert.equal(await read.repositories.find(registry, repository.name), undefined)
      assert.equal(await read.repositories.count(registry), count - 1)
      assert.deepEqual(
        (await read.repositories.page(registry, undefined, 1000)).filter(({ id }) => id === repository.id),
        [],
      )
      const { kind, ...place } = registry
      assert.equal(kind, 'private')
      assert.equal(await read.repositories.find({ kind: 'public', ...place }, repository.name), undefined)
      assert.deepEqual(await read.repositories.tags(repository.id), [])
      assert.equal(await read.policies.find(repository.id), undefined)
      assert.equal(await read.catalog.find(repository.id), undefined)
      assert.equal(await read.uploads.find(upload.id), undefined)
      assert.ok((await read.trash.due(4000, 1000)).some((item) => item.phys === upload.phys))
      assert.ok((await read.repositories.hidden(1000)).includes(repository.id))
      assert.deepEqual(
        (await read.usage.repositories(undefined, 1000)).filter(({ id }) => id === repository.id),
        [],
      )
      const again = repositoryNamed(repository.name)
      assert.equal(await metadata.write((tx) => tx.repositories.create(again, [])), true)
    })

    test('loses whole images, those first that no index names, and is in good order after each step', async () => {
      const { metadata } = store
      const { repository, other, shared, own, unnamed, first, index, third } = await filled(metadata)
      await hide(metadata, repository)
      const left: (readonly [number, boolean, boolean, boolean])[] = []
      const look = async () => {
        const { images, layers } = metadata.read
        const count = await images.count(repository.id)
        assert.equal((await images.page(repository.id, 'ANY', undefined, 10)).length, count)
        assert.equal((await images.page(repository.id, 'TAGGED', undefined, 10)).length, count)
        const has = async (digest: Digest) => (await layers.find(repository.id, digest))?.referenced === true
        left.push([count, await has(shared.digest), await has(own.digest), await has(unnamed.digest)])
      }
      await look()
      assert.equal(await removeSome(metadata, repository, 2), 2)
      await look()
      for (const gone of [index, third])
        assert.equal(await metadata.read.images.find(repository.id, gone.digest), undefined)
      assert.equal((await metadata.read.images.find(repository.id, first.digest))?.manifest, first.manifest)
      assert.equal(await removeSome(metadata, repository, 2), 2)
      await look()
      assert.deepEqual(left, [
        [4, true, true, false],
        [2, true, true, false],
        [0, false, false, false],
      ])
      assert.equal(await removeSome(metadata, repository, 2), 2)
      assert.equal(await removeSome(metadata, repository, 2), 1)
      assert.equal(await removeSome(metadata, repository, 2), 0)
      await metadata.write((tx) => tx.repositories.remove(repository.id, 4000))
      assert.equal((await metadata.read.repositories.hidden(1000)).includes(repository.id), false)

      const released = await metadata.read.collector.released(undefined, 1000)
      for (const { digest } of [shared, own, unnamed]) assert.ok(released.includes(digest))
      assert.equal((await metadata.read.layers.find(other.id, shared.digest))?.phys, shared.phys)
    })

    test('one call goes from images to deleted images to memberships, up to its limit', async () => {
      const { metadata } = store
      const { repository, third } = await filled(metadata)
      await metadata.write(async (tx) => {
        const tags = await tx.tags.removeOf(repository.id, third.digest)
        await tx.deletedImages.keep(repository.id, third.digest, { tags, deletedAtMs: 1, untilMs: 9 })
        await tx.images.remove(repository.id, third.digest, 9)
      })
      await hide(metadata, repository)
      assert.equal(await removeSome(metadata, repository, 100), 3 + 1 + 3)
      assert.equal(await metadata.read.deletedImages.find(repository.id, third.digest), undefined)
    })
  })

  describe('holds', () => {
    const store = sharedMetadata(open)
    const hold = (id: string, untilMs: number) => ({ id, reason: 'a test', untilMs })

    test('last until they end, are renewed, or removed', async () => {
      const { metadata } = store
      const lasts = (nowMs: number) => metadata.read.holds.any(nowMs)
      assert.equal(await lasts(0), false)
      await metadata.write((tx) => tx.holds.put(hold('a', 100)))
      assert.deepEqual([await lasts(99), await lasts(100)], [true, false])
      await metadata.write((tx) => tx.holds.put(hold('a', 200)))
      await metadata.write((tx) => tx.holds.put(hold('b', 150)))
      assert.deepEqual([await lasts(199), await lasts(200)], [true, false])
      await metadata.write((tx) => tx.holds.remove('a'))
      assert.deepEqual([await lasts(149), await lasts(150)], [true, false])
      await metadata.write((tx) => tx.holds.removeEnded(149))
      assert.equal(await lasts(149), true)
      await metadata.write((tx) => tx.holds.removeEnded(150))
      assert.equal(await lasts(0), false)
    })
  })
}
