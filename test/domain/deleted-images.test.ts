// Images that were deleted: kept for as long as the setting says, put back whole or not at all.

import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'

import { collect } from '../../src/domain/collector.ts'
import { deletedImages, restoreImage } from '../../src/domain/deleted-images.ts'
import { deleteImages } from '../../src/domain/delete-images.ts'
import { deleteLayer, openLayer } from '../../src/domain/layers.ts'
import { changeRepository, deleteRepository } from '../../src/domain/repositories.ts'
import type { RegistryKey } from '../../src/domain/ports/metadata.ts'
import { putImage } from '../../src/domain/put-image.ts'
import { digestOf, type Digest } from '../../src/lib/digest.ts'
import {
  account,
  givenImage,
  givenRepository,
  ociIndexType,
  openTestRegistry,
  region,
  type TestRegistryOptions,
} from '../support/registry.ts'

const registryKey: RegistryKey = { kind: 'private', accountId: account, region }
const hourMs = 3_600_000
const undeleteMs = 48 * hourMs

async function open(t: TestContext, limits: TestRegistryOptions['limits'] = {}) {
  const registry = await openTestRegistry({ limits: { undeleteMs, ...limits } })
  t.after(async () => {
    await registry.close()
    assert.deepEqual(registry.backgroundErrors, [])
  })
  await givenRepository(registry, 'app')
  const ctx = registry.ctx()
  const { metadata } = registry.services
  const repositoryId = (await metadata.read.repositories.find(registryKey, 'app'))?.id ?? assert.fail()
  return {
    registry,
    ctx,
    app: { id: repositoryId, ...metadata.read },
    remove: (imageDigest: string) => deleteImages(ctx, registryKey, 'app', [{ imageDigest }]),
    deleted: async () => (await deletedImages(ctx, registryKey, 'app', undefined, 100)).map(({ digest }) => digest),
    restore: (digest: Digest, tags?: readonly string[]) => restoreImage(ctx, registryKey, 'app', digest, tags),
    tagsOf: async (digest: Digest) => (await metadata.read.tags.of(repositoryId, [digest])).get(digest) ?? [],
    tag: (manifest: string, tag: string) =>
      putImage(ctx, registryKey, 'app', { manifest, tag, mediaType: undefined, expectedDigest: undefined }),
  }
}

const indexOf = (digest: Digest, manifest: string) =>
  JSON.stringify({
    schemaVersion: 2,
    mediaType: ociIndexType,
    manifests: [{ mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: Buffer.byteLength(manifest) }],
  })

