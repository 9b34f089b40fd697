// The contract of the metadata port: what every engine must do. Run by one line per engine, see *.test.ts.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, test } from 'node:test'
import { digestOf } from '../../src/lib/digest.ts'
import type { MetadataWrites } from '../../src/domain/ports/metadata.ts'
import { identitiesContract } from './metadata-identities.ts'
import { galleryContract } from './metadata-gallery.ts'
import { auditContract } from './metadata-audit.ts'
import { imageContract } from './metadata-images.ts'
import { collectorContract } from './metadata-collector.ts'
import { layerContract } from './metadata-layers.ts'
import { outboxContract } from './metadata-outbox.ts'
import { publicContract } from './metadata-public.ts'
import { removalContract } from './metadata-removal.ts'
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

export function metadataContract(engine: string, open: OpenMetadata): void {
  describe(`metadata on ${engine}`, () => {
    repositoryContract(open)
    imageContract(open)
    layerContract(open)
    collectorContract(open)
    auditContract(open)
    publicContract(open)
    removalContract(open)
    identitiesContract(open)
    galleryContract(open)
    outboxContract(open)
    transactionContract(open)
    persistenceContract(open)
  })
}

function repositoryContract(open: OpenMetadata): void {
  describe('repositories', () => {
    const store = sharedMetadata(open)

    test('a repository comes back as it was created, with its resource tags by key', async () => {
      const repository = repositoryNamed('team/app', {
        encryption: { encryptionType: 'KMS', kmsKey: 'arn:aws:kms:eu-west-1:123456789012:key/1' },
        tagMutability: 'IMMUTABLE_WITH_EXCLUSION',
        exclusionFilters: ['latest', 'dev-*'],
        scanOnPush: true,
      })
      const tags = [
        { key: 'z', value: 'last' },
        { key: 'A', value: '' },
        { key: 'ä', value: 'ünïcode \u{1F40B}' },
      ]
      assert.equal(await store.metadata.write((tx) => tx.repositories.create(repository, tags)), true)
      assert.deepEqual(await store.metadata.read.repositories.find(registry, 'team/app'), repository)
      assert.deepEqual(await store.metadata.read.repositories.tags(repository.id), [tags[1], tags[0], tags[2]])
    })

    test('the same name in another account, region or kind is another repository', async () => {
      const others = [
        repositoryNamed('same'),
        repositoryNamed('same', { registry: { ...registry, accountId: '999999999999' } }),
        repositoryNamed('same', { registry: { ...registry, region: 'us-east-1' } }),
        repositoryNamed('same', { registry: { kind: 'public', accountId: '123456789012', region: '' } }),
      ]
      for (const one of others) assert.equal(await store.metadata.write((tx) => tx.repositories.create(one, [])), true)
      for (const one of others) assert.deepEqual(await store.metadata.read.repositories.find(one.registry, 'same'), one)
    })

    test('of many creates at once one wins, and the others change nothing', async () => {
      const rivals = Array.from({ length: 20 }, (_, index) => repositoryNamed('contended', { createdAtMs: index }))
      const won = await Promise.all(
        rivals.map((one) =>
          store.metadata.write((tx) => tx.repositories.create(one, [{ key: 'by', value: String(one.createdAtMs) }])),
        ),
      )
      assert.equal(won.filter(Boolean).length, 1)
      const winner = rivals[won.indexOf(true)]
      assert.deepEqual(await store.metadata.read.repositories.find(registry, 'contended'), winner)
      assert.deepEqual(await store.metadata.read.repositories.tags(winner?.id ?? ''), [
        { key: 'by', value: String(winner?.createdAtMs) },
      ])
    })

    test('settings change one by one, and nothing else with them', async () => {
      const repository = await newRepository(store.metadata)
      await store.metadata.write((tx) => tx.repositories.update(repository.id, { scanOnPush: true }))
      await store.metadata.write((tx) =>
        tx.repositories.update(repository.id, { tagMutability: 'MUTABLE_WITH_EXCLUSION', exclusionFilters: ['v*'] }),
      )
      await store.metadata.write((tx) => tx.repositories.update(repository.id, {}))
      assert.deepEqual(await store.metadata.read.repositories.find(registry, repository.name), {
        ...repository,
        scanOnPush: true,
        tagMutability: 'MUTABLE_WITH_EXCLUSION',
        exclusionFilters: ['v*'],
      })
    })

    test('resource tags are replaced by key and removed by key', async () => {
      const repository = await newRepository(store.metadata)
      const { metadata } = store
      await metadata.write((tx) =>
        tx.repositories.putTags(repository.id, [
          { key: 'a', value: '1' },
          { key: 'b', value: '2' },
        ]),
      )
      await metadata.write((tx) =>
        tx.repositories.putTags(repository.id, [
          { key: 'b', value: '3' },
          { key: 'c', value: '4' },
        ]),
      )
      await metadata.write((tx) => tx.repositories.removeTags(repository.id, ['a', 'unknown', 'c']))
      await metadata.write((tx) => tx.repositories.removeTags(repository.id, []))
      assert.deepEqual(await metadata.read.repositories.tags(repository.id), [{ key: 'b', value: '3' }])
    })

    test('pages are in byte order, end, and stay stable under inserts before and after', async () => {
      const other = { ...registry, region: 'ap-south-1' }
      const { repositories } = store.metadata.read
      const create = (name: string) =>
        store.metadata.write((tx) => tx.repositories.create(repositoryNamed(name, { registry: other }), []))
      // A locale would order these differently: "_" before "-", letters without regard to signs.
      const names = ['a', 'a-b', 'a/b', 'a0', 'a_b', 'aa', 'b.c', 'ba']
      for (const name of names.toReversed()) await create(name)
      assert.deepEqual(
        (await repositories.page(other, undefined, 100)).map((one) => one.name),
        names,
      )
      assert.equal(await repositories.count(other), names.length)
      const first = await repositories.page(other, undefined, 3)
      await create('a!')
      await create('a.')
      const second = await repositories.page(other, first.at(-1)?.name, 3)
      assert.deepEqual(
        [...first, ...second].map((one) => one.name),
        ['a', 'a-b', 'a/b', 'a0', 'a_b', 'aa'],
      )
      assert.deepEqual(await repositories.page(other, 'ba', 3), [])
    })

    test('removal takes everything along: images, tags, references, memberships; uploads go to the trash, blobs stay', async () => {
      const { metadata } = store
      const [gone, kept] = [await newRepository(metadata), await newRepository(metadata)]
      const layer = await newLayer(metadata, gone, 'layer of a removed repository')
      await metadata.write((tx) => tx.layers.mount(kept.id, layer.digest, 7000))
      const upload = uploadTo(gone)
      const [child, index] = [imageOf('{"child":1}'), imageOf('{"index":1}')]
      await metadata.write(async (tx) => {
        await tx.uploads.create(upload)
        await tx.images.put(gone.id, child, [{ digest: layer.digest, mediaType: 'tar' }], [])
        await tx.images.put(gone.id, index, [], [child.digest])
        await tx.tags.put(gone.id, 'latest', index.digest, 1)
        await tx.repositories.putTags(gone.id, [{ key: 'k', value: 'v' }])
        await tx.images.put(kept.id, child, [{ digest: layer.digest, mediaType: 'tar' }], [])
      })
      await metadata.write((tx) => tx.repositories.remove(gone.id, 4000))
      const { read } = metadata
      assert.equal(await read.repositories.find(registry, gone.name), undefined)
      assert.deepEqual(await read.repositories.tags(gone.id), [])
      assert.equal(await read.images.any(gone.id), false)
      assert.deepEqual(await read.tags.page(gone.id, undefined, 10), [])
      assert.equal(await read.layers.find(gone.id, layer.digest), undefined)
      assert.equal(await read.uploads.find(upload.id), undefined)
      assert.ok(
        (await read.trash.due(4000, 1000)).some((item) => item.phys === upload.phys && item.notBeforeMs === 4000),
      )
      assert.equal(await read.phys.isOwned(layer.phys), true)
      assert.equal((await read.layers.find(kept.id, layer.digest))?.phys, layer.phys)
      assert.equal((await read.images.find(kept.id, child.digest))?.manifest, child.manifest)
    })
  })
}

