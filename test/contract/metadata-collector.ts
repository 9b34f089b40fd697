// The contract of what the collector reads and writes, of deleted images, and of usage.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { StillReferencedError } from '../../src/domain/ports/storage-errors.ts'
import type { EndedLease, Metadata, RegistryKey, Repository } from '../../src/domain/ports/metadata.ts'
import { digestOf, type Digest } from '../../src/lib/digest.ts'
import {
  allPages,
  imageOf,
  newLayer,
  newRepository,
  repositoryNamed,
  sharedMetadata,
  uploadTo,
  type OpenMetadata,
} from './metadata-samples.ts'

async function newRepositoryIn(metadata: Metadata, registry: RegistryKey, name: string) {
  const repository = repositoryNamed(name, { registry })
  await metadata.write((tx) => tx.repositories.create(repository, []))
  return { id: repository.id, registry, name }
}

/** Leases that ended before `nowMs`, of these repositories only: the store is shared by all tests of a group. */
async function endedIn(metadata: Metadata, repositories: readonly Repository[], nowMs: number, limit = 2) {
  const ids = new Set(repositories.map((repository) => repository.id))
  const all = await allPages((after: EndedLease | undefined) =>
    metadata.read.collector.endedLeases(nowMs, after, limit),
  )
  return all.filter((lease) => ids.has(lease.repositoryId))
}

const released = (metadata: Metadata) =>
  allPages((after: Digest | undefined) => metadata.read.collector.released(after, 2))

