// The contract of images, tags and references.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { digestOf } from '../../src/lib/digest.ts'
import type { ImageIdRow, TagStatus } from '../../src/domain/ports/metadata.ts'
import {
  allPages,
  imageOf,
  imagesInOrder,
  newLayer,
  newRepository,
  sharedMetadata,
  type OpenMetadata,
} from './metadata-samples.ts'

export function imageContract(open: OpenMetadata): void {
  describe('images', () => {
    const store = sharedMetadata(open)

    test('an image comes back as it was put, its text to the byte', async () => {
      const { metadata } = store
      const repository = await newRepository(metadata)
      const image = imageOf('\uFEFF{ "annotations": {"n\u00e9": "\u{1F40B}\r\n\t\u2028"} }\n', {
        artifactType: 'application/x',
        subject: digestOf('elsewhere'),
        lastPulledAtMs: 5,
      })
      await metadata.write((tx) => tx.images.put(repository.id, image, [], []))
      assert.deepEqual(await metadata.read.images.find(repository.id, image.digest), image)
      const { manifest: _, ...summary } = image
      assert.deepEqual(await metadata.read.images.summary(repository.id, image.digest), summary)
      assert.equal(await metadata.read.images.find(repository.id, digestOf('other')), undefined)
      assert.equal(await metadata.read.images.summary(repository.id, digestOf('other')), undefined)
    })

    test('a manifest of 4 MiB with 5,000 layers is one image', async () => {
      const { metadata } = store
      const repository = await newRepository(metadata)
      const layer = await newLayer(metadata, repository, 'named five thousand times')
      const image = imageOf(`{"long":"${'x'.repeat(4 * 1024 * 1024 - 20)}"}`)
      const layers = Array.from({ length: 5000 }, () => ({ digest: layer.digest, mediaType: 'tar' }))
      await metadata.write((tx) => tx.images.put(repository.id, image, layers, []))
      assert.equal((await metadata.read.images.find(repository.id, image.digest))?.manifest, image.manifest)
    })

    test('summaries gives those that exist, for any number of digests', async () => {
      const { metadata } = store
      const repository = await newRepository(metadata)
      const images = imagesInOrder(7)
      await metadata.write(async (tx) => {
        for (const image of images) await tx.images.put(repository.id, image, [], [])
      })
      for (const count of [0, 1, 2, 3, 5, 7]) {
        const asked = [...images.slice(0, count).map((image) => image.digest), digestOf('unknown')]
        const found = await metadata.read.images.summaries(repository.id, asked)
        assert.deepEqual(found.map((image) => image.digest).toSorted(), asked.slice(0, -1).toSorted())
      }
      assert.deepEqual(await metadata.read.images.summaries(repository.id, []), [])
      const many = Array.from({ length: 3000 }, (_, index) => digestOf(`unknown ${index}`))
      const first = images.map((image) => image.digest)
      assert.equal((await metadata.read.images.summaries(repository.id, [...many, ...first])).length, 7)
    })

    test('pages of images and of image ids agree with each other for every tag status and page size', async () => {
      const { metadata } = store
      const repository = await newRepository(metadata)
      const images = imagesInOrder(9)
      const tagsOf = (index: number) =>
        (index % 3 === 0 ? [] : index % 3 === 1 ? ['B', 'a', '_'] : ['x']).map((tag) => `${tag}${index}`)
      await metadata.write(async (tx) => {
        for (const [index, image] of images.entries()) {
          await tx.images.put(repository.id, image, [], [])
          for (const tag of tagsOf(index)) await tx.tags.put(repository.id, tag, image.digest, 1)
        }
      })
      const expected = (status: TagStatus): readonly ImageIdRow[] =>
        images.flatMap(({ digest }, index): readonly ImageIdRow[] => {
          const tags = tagsOf(index).toSorted()
          if (tags.length === 0) return status === 'TAGGED' ? [] : [{ digest, tag: undefined }]
          return status === 'UNTAGGED' ? [] : tags.map((tag) => ({ digest, tag }))
        })
      const { read } = metadata
      for (const status of ['TAGGED', 'UNTAGGED', 'ANY'] as const) {
        const ids = expected(status)
        const digests = [...new Set(ids.map((row) => row.digest))]
        for (const limit of [1, 2, 3, 100]) {
          assert.deepEqual(
            await allPages<ImageIdRow>((after) => read.images.pageIds(repository.id, status, after, limit)),
            ids,
          )
          const pages = await allPages((after: { readonly digest: (typeof digests)[number] } | undefined) =>
            read.images.page(repository.id, status, after?.digest, limit),
          )
          assert.deepEqual(
            pages.map((image) => image.digest),
            digests,
          )
        }
      }
      assert.equal(await read.images.count(repository.id), 9)
      assert.deepEqual(
        [await read.images.isBelow(repository.id, 9), await read.images.isBelow(repository.id, 10)],
        [false, true],
      )
      assert.equal(await read.images.any(repository.id), true)
    })

    test('a page begun before inserts and removals goes on where it was', async () => {
      const { metadata } = store
      const repository = await newRepository(metadata)
      const images = imagesInOrder(12)
      const put = (index: number) =>
        metadata.write(async (tx) => {
          const image = images[index]
          if (image) await tx.images.put(repository.id, image, [], [])
        })
      for (const index of [0, 2, 4, 6, 8, 10]) await put(index)
      const first = await metadata.read.images.page(repository.id, 'ANY', undefined, 3)
      await put(1)
      await put(7)
      await metadata.write((tx) => tx.images.remove(repository.id, images[4]?.digest ?? digestOf(''), 0))
      const second = await metadata.read.images.page(repository.id, 'ANY', first.at(-1)?.digest, 3)
      assert.deepEqual(
        [...first, ...second].map((one) => images.findIndex((image) => image.digest === one.digest)),
        [0, 2, 4, 6, 7, 8],
      )
    })

    test('referrers are found by subject, filtered by type, in pages', async () => {
      const { metadata } = store
      const repository = await newRepository(metadata)
      const subject = digestOf('the subject need not exist')
      const images = imagesInOrder(6).map((image, index) => ({
        ...image,
        subject,
        artifactType: ['sbom', 'signature', undefined][index % 3],
      }))
      const summaries = images.map(({ manifest: _, ...summary }) => summary)
      const stranger = imageOf('{"no":"referrer"}', { artifactType: 'sbom' })
      await metadata.write(async (tx) => {
        for (const image of [...images, stranger]) await tx.images.put(repository.id, image, [], [])
      })
      const { images: reads } = metadata.read
      assert.deepEqual(await reads.referrers(repository.id, subject, undefined, undefined, 100), summaries)
      assert.deepEqual(
        await reads.referrers(repository.id, subject, undefined, images[1]?.digest, 2),
        summaries.slice(2, 4),
      )
      assert.deepEqual(await reads.referrers(repository.id, subject, ['sbom'], undefined, 100), [
        summaries[0],
        summaries[3],
      ])
      assert.deepEqual(await reads.referrers(repository.id, subject, ['sbom', 'signature'], images[0]?.digest, 2), [
        summaries[1],
        summaries[3],
      ])
      assert.deepEqual(await reads.referrers(repository.id, subject, [], undefined, 100), [])
      assert.deepEqual(await reads.referrers(repository.id, stranger.digest, undefined, undefined, 100), [])
    })

    test('the foreign keys refuse an unknown layer, an unknown child, and the removal of what is still named', async () => {
      const { metadata } = store
      const [repository, other] = [await newRepository(metadata), await newRepository(metadata)]
      const layer = await newLayer(metadata, other, 'a layer of the other repository')
      const [child, index, broken] = [imageOf('{"c":1}'), imageOf('{"i":1}'), imageOf('{"b":1}')]
      await assert.rejects(
        metadata.write((tx) => tx.images.put(repository.id, broken, [{ digest: layer.digest, mediaType: 'tar' }], [])),
      )
      await assert.rejects(metadata.write((tx) => tx.images.put(repository.id, broken, [], [child.digest])))
      assert.equal(await metadata.read.images.any(repository.id), false)
      await metadata.write(async (tx) => {
        await tx.images.put(repository.id, child, [], [])
        await tx.images.put(repository.id, index, [], [child.digest])
        await tx.tags.put(repository.id, 'top', index.digest, 1)
      })
      await assert.rejects(
        metadata.write((tx) => tx.images.remove(repository.id, child.digest, 0)),
        'an index names it',
      )
      await assert.rejects(
        metadata.write((tx) => tx.images.remove(repository.id, index.digest, 0)),
        'a tag names it',
      )
      assert.deepEqual(await metadata.read.images.parents(repository.id, child.digest, 10), [index.digest])
      await metadata.write(async (tx) => {
        await tx.tags.remove(repository.id, 'top')
        await tx.images.remove(repository.id, index.digest, 0)
        await tx.images.remove(repository.id, child.digest, 0)
      })
      assert.equal(await metadata.read.images.count(repository.id), 0)
      assert.deepEqual(await metadata.read.images.parents(repository.id, child.digest, 10), [])
    })

    test('parents are ordered and limited', async () => {
      const { metadata } = store
      const repository = await newRepository(metadata)
      const child = imageOf('{"child":"of five"}')
      const parents = imagesInOrder(5)
      await metadata.write(async (tx) => {
        await tx.images.put(repository.id, child, [], [])
        for (const parent of parents) await tx.images.put(repository.id, parent, [], [child.digest])
      })
      assert.deepEqual(
        await metadata.read.images.parents(repository.id, child.digest, 3),
        parents.slice(0, 3).map((one) => one.digest),
      )
    })

    test('a pull is noted', async () => {
      const { metadata } = store
      const repository = await newRepository(metadata)
      const image = imageOf('{"pulled":1}')
      await metadata.write((tx) => tx.images.put(repository.id, image, [], []))
      await metadata.write((tx) => tx.images.notePull(repository.id, image.digest, 1234))
      assert.deepEqual(await metadata.read.images.find(repository.id, image.digest), { ...image, lastPulledAtMs: 1234 })
    })
  })

  tagContract(open)
}

