// The contract of what looks for damage: checksums, layers by their last check, upkeep. What fsck alone asks, reading whole tables, is for its
// own tests.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ImageKey, UncheckedBlob } from '../../src/domain/ports/store-audit.ts'
import type { Metadata } from '../../src/domain/ports/metadata.ts'
import { digestOf } from '../../src/lib/digest.ts'
import {
  allPages,
  imageOf,
  newLayer,
  newRepository,
  sharedMetadata,
  uploadTo,
  type OpenMetadata,
} from './metadata-samples.ts'

const unchecked = (metadata: Metadata, beforeMs: number) =>
  allPages((after: UncheckedBlob | undefined) => metadata.read.audit.uncheckedBlobs(beforeMs, after, 2))

export function auditContract(open: OpenMetadata): void {
  describe('checksums of layers', () => {
    const store = sharedMetadata(open)
    const values = [0, 1, 0x80000000, 0xffffffff, 0x01020304]

    test('come back as they were committed; none are none', async () => {
      const { metadata } = store
      const repository = await newRepository(metadata)
      for (const checksums of [values, [], undefined]) {
        const upload = uploadTo(repository)
        const blob = { digest: digestOf(upload.id), size: 1, ...(checksums && { checksums }) }
        await metadata.write(async (tx) => {
          await tx.uploads.create(upload)
          await tx.layers.commit(upload, blob, 1000, 5000)
        })
        assert.deepEqual(await metadata.read.layers.checksums(upload.phys), checksums)
      }
      assert.equal(await metadata.read.layers.checksums('no such name'), undefined)
    })

    test('are those of the file that took the place of a damaged one', async () => {
      const { metadata } = store
      const repository = await newRepository(metadata)
      const digest = digestOf('damaged once')
      const commit = async (checksums: readonly number[]) => {
        const upload = uploadTo(repository)
        await metadata.write(async (tx) => {
          await tx.uploads.create(upload)
          await tx.layers.commit(upload, { digest, size: 12, checksums }, 1000, 5000)
        })
        return upload.phys
      }
      const first = await commit([1])
      assert.deepEqual(await metadata.read.layers.checksums(await commit([2])), undefined, 'the first one stays')
      await metadata.write((tx) => tx.layers.markBad(first))
      const third = await commit([3])
      assert.deepEqual(await metadata.read.layers.checksums(third), [3])
      assert.equal(await metadata.read.layers.checksums(first), undefined)
    })
  })

  describe('layers to check', () => {
    const store = sharedMetadata(open)

    test('come longest unchecked first, without damaged ones, and go when they are noted', async () => {
      const { metadata } = store
      const repository = await newRepository(metadata)
      const layers = []
      for (const text of ['a', 'b', 'c', 'd', 'e']) layers.push(await newLayer(metadata, repository, text))
      const [a, b, c, d, e] = layers.map((layer) => layer.phys)
      assert.ok(a && b && c && d && e)
      const note = (phys: string, atMs: number) =>
        metadata.write((tx) => tx.audit.noteChecked([{ phys, checksums: undefined }], atMs))
      for (const [phys, atMs] of [
        [a, 50],
        [b, 30],
        [c, 40],
        [d, 30],
        [e, 20],
      ] as const)
        await note(phys, atMs)
      await metadata.write((tx) => tx.layers.markBad(e))
      const sameTime = [b, d].toSorted()
      const physOf = async (beforeMs: number) => (await unchecked(metadata, beforeMs)).map((blob) => blob.phys)
      assert.deepEqual(await physOf(51), [...sameTime, c, a])
      assert.deepEqual(await physOf(50), [...sameTime, c])
      assert.deepEqual((await unchecked(metadata, 51)).at(-1), {
        digest: digestOf('a'),
        phys: a,
        size: 1,
        bad: false,
        verifiedAtMs: 50,
        hasChecksums: false,
      })
      await metadata.write((tx) =>
        tx.audit.noteChecked(
          [
            { phys: b, checksums: [7, 8] },
            { phys: d, checksums: [9] },
          ],
          60,
        ),
      )
      assert.deepEqual(await physOf(60), [c, a])
      assert.deepEqual(await metadata.read.layers.checksums(b), [7, 8])
      await note(b, 61)
      assert.deepEqual(await metadata.read.layers.checksums(b), [7, 8], 'known ones stay')
      assert.equal((await unchecked(metadata, 62)).find((blob) => blob.phys === b)?.hasChecksums, true)
      assert.equal(await metadata.read.audit.countBad(), 1)
    })

    test('a name that is gone is left alone', async () => {
      const { metadata } = store
      await metadata.write((tx) => tx.audit.noteChecked([{ phys: 'gone', checksums: [1] }], 99))
      assert.equal(await metadata.read.audit.blob('gone'), undefined)
    })
  })

  describe('what is there to look at', () => {
    const store = sharedMetadata(open)

    test('images are listed by repository and digest, and repositories named', async () => {
      const { metadata } = store
      const repositories = [await newRepository(metadata), await newRepository(metadata)]
      const keys: ImageKey[] = []
      for (const repository of repositories)
        for (const text of ['{"one":1}', '{"two":2}']) {
          const image = imageOf(text)
          await metadata.write((tx) => tx.images.put(repository.id, image, [], []))
          keys.push({ repositoryId: repository.id, digest: image.digest })
        }
      const [first] = repositories
      assert.ok(first)
      const inOrder = keys.toSorted((x, y) => (x.repositoryId + x.digest < y.repositoryId + y.digest ? -1 : 1))
      assert.deepEqual(
        await allPages((after: ImageKey | undefined) => metadata.read.audit.imageKeys(after, 1)),
        inOrder,
      )
      assert.deepEqual(await metadata.read.audit.repository(first.id), {
        accountId: first.registry.accountId,
        region: first.registry.region,
        name: first.name,
      })
      assert.equal(await metadata.read.audit.repository('nobody'), undefined)
    })

    test('upkeep is noted by its name', async () => {
      const { metadata } = store
      assert.equal(await metadata.read.audit.upkeepDoneAtMs('dusting'), undefined)
      for (const atMs of [5, 3]) await metadata.write((tx) => tx.audit.noteUpkeep('dusting', atMs))
      assert.equal(await metadata.read.audit.upkeepDoneAtMs('dusting'), 3)
      assert.equal(await metadata.read.audit.upkeepDoneAtMs('sweeping'), undefined)
    })
  })
}