export function collectorContract(open: OpenMetadata): void {
  describe('what the collector may take', () => {
    const store = sharedMetadata(open)

    test('leases are found once they ended, oldest first, unless an image names the layer', async () => {
      const { metadata } = store
      const repositories = [await newRepository(metadata), await newRepository(metadata)]
      const [repository, other] = repositories
      assert.ok(repository && other)
      const late = await newLayer(metadata, repository, 'ends late', 300)
      const early = await newLayer(metadata, other, 'ends early', 100)
      const named = await newLayer(metadata, repository, 'ends early', 100)
      const same = await newLayer(metadata, other, 'ends at once', 100)
      const lease = (of: Repository, { digest }: { readonly digest: Digest }, leaseUntilMs: number): EndedLease => ({
        repositoryId: of.id,
        digest,
        leaseUntilMs,
      })
      const image = imageOf('{"names":"ends early"}')
      await metadata.write((tx) =>
        tx.images.put(repository.id, image, [{ digest: named.digest, mediaType: 'a/tar' }], []),
      )
      const byDigest = [early, same].toSorted((a, b) => (a.digest < b.digest ? -1 : 1))
      assert.deepEqual(await endedIn(metadata, repositories, 100), [])
      const ended = byDigest.map((layer) => lease(other, layer, 100))
      assert.deepEqual(await endedIn(metadata, repositories, 101), ended)
      assert.deepEqual(await endedIn(metadata, repositories, 301, 1), [...ended, lease(repository, late, 300)])
      // A second image names it as well: the first one's end is not the layer's.
      const second = imageOf('{"names":"ends early","too":1}')
      await metadata.write(async (tx) => {
        await tx.images.put(repository.id, second, [{ digest: named.digest, mediaType: 'a/tar' }], [])
        await tx.images.remove(repository.id, image.digest, 150)
      })
      assert.deepEqual(await endedIn(metadata, [repository], 200), [])
      await metadata.write((tx) => tx.images.remove(repository.id, second.digest, 120))
      assert.deepEqual(await endedIn(metadata, [repository], 200), [lease(repository, named, 150)])
      // An index names no layers; its end must not make any of them a candidate.
      await metadata.write((tx) =>
        tx.images.put(repository.id, image, [{ digest: named.digest, mediaType: 'a/tar' }], []),
      )
      const index = imageOf('{"index":1}')
      await metadata.write(async (tx) => {
        await tx.images.put(repository.id, index, [], [image.digest])
        await tx.images.remove(repository.id, index.digest, 0)
      })
      assert.deepEqual(await endedIn(metadata, [repository], 200), [])
    })

    test('a lease is ended as things are inside the transaction, not as they were when it was found', async () => {
      const { metadata } = store
      const repository = await newRepository(metadata)
      const texts = ['goes', 'is leased again', 'is named by an image', 'has left already'] as const
      for (const text of texts) await newLayer(metadata, repository, `found: ${text}`, 100)
      const [goes, leased, named, left] = texts.map((text) => digestOf(`found: ${text}`))
      assert.ok(goes && leased && named && left)
      const found = await endedIn(metadata, [repository], 200)
      assert.equal(found.length, texts.length)
      await metadata.write(async (tx) => {
        await tx.layers.lease(repository.id, [leased], 900)
        await tx.images.put(repository.id, imageOf('{"found":1}'), [{ digest: named, mediaType: 'a/tar' }], [])
        await tx.layers.remove(repository.id, left)
      })
      assert.equal(await metadata.write((tx) => tx.collector.endLeases(found, 200)), 1)
      const present = await metadata.read.layers.findMany(repository.id, [goes, leased, named, left])
      assert.deepEqual(new Set(present.map((layer) => layer.digest)), new Set([leased, named]))
      assert.equal(await metadata.write((tx) => tx.collector.endLeases(found, 200)), 0)
      const lists = await released(metadata)
      assert.deepEqual(
        [goes, leased, named, left].map((digest) => lists.includes(digest)),
        [true, false, false, true],
      )
    })

    test('a blob goes with its last membership, and its file to the trash', async () => {
      const { metadata } = store
      const [repository, other] = [await newRepository(metadata), await newRepository(metadata)]
      const layer = await newLayer(metadata, repository, 'in two repositories', 100)
      await metadata.write((tx) => tx.layers.mount(other.id, layer.digest, 100))
      const remove = (notBeforeMs: number) =>
        metadata.write((tx) => tx.collector.removeBlobs([layer.digest], notBeforeMs))
      const inTrash = async () => (await metadata.read.trash.due(1000, 1000)).filter((item) => item.phys === layer.phys)
      await metadata.write((tx) => tx.layers.remove(repository.id, layer.digest))
      assert.ok((await released(metadata)).includes(layer.digest))
      assert.deepEqual(await remove(777), [])
      assert.ok(!(await released(metadata)).includes(layer.digest))
      assert.equal((await metadata.read.layers.find(other.id, layer.digest))?.phys, layer.phys)
      assert.deepEqual(await inTrash(), [])
      await metadata.write((tx) => tx.layers.remove(other.id, layer.digest))
      assert.deepEqual(await remove(777), [{ digest: layer.digest, size: 19 }])
      assert.deepEqual(await inTrash(), [{ phys: layer.phys, notBeforeMs: 777, bytes: 19 }])
      assert.deepEqual(await remove(778), [])
      // The same bytes again are another file.
      const again = await newLayer(metadata, other, 'in two repositories', 100)
      assert.equal((await metadata.read.layers.find(other.id, layer.digest))?.phys, again.phys)
    })

    test('every layer of a repository that goes is released, and what it shares stays', async () => {
      const { metadata } = store
      const [repository, other] = [await newRepository(metadata), await newRepository(metadata)]
      const own = await newLayer(metadata, repository, 'of one repository')
      const shared = await newLayer(metadata, repository, 'of both repositories')
      await metadata.write((tx) => tx.layers.mount(other.id, shared.digest, 100))
      await metadata.write((tx) => tx.layers.remove(repository.id, own.digest))
      await newLayer(metadata, repository, 'of one repository')
      await metadata.write((tx) => tx.repositories.remove(repository.id, 5))
      const digests = await released(metadata)
      assert.deepEqual(
        [own, shared].map(({ digest }) => digests.includes(digest)),
        [true, true],
      )
      const removed = await metadata.write((tx) => tx.collector.removeBlobs([shared.digest, own.digest], 9))
      assert.deepEqual(
        removed.map(({ digest }) => digest),
        [own.digest],
      )
      assert.equal((await metadata.read.layers.find(other.id, shared.digest))?.phys, shared.phys)
    })

    test('a row that another one refers to does not go, and nothing else of the transaction does', async () => {
      const { metadata } = store
      const repository = await newRepository(metadata)
      const layer = await newLayer(metadata, repository, 'held by an image', 100)
      const image = imageOf('{"holds":1}')
      await metadata.write((tx) =>
        tx.images.put(repository.id, image, [{ digest: layer.digest, mediaType: 'a/tar' }], []),
      )
      const index = imageOf('{"holds":"the image"}')
      await metadata.write((tx) => tx.images.put(repository.id, index, [], [image.digest]))
      await assert.rejects(
        metadata.write(async (tx) => {
          await tx.trash.put('ro/lledback', 'test', 0)
          await tx.images.remove(repository.id, image.digest, 0)
        }),
        StillReferencedError,
      )
      assert.equal(await metadata.read.phys.isOwned('ro/lledback'), false)
      assert.equal((await metadata.read.layers.find(repository.id, layer.digest))?.referenced, true)
    })

    test('marking a blob as damaged tells whether there is one of that name', async () => {
      const { metadata } = store
      const layer = await newLayer(metadata, await newRepository(metadata), 'is it there')
      const mark = (phys: string) => metadata.write((tx) => tx.layers.markBad(phys))
      assert.deepEqual([await mark(layer.phys), await mark(layer.phys), await mark('no/such')], [true, true, false])
    })
  })

  deletedImageContract(open)
  usageContract(open)
}