function tagContract(open: OpenMetadata): void {
  describe('tags', () => {
    const store = sharedMetadata(open)

    test('a tag moves in one step, and both images know whether they are tagged', async () => {
      const { metadata } = store
      const repository = await newRepository(metadata)
      const [old, young] = [imageOf('{"old":1}'), imageOf('{"young":1}')]
      await metadata.write(async (tx) => {
        await tx.images.put(repository.id, old, [], [])
        await tx.tags.put(repository.id, 'latest', old.digest, 1)
      })
      await metadata.write(async (tx) => {
        await tx.images.put(repository.id, young, [], [])
        await tx.tags.put(repository.id, 'latest', young.digest, 2)
      })
      const { read } = metadata
      assert.equal(await read.tags.find(repository.id, 'latest'), young.digest)
      assert.deepEqual(await read.images.findByTag(repository.id, 'latest'), young)
      const digests = async (status: TagStatus) =>
        (await read.images.page(repository.id, status, undefined, 10)).map((one) => one.digest)
      assert.deepEqual(await digests('TAGGED'), [young.digest])
      assert.deepEqual(await digests('UNTAGGED'), [old.digest])
      await metadata.write((tx) => tx.tags.put(repository.id, 'latest', young.digest, 3))
      assert.deepEqual(await digests('TAGGED'), [young.digest])
      await metadata.write((tx) => tx.tags.put(repository.id, 'second', young.digest, 3))
      await metadata.write((tx) => tx.tags.remove(repository.id, 'latest'))
      assert.deepEqual(await digests('TAGGED'), [young.digest])
      await metadata.write((tx) => tx.tags.remove(repository.id, 'second'))
      assert.deepEqual(await digests('TAGGED'), [])
      assert.equal(await read.tags.find(repository.id, 'latest'), undefined)
      assert.equal(await read.images.findByTag(repository.id, 'latest'), undefined)
      await metadata.write((tx) => tx.tags.remove(repository.id, 'never was'))
    })

    test('all tags of an image go at once, and those of others stay', async () => {
      const { metadata } = store
      const repository = await newRepository(metadata)
      const [many, other] = [imageOf('{"many":1}'), imageOf('{"other":1}')]
      await metadata.write(async (tx) => {
        await tx.images.put(repository.id, many, [], [])
        await tx.images.put(repository.id, other, [], [])
        for (const name of ['b', 'a', 'C']) await tx.tags.put(repository.id, name, many.digest, 1)
        await tx.tags.put(repository.id, 'stays', other.digest, 1)
      })
      const removed = await metadata.write((tx) => tx.tags.removeOf(repository.id, many.digest))
      assert.deepEqual(removed, ['C', 'a', 'b'])
      assert.deepEqual(
        (await metadata.read.tags.page(repository.id, undefined, 10)).map((row) => row.tag),
        ['stays'],
      )
      const tagged = await metadata.read.images.page(repository.id, 'TAGGED', undefined, 10)
      assert.deepEqual(
        tagged.map((image) => image.digest),
        [other.digest],
      )
      assert.deepEqual(await metadata.write((tx) => tx.tags.removeOf(repository.id, many.digest)), [])
    })

    test('tags are paged in byte order, given by image, and counted', async () => {
      const { metadata } = store
      const repository = await newRepository(metadata)
      const [one, two, three] = [imageOf('{"one":1}'), imageOf('{"two":1}'), imageOf('{"three":1}')]
      await metadata.write(async (tx) => {
        for (const image of [one, two, three]) await tx.images.put(repository.id, image, [], [])
        for (const tag of ['b', 'A', 'a-1', 'a.1', 'a_1']) await tx.tags.put(repository.id, tag, one.digest, 1)
        await tx.tags.put(repository.id, 'Z', two.digest, 1)
      })
      const { tags } = metadata.read
      const all = await allPages<ImageIdRow>((after) => tags.page(repository.id, after?.tag, 2))
      assert.deepEqual(
        all.map((row) => row.tag),
        ['A', 'Z', 'a-1', 'a.1', 'a_1', 'b'],
      )
      assert.equal(all[1]?.digest, two.digest)
      assert.deepEqual(
        await tags.of(repository.id, [one.digest, two.digest, three.digest]),
        new Map([
          [one.digest, ['A', 'a-1', 'a.1', 'a_1', 'b']],
          [two.digest, ['Z']],
        ]),
      )
      assert.deepEqual(await tags.of(repository.id, []), new Map())
      assert.equal(await tags.countOf(repository.id, one.digest), 5)
      assert.equal(await tags.countOf(repository.id, three.digest), 0)
    })
  })
}
