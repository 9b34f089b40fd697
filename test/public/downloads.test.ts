// What counts as a download, and that nothing is written for it while it is answered.

import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'

import type { Metadata } from '../../src/domain/ports/metadata.ts'
import { createDownloads } from '../../src/domain/public/downloads.ts'
import { digestOf } from '../../src/lib/digest.ts'
import { getRepositoryCatalogData } from '../../src/operations/gallery/get-repository-catalog-data.ts'
import { batchGetImage } from '../../src/operations/private/batch-get-image.ts'
import { createRepository as createPrivate } from '../../src/operations/private/create-repository.ts'
import { putImage as putPrivate } from '../../src/operations/private/put-image.ts'
import { createRepository } from '../../src/operations/public/create-repository.ts'
import { deleteRepository } from '../../src/operations/public/delete-repository.ts'
import { putImage } from '../../src/operations/public/put-image.ts'
import { emptyIndex } from '../operations/gallery/calls.ts'
import { account, ociIndexType } from '../support/registry.ts'
import { openPublicPlane, type PublicPlane } from './public-plane.ts'

const child = emptyIndex.imageManifest
const index = JSON.stringify({
  schemaVersion: 2,
  mediaType: ociIndexType,
  manifests: [{ mediaType: ociIndexType, digest: digestOf(child), size: child.length }],
})

/** A plane whose `app` holds an index, tagged `v1`, of one image, tagged `child`, and another image that is in no index. */
async function openPushed(t: TestContext) {
  const plane = await openPublicPlane(t)
  const { registry, alias } = plane
  const put = (imageManifest: string, imageTag: string | undefined) =>
    registry.perform(putImage, { ...emptyIndex, repositoryName: 'app', imageManifest, imageTag })
  await put(child, 'child')
  await put(index, 'v1')
  const alone = JSON.stringify({ ...JSON.parse(child), annotations: { alone: 'yes' } })
  await put(alone, undefined)
  const { services } = registry
  return {
    ...plane,
    alone: digestOf(alone),
    pull: async (reference: string, method = 'GET', status = 200) => {
      const answer = await plane.send(method, `/v2/${alias}/app/manifests/${reference}`)
      assert.equal(answer.status, status)
    },
    flush: () => services.downloads.flush(services.metadata),
    count: () => countOf(plane),
  }
}

async function countOf({ registry, alias }: PublicPlane, repositoryName = 'app'): Promise<number> {
  const input = { registryAliasName: alias, repositoryName }
  return (await registry.perform(getRepositoryCatalogData, input)).insightData.downloadCount
}

describe('a download', () => {
  for (const [what, reference, method, counts] of [
    ['is a GET of a manifest by tag', 'v1', 'GET', 1],
    ['of an index by digest', digestOf(index), 'GET', 1],
    ['of an image that is in no index, by digest', 'alone', 'GET', 1],
    ['of an image in an index, when asked for by its tag', 'child', 'GET', 1],
    ['is not the second step of a pull: an image in an index by digest', digestOf(child), 'GET', 0],
    ['is not a HEAD', 'v1', 'HEAD', 0],
  ] as const) {
    test(what, async (t) => {
      const { pull, flush, count, alone } = await openPushed(t)
      await pull(reference === 'alone' ? alone : reference, method)
      await flush()
      assert.equal(await count(), counts)
    })
  }

  test('is not what is not there, nor layers, nor listings', async (t) => {
    const { pull, alias, flush, count, ...plane } = await openPushed(t)
    await pull('none', 'GET', 404)
    await plane.send('GET', `/v2/${alias}/app/tags/list`)
    await plane.send('GET', `/v2/${alias}/app/referrers/${digestOf(child)}`)
    await flush()
    assert.equal(await count(), 0)
  })

  test('counts for whom it is of, and each adds up', async (t) => {
    const { pull, flush, count, ...plane } = await openPushed(t)
    await plane.registry.perform(putImage, { ...emptyIndex, repositoryName: 'team/tool' })
    for (let nr = 0; nr < 5; nr++) await pull('v1')
    await flush()
    for (let nr = 0; nr < 2; nr++) await pull('v1')
    await flush()
    await flush()
    assert.deepEqual([await count(), await countOf(plane, 'team/tool')], [7, 0])
  })

  test('of a repository that was deleted is forgotten, also when one of the name is made again', async (t) => {
    const { pull, flush, count, registry } = await openPushed(t)
    await pull('v1')
    await flush()
    await pull('v1')
    await registry.perform(deleteRepository, { repositoryName: 'app', force: true })
    await flush()
    await registry.perform(createRepository, { repositoryName: 'app' })
    await registry.perform(putImage, { ...emptyIndex, repositoryName: 'app', imageTag: 'v1' })
    assert.equal(await count(), 0)
    await pull('v1')
    await flush()
    assert.equal(await count(), 1)
  })

  test('writes nothing while it is answered', async (t) => {
    const { pull, registry, flush, count } = await openPushed(t)
    await pull('v1') // the first of a day notes its time, after its answer
    const { metadata } = registry.services
    await metadata.write(async () => {}) // what was begun is done
    const began = t.mock.method(metadata, 'write')
    for (let nr = 0; nr < 10; nr++) await pull('v1')
    assert.equal(began.mock.callCount(), 0)
    await flush()
    assert.equal(began.mock.callCount(), 1)
    assert.equal(await count(), 11)
  })

  test('by another alias of the registry is of the same repository', async (t) => {
    const { registry, flush, count, ...plane } = await openPushed(t)
    const alias = { name: 'example-corp', accountId: account, status: 'ACTIVE' } as const
    await registry.services.metadata.write((tx) =>
      tx.registries.createAlias({ ...alias, primary: false, default: false, createdAtMs: 1 }),
    )
    assert.equal((await plane.send('GET', '/v2/example-corp/app/manifests/v1')).status, 200)
    await flush()
    assert.equal(await count(), 1)
  })
})