function deletedImageContract(open: OpenMetadata): void {
  describe('deleted images', () => {
    const store = sharedMetadata(open)
    const kept = { tags: ['a', 'b'], deletedAtMs: 50, untilMs: 100 }

    async function newDeleted(repository: Repository, text: string, change: Partial<typeof kept> = {}) {
      const { metadata } = store
      const image = imageOf(text, { artifactType: 'x/config', subject: digestOf('subject'), lastPulledAtMs: 7 })
      await metadata.write(async (tx) => {
        await tx.images.put(repository.id, image, [], [])
        await tx.deletedImages.keep(repository.id, image.digest, { ...kept, ...change })
        await tx.images.remove(repository.id, image.digest, 0)
      })
      return image
    }

    test('one is kept as it was, until an image of its digest is there again', async () => {
      const { metadata } = store
      const [repository, other] = [await newRepository(metadata), await newRepository(metadata)]
      const image = await newDeleted(repository, '{"deleted": "\u{1F40B} \\u0000"}')
      assert.equal(await metadata.read.images.find(repository.id, image.digest), undefined)
      const find = (id: string) => metadata.read.deletedImages.find(id, image.digest)
      assert.deepEqual(await find(repository.id), { ...image, ...kept })
      assert.equal(await find(other.id), undefined)
      await metadata.write((tx) => tx.images.put(other.id, image, [], []))
      assert.deepEqual(await find(repository.id), { ...image, ...kept })
      await metadata.write((tx) => tx.images.put(repository.id, image, [], []))
      assert.equal(await find(repository.id), undefined)
    })

    test('they are listed by digest, without their text', async () => {
      const { metadata } = store
      const repository = await newRepository(metadata)
      const images = []
      for (const text of ['{"1":1}', '{"2":2}', '{"3":3}']) images.push(await newDeleted(repository, text))
      const listed = await allPages((after: { readonly digest: Digest } | undefined) =>
        metadata.read.deletedImages.page(repository.id, after?.digest, 2),
      )
      assert.deepEqual(
        listed,
        images
          .toSorted((a, b) => (a.digest < b.digest ? -1 : 1))
          .map(({ manifest: _, ...summary }) => ({ ...summary, ...kept })),
      )
    })

    test('those that ended are found, oldest first, and go unless their time was set anew', async () => {
      const { metadata } = store
      const repository = await newRepository(metadata)
      const [first, second, third] = [
        await newDeleted(repository, '{"ends":1}', { untilMs: -30 }),
        await newDeleted(repository, '{"ends":2}', { untilMs: -20 }),
        await newDeleted(repository, '{"ends":3}', { untilMs: -10 }),
      ]
      const item = ({ digest }: { readonly digest: Digest }) => ({ repositoryId: repository.id, digest })
      assert.deepEqual(await metadata.read.deletedImages.ended(-10, 10), [item(first), item(second)])
      assert.deepEqual(await metadata.read.deletedImages.ended(-10, 1), [item(first)])
      // Pushed and deleted once more.
      await newDeleted(repository, '{"ends":1}', { untilMs: 500 })
      const all = [first, second, third].map(item)
      assert.equal(await metadata.write((tx) => tx.deletedImages.removeEnded(all, -10)), 1)
      const left = await metadata.read.deletedImages.page(repository.id, undefined, 10)
      assert.deepEqual(new Set(left.map(({ digest }) => digest)), new Set([first.digest, third.digest]))
    })

    test('they go with their repository', async () => {
      const { metadata } = store
      const repository = await newRepository(metadata)
      const image = await newDeleted(repository, '{"goes":1}')
      await metadata.write((tx) => tx.repositories.remove(repository.id, 0))
      assert.equal(await metadata.read.deletedImages.find(repository.id, image.digest), undefined)
    })
  })
}