describe('a deleted image', () => {
  test('is kept with its tags and times, and comes back as it was', async (t) => {
    const { registry, ctx, app, remove, restore, tag, tagsOf, deleted } = await open(t)
    const subject = { subject: { mediaType: 'a/b', digest: digestOf('subject'), size: 1 } }
    const { digest, manifest } = await givenImage(registry, 'app', 'v1', 'one', subject)
    await tag(manifest, 'latest')
    const before = await app.images.find(app.id, digest)
    registry.advance(hourMs)
    const deletedAtMs = registry.services.clock.now()
    await remove(digest)
    assert.equal(await app.images.find(app.id, digest), undefined)
    assert.ok(before)
    const { manifest: _, ...summary } = before
    assert.deepEqual(await deletedImages(ctx, registryKey, 'app', undefined, 10), [
      { ...summary, tags: ['latest', 'v1'], deletedAtMs, untilMs: deletedAtMs + undeleteMs },
    ])
    registry.advance(undeleteMs - 1)
    await collect(registry.services)
    assert.deepEqual(await restore(digest), { image: before, tags: ['latest', 'v1'], takenTags: [] })
    assert.deepEqual(await app.images.find(app.id, digest), before)
    assert.deepEqual(await tagsOf(digest), ['latest', 'v1'])
    assert.equal(await app.images.count(app.id), 1)
    const [referrer] = await app.images.referrers(app.id, digestOf('subject'), undefined, undefined, 10)
    assert.equal(referrer?.digest, digest)
    assert.deepEqual(await deleted(), [])
    // Whole, and held by the image again.
    registry.advance(1000 * hourMs)
    await collect(registry.services)
    for (const content of ['{"config":"one"}', 'layer of one']) {
      const layer = (await app.layers.find(app.id, digestOf(content))) ?? assert.fail(content)
      assert.equal(layer.referenced, true)
      for await (const piece of (await openLayer(ctx, layer)) ?? assert.fail(content))
        assert.equal(Buffer.from(piece).toString(), content)
    }
  })

  test('is kept when it goes with its last tag, too', async (t) => {
    const { registry, ctx, restore } = await open(t)
    const { digest } = await givenImage(registry, 'app', 'v1')
    await deleteImages(ctx, registryKey, 'app', [{ imageTag: 'v1' }])
    assert.deepEqual((await restore(digest)).tags, ['v1'])
  })

  test('is kept when a client of the data plane deletes it', async (t) => {
    const { registry, restore } = await open(t)
    const { digest } = await givenImage(registry, 'app', undefined)
    const plane = registry.ctx({ plane: 'distribution' })
    await deleteImages(plane, registryKey, 'app', [{ imageDigest: digest }])
    assert.deepEqual((await restore(digest)).tags, [])
  })

  test('is not kept when that is off', async (t) => {
    const { registry, remove, deleted, restore } = await open(t, { undeleteMs: 0 })
    const { digest } = await givenImage(registry, 'app', 'v1')
    await remove(digest)
    assert.deepEqual(await deleted(), [])
    await assert.rejects(restore(digest), {
      name: 'ImageNotFoundException',
      message: `No deleted image with digest '${digest}' is kept of the repository with name 'app' in the registry with id '${account}'`,
    })
  })

  test('is gone when its time is over, collected or not', async (t) => {
    const { registry, app, remove, deleted, restore } = await open(t)
    const { digest } = await givenImage(registry, 'app', 'v1')
    await remove(digest)
    registry.advance(undeleteMs)
    assert.deepEqual(await deleted(), [])
    await assert.rejects(restore(digest), { name: 'ImageNotFoundException' })
    assert.equal((await collect(registry.services)).deletedImages, 0)
    registry.advance(1)
    const { deletedImages: images, layers } = await collect(registry.services)
    assert.deepEqual([images, layers], [1, 2])
    assert.equal(await app.deletedImages.find(app.id, digest), undefined)
  })

  test('is not listed any more once it was pushed again, and deleting that one starts anew', async (t) => {
    const { registry, ctx, remove, deleted, restore } = await open(t)
    const { digest } = await givenImage(registry, 'app', 'v1')
    await remove(digest)
    registry.advance(undeleteMs / 2)
    await givenImage(registry, 'app', 'v2')
    assert.deepEqual(await deleted(), [])
    await assert.rejects(restore(digest), { name: 'ImageAlreadyExistsException' })
    await remove(digest)
    const [kept] = await deletedImages(ctx, registryKey, 'app', undefined, 10)
    assert.deepEqual([kept?.tags, kept?.untilMs], [['v2'], registry.services.clock.now() + undeleteMs])
  })

  test('goes with its repository', async (t) => {
    const { registry, ctx, remove, deleted } = await open(t)
    const { digest } = await givenImage(registry, 'app', 'v1')
    await remove(digest)
    await deleteRepository(ctx, registryKey, 'app', false)
    await assert.rejects(deleted(), { name: 'RepositoryNotFoundException' })
    await givenRepository(registry, 'app')
    assert.deepEqual(await deleted(), [])
    assert.equal((await collect(registry.services)).layers, 2)
  })

  test('pages are full although some of it ended', async (t) => {
    const { registry, ctx, remove } = await open(t)
    const digests: Digest[] = []
    for (let at = 0; at < 8; at++) {
      const { digest } = await givenImage(registry, 'app', undefined, `image ${at}`)
      digests.push(digest)
      if (at === 4) registry.advance(undeleteMs)
      await remove(digest)
    }
    const kept = digests.slice(4).toSorted()
    const listed: (readonly Digest[])[] = []
    for (let after: Digest | undefined; ;) {
      const page = (await deletedImages(ctx, registryKey, 'app', after, 2)).map(({ digest }) => digest)
      if (page.length === 0) break
      listed.push(page)
      after = page.at(-1)
    }
    assert.deepEqual(listed, [kept.slice(0, 2), kept.slice(2)])
  })
})