describe('the counts in memory', () => {
  /** A store that adds up, and fails while it is told to. */
  function openStore() {
    const added = new Map<string, number>()
    const state = { failsAfter: Infinity, writes: 0 }
    const metadata: Pick<Metadata, 'write'> = {
      write: async (work) => {
        if (state.writes++ >= state.failsAfter) throw new Error('no')
        const gallery = {
          addDownloads: async (id: string, count: number) => void added.set(id, (added.get(id) ?? 0) + count),
        }
        return work({ gallery } as unknown as Parameters<typeof work>[0]) // the one method that is called
      },
    }
    return { added, state, metadata }
  }

  test('a flush that fails keeps what was not added, and nothing is added twice', async () => {
    const { added, state, metadata } = openStore()
    const downloads = createDownloads()
    const ids = Array.from({ length: 250 }, (_, nr) => `repository ${nr}`)
    for (const id of ids) downloads.count(id)
    state.failsAfter = 1
    await assert.rejects(downloads.flush(metadata), { message: 'no' })
    assert.equal(added.size, 100)
    downloads.count('repository 0')
    downloads.count('repository 249')
    await assert.rejects(downloads.flush(metadata), { message: 'no' })
    state.failsAfter = Infinity
    await downloads.some()
    await downloads.flush(metadata)
    const expected = new Map(ids.map((id, nr) => [id, nr === 0 || nr === 249 ? 2 : 1]))
    assert.deepEqual(added, expected)
  })

  test('what is counted during a flush is for the next one', async () => {
    const { added, metadata } = openStore()
    const downloads = createDownloads()
    downloads.count('one')
    const flushing = downloads.flush(metadata)
    downloads.count('one')
    await flushing
    assert.deepEqual([...added], [['one', 1]])
    await downloads.some()
    await downloads.flush(metadata)
    assert.deepEqual([...added], [['one', 2]])
  })

  test('there is something to flush after the first pull, and nothing after a flush', async () => {
    const { metadata, state } = openStore()
    const downloads = createDownloads()
    const isSome = () =>
      Promise.race([downloads.some().then(() => true), new Promise((done) => setImmediate(done, false))])
    assert.equal(await isSome(), false)
    downloads.count('one')
    assert.equal(await isSome(), true)
    await downloads.flush(metadata)
    assert.equal(await isSome(), false)
    await downloads.flush(metadata)
    assert.equal(state.writes, 1)
  })

  test('no more repositories are remembered than allowed; those that are go on counting', async () => {
    const { added, metadata } = openStore()
    const downloads = createDownloads(2)
    for (const id of ['one', 'two', 'three', 'one']) downloads.count(id)
    await downloads.flush(metadata)
    assert.deepEqual(
      [...added],
      [
        ['one', 2],
        ['two', 1],
      ],
    )
  })
})

test('no other side counts', async (t) => {
  const { registry } = await openPublicPlane(t)
  const count = t.mock.method(registry.services.downloads, 'count')
  await registry.perform(createPrivate, { repositoryName: 'app' })
  await registry.perform(putPrivate, { repositoryName: 'app', ...emptyIndex, imageTag: 'v1' })
  const { images } = await registry.perform(batchGetImage, { repositoryName: 'app', imageIds: [{ imageTag: 'v1' }] })
  assert.equal(images?.length, 1)
  assert.equal(count.mock.callCount(), 0)
})