function transactionContract(open: OpenMetadata): void {
  describe('transactions', () => {
    const store = sharedMetadata(open)

    test('work that throws leaves nothing, and its error comes through', async () => {
      const repository = repositoryNamed('rolled/back')
      const thrown = new Error('on purpose')
      const failing = store.metadata.write(async (tx) => {
        await tx.repositories.create(repository, [{ key: 'a', value: 'b' }])
        await tx.trash.put('never', 'test', 0)
        throw thrown
      })
      await assert.rejects(failing, (error) => error === thrown)
      assert.equal(await store.metadata.read.repositories.find(registry, 'rolled/back'), undefined)
      assert.deepEqual(await store.metadata.read.repositories.tags(repository.id), [])
      assert.equal(await store.metadata.read.phys.isOwned('never'), false)
    })

    test('a transaction reads its own writes, others do not before it ends', async () => {
      const repository = repositoryNamed('own/writes')
      await store.metadata.write(async (tx) => {
        await tx.repositories.create(repository, [])
        assert.deepEqual(await tx.repositories.find(registry, 'own/writes'), repository)
        assert.equal(await store.metadata.read.repositories.find(registry, 'own/writes'), undefined)
      })
      assert.deepEqual(await store.metadata.read.repositories.find(registry, 'own/writes'), repository)
    })

    test('a failure that rests on what another wrote is told when that is durable, not before', async () => {
      // "Already exists" is an acknowledgement too: a pusher who is told so takes the image for safe.
      const repository = repositoryNamed('told/early')
      const order: string[] = []
      const first = store.metadata
        .write((tx) => tx.repositories.create(repository, []))
        .then(async () => {
          order.push((await store.metadata.read.repositories.find(registry, 'told/early')) ? 'durable' : 'lost')
        })
      const second = store.metadata
        .write(async (tx) => {
          if (await tx.repositories.find(registry, 'told/early')) throw new Error('already exists')
        })
        .catch(async (error: unknown) => {
          order.push(
            (await store.metadata.read.repositories.find(registry, 'told/early')) ? String(error) : 'told early',
          )
        })
      await Promise.all([first, second])
      assert.deepEqual(order.toSorted(), ['Error: already exists', 'durable'])
    })

    test('one that fails does not hurt those that run beside it', async () => {
      const repository = await newRepository(store.metadata)
      const writes = Array.from({ length: 90 }, (_, index) =>
        store.metadata.write(async (tx) => {
          await tx.images.put(repository.id, imageOf(`{"beside":${index}}`), [], [])
          if (index % 3 === 1) throw new Error('on purpose')
          // No such image: the foreign key refuses it.
          if (index % 3 === 2) await tx.tags.put(repository.id, 'tag', digestOf('nothing'), 1)
        }),
      )
      const outcomes = await Promise.allSettled(writes)
      assert.deepEqual(
        outcomes.map((one) => one.status),
        outcomes.map((_, index) => (index % 3 === 0 ? 'fulfilled' : 'rejected')),
      )
      assert.equal(await store.metadata.read.images.count(repository.id), 30)
      assert.deepEqual(await store.metadata.read.tags.page(repository.id, undefined, 10), [])
    })

    test('after a failed statement nothing of the transaction stays, even when the failure is caught', async () => {
      const repository = await newRepository(store.metadata)
      const write = store.metadata.write(async (tx) => {
        await tx.images.put(repository.id, imageOf('{"caught":1}'), [], [])
        await tx.tags.put(repository.id, 'tag', digestOf('nothing'), 1).catch(() => {})
      })
      await assert.rejects(write)
      assert.equal(await store.metadata.read.images.any(repository.id), false)
    })

    test('500 writes at once all succeed and are all there', async () => {
      const repository = await newRepository(store.metadata)
      const images = Array.from({ length: 500 }, (_, index) => imageOf(`{"at once":${index}}`))
      await Promise.all(
        images.map(async (image) => {
          await store.metadata.write(async (tx) => {
            await tx.images.put(repository.id, image, [], [])
            await tx.tags.put(repository.id, image.digest.slice(7, 27), image.digest, 1)
          })
          // Acknowledged means visible to the next read.
          assert.ok(await store.metadata.read.images.summary(repository.id, image.digest))
        }),
      )
      assert.equal(await store.metadata.read.images.count(repository.id), 500)
    })

    test('a statement after the end of its transaction is refused', async () => {
      let kept: MetadataWrites | undefined
      await store.metadata.write(async (tx) => {
        kept = tx
      })
      const late = kept
      await assert.rejects(async () => late?.trash.put('late', 'test', 0))
      assert.equal(await store.metadata.read.phys.isOwned('late'), false)
    })

    test('the store answers a ping', async () => {
      assert.equal(await store.metadata.ping(), undefined)
    })
  })
}