describe('restoring', () => {
  test('leaves tags where they are now, and says so', async (t) => {
    const { registry, remove, restore, tag, tagsOf } = await open(t)
    const { digest, manifest } = await givenImage(registry, 'app', 'v1')
    await tag(manifest, 'free')
    await remove(digest)
    const other = await givenImage(registry, 'app', 'v1', 'two')
    const { tags, takenTags } = await restore(digest)
    assert.deepEqual([tags, takenTags], [['free'], ['v1']])
    assert.deepEqual(await tagsOf(other.digest), ['v1'])
  })

  test('with tags that are asked for gives those, and fails whole when one is taken', async (t) => {
    const { registry, app, remove, restore, tagsOf } = await open(t)
    const { digest } = await givenImage(registry, 'app', 'v1')
    await remove(digest)
    const other = await givenImage(registry, 'app', 'taken', 'two')
    await assert.rejects(restore(digest, ['fine', 'taken']), {
      name: 'ImageTagAlreadyExistsException',
      message: `The image tag 'taken' already exists in the 'app' repository: an image that is restored takes no tag from another one`,
    })
    assert.equal(await app.images.find(app.id, digest), undefined)
    assert.equal(await app.tags.find(app.id, 'fine'), undefined)
    assert.deepEqual(await tagsOf(other.digest), ['taken'])
    await assert.rejects(restore(digest, ['no tag']), { name: 'InvalidParameterException' })
    assert.deepEqual((await restore(digest, ['new', 'new'])).tags, ['new'])
    assert.deepEqual(await tagsOf(digest), ['new'])
  })

  test('moves no immutable tag, and gives a free one back', async (t) => {
    const { registry, ctx, remove, restore, tag, tagsOf } = await open(t)
    const { digest, manifest } = await givenImage(registry, 'app', 'v1')
    await tag(manifest, 'v2')
    await remove(digest)
    const settings = { tagMutability: 'IMMUTABLE', exclusionFilters: [] } as const
    await changeRepository(ctx, registryKey, 'app', settings)
    const other = await givenImage(registry, 'app', 'v1', 'two')
    const { tags, takenTags } = await restore(digest)
    assert.deepEqual([tags, takenTags], [['v2'], ['v1']])
    assert.deepEqual(await tagsOf(other.digest), ['v1'])
  })

  test('without any tag is possible', async (t) => {
    const { registry, remove, restore, tagsOf } = await open(t)
    const { digest } = await givenImage(registry, 'app', 'v1')
    await remove(digest)
    assert.deepEqual((await restore(digest, [])).tags, [])
    assert.deepEqual(await tagsOf(digest), [])
  })

  test('an index before its image is refused; after it, both are whole', async (t) => {
    const { registry, app, remove, restore, tag } = await open(t)
    const child = await givenImage(registry, 'app', undefined)
    const index = indexOf(child.digest, child.manifest)
    await tag(index, 'multi')
    await remove(digestOf(index))
    await remove(child.digest)
    await assert.rejects(restore(digestOf(index)), {
      name: 'ReferencedImagesNotFoundException',
      message: `Images with digests '[${child.digest}]' required for pushing image into repository with name 'app' in the registry with id '${account}' do not exist`,
    })
    await restore(child.digest)
    assert.deepEqual((await restore(digestOf(index))).tags, ['multi'])
    assert.deepEqual(await app.images.parents(app.id, child.digest, 10), [digestOf(index)])
  })

  test('an image of which a layer was deleted or is damaged is refused, and nothing changes', async (t) => {
    const { registry, ctx, app, remove, restore, deleted } = await open(t)
    const { digest } = await givenImage(registry, 'app', 'v1')
    await remove(digest)
    const layer = digestOf('layer of one')
    const repository = (await app.repositories.find(registryKey, 'app')) ?? assert.fail()
    const { phys } = (await app.layers.find(app.id, digestOf('{"config":"one"}'))) ?? assert.fail()
    await deleteLayer(ctx, repository, layer)
    await registry.services.metadata.write((tx) => tx.layers.markBad(phys))
    await assert.rejects(restore(digest), {
      name: 'LayersNotFoundException',
      message: `Layers with digests '[${digestOf('{"config":"one"}')}, ${layer}]' required for pushing image into repository with name 'app' in the registry with id '${account}' do not exist`,
    })
    assert.equal(await app.tags.find(app.id, 'v1'), undefined)
    assert.deepEqual(await deleted(), [digest])
  })

  test('is held to the limits of repositories and tags', async (t) => {
    const { registry, remove, restore } = await open(t, { imagesPerRepository: 1, tagsPerImage: 1 })
    const { digest } = await givenImage(registry, 'app', 'v1')
    await remove(digest)
    await assert.rejects(restore(digest, ['a', 'b']), { name: 'LimitExceededException' })
    await givenImage(registry, 'app', 'other', 'two')
    await assert.rejects(restore(digest), { name: 'LimitExceededException' })
  })
})