function usageContract(open: OpenMetadata): void {
  describe('usage', () => {
    const store = sharedMetadata(open)

    test('repositories of every registry, in order, with their number of images', async () => {
      const { metadata } = store
      const keys = [
        { kind: 'private', accountId: '111111111111', region: 'b' },
        { kind: 'private', accountId: '111111111111', region: 'a' },
        { kind: 'public', accountId: '000000000000', region: '' },
      ] as const
      type Made = Awaited<ReturnType<typeof newRepositoryIn>> & { readonly images: number }
      const made: Made[] = []
      for (const registry of keys)
        for (const name of ['two', 'one']) {
          const repository = { ...(await newRepositoryIn(metadata, registry, name)), images: made.length }
          for (let at = 0; at < repository.images; at++)
            await metadata.write((tx) => tx.images.put(repository.id, imageOf(`{"image":${at}}`), [], []))
          made.push(repository)
        }
      const listed = await allPages((after: Made | undefined) => metadata.read.usage.repositories(after, 2))
      assert.deepEqual(
        listed,
        [3, 2, 1, 0, 5, 4].map((at) => made[at]),
      )
    })

    test('layers of a repository and of all, with what holds them; manifests', async () => {
      const { metadata } = store
      const [repository, other] = [await newRepository(metadata), await newRepository(metadata)]
      const named = await newLayer(metadata, repository, 'usage: named', 100)
      const leased = await newLayer(metadata, repository, 'usage: only leased', 200)
      const lost = await newLayer(metadata, other, 'usage: lost by all', 300)
      const image = imageOf('{"usage":1}')
      await metadata.write(async (tx) => {
        await tx.images.put(repository.id, image, [{ digest: named.digest, mediaType: 'a/tar' }], [])
        await tx.layers.mount(other.id, named.digest, 400)
        await tx.layers.mount(other.id, leased.digest, 150)
        await tx.layers.remove(other.id, lost.digest)
      })
      const row = ({ digest }: { readonly digest: Digest }, bytes: number) => ({ digest, bytes })
      const sorted = <T extends { readonly digest: Digest }>(rows: readonly T[]) =>
        rows.toSorted((a, b) => (a.digest < b.digest ? -1 : 1))
      type After = { readonly digest: Digest } | undefined
      assert.deepEqual(
        await allPages((after: After) => metadata.read.usage.layersOf(repository.id, after?.digest, 1)),
        sorted([row(named, 12), row(leased, 18)]),
      )
      assert.deepEqual(await metadata.read.usage.manifestsOf(repository.id, undefined, 10), [row(image, 11)])
      assert.deepEqual(await metadata.read.usage.manifestsOf(repository.id, image.digest, 10), [])
      const mine = new Set([named.digest, leased.digest, lost.digest])
      const blobs = await allPages((after: After) => metadata.read.usage.blobs(after?.digest, 2))
      assert.deepEqual(
        blobs.filter(({ digest }) => mine.has(digest)),
        sorted([
          { ...row(named, 12), referenced: true, leaseUntilMs: 400 },
          { ...row(leased, 18), referenced: false, leaseUntilMs: 200 },
          { ...row(lost, 18), referenced: false, leaseUntilMs: undefined },
        ]),
      )
    })

    test('open uploads', async () => {
      const { metadata } = store
      const repository = await newRepository(metadata)
      const uploads = [uploadTo(repository), uploadTo(repository), uploadTo(repository)]
      for (const upload of uploads) await metadata.write((tx) => tx.uploads.create(upload))
      const listed = await allPages((after: string | undefined) => metadata.read.usage.uploads(after, 2))
      assert.deepEqual(listed, uploads.map(({ id }) => id).toSorted())
    })
  })
}