function persistenceContract(open: OpenMetadata): void {
  test('everything survives closing and opening again', async () => {
    let under = await open()
    try {
      const repository = await newRepository(under.metadata)
      const layer = await newLayer(under.metadata, repository, 'a layer that stays')
      const upload = uploadTo(repository)
      const image = imageOf('{"stays": "\u{1F40B} \\u0000"}')
      await under.metadata.write(async (tx) => {
        await tx.images.put(repository.id, image, [{ digest: layer.digest, mediaType: 'tar' }], [])
        await tx.tags.put(repository.id, 'v1', image.digest, 1)
        await tx.uploads.create(upload)
        await tx.trash.put('some/file', 'test', 9)
      })
      under = await under.reopen()
      const { read } = under.metadata
      assert.deepEqual(await read.repositories.find(registry, repository.name), repository)
      assert.deepEqual(await read.images.findByTag(repository.id, 'v1'), image)
      assert.equal((await read.layers.find(repository.id, layer.digest))?.phys, layer.phys)
      assert.deepEqual(await read.uploads.find(upload.id), upload)
      assert.deepEqual(await read.trash.due(9, 10), [{ phys: 'some/file', notBeforeMs: 9, bytes: 0 }])
    } finally {
      await under.dispose()
    }
  })

  test('closing twice is fine, writing afterwards is refused', async () => {
    const under = await open()
    try {
      await under.metadata.close()
      await under.metadata.close()
      await assert.rejects(under.metadata.write((tx) => tx.trash.put(randomUUID(), 'test', 0)))
    } finally {
      await under.dispose()
    }
  })
}
