// Answers that carry what clients stored: however much that is, an answer stays of a size that can be made.

import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'

import { digestOf } from '../../src/lib/digest.ts'
import { batchGetImage } from '../../src/operations/private/batch-get-image.ts'
import { listImageReferrers } from '../../src/operations/private/list-image-referrers.ts'
import { putImage } from '../../src/operations/private/put-image.ts'
import {
  givenLayer,
  givenRepository,
  manifestOf,
  ociManifestType,
  openTestRegistry,
  type TestRegistry,
} from '../support/registry.ts'

const manifestBytesMax = 2_000

async function open(t: TestContext): Promise<TestRegistry> {
  const registry = await openTestRegistry({ limits: { manifestBytesMax } })
  t.after(() => registry.close())
  await givenRepository(registry, 'app')
  await givenLayer(registry, 'app', '{}')
  return registry
}

describe('BatchGetImage', () => {
  test('gives as many bytes of manifests as eight of the largest have, and refuses more', async (t) => {
    const registry = await open(t)
    const imageManifest = manifestOf(['{}'], { annotations: { pad: 'x'.repeat(1_500) } })
    const bytes = Buffer.byteLength(imageManifest)
    const imageIds = Array.from({ length: 20 }, (_, index) => ({ imageTag: `t${index}` }))
    for (const { imageTag } of imageIds)
      await registry.perform(putImage, { repositoryName: 'app', imageManifest, imageTag })

    const fitting = Math.floor((8 * manifestBytesMax) / bytes)
    const get = (count: number) =>
      registry.perform(batchGetImage, { repositoryName: 'app', imageIds: imageIds.slice(0, count) })
    assert.equal((await get(fitting)).images?.length, fitting)
    await assert.rejects(get(fitting + 1), {
      name: 'LimitExceededException',
      message: `The manifests of the images exceed the maximum allowed size of one answer which is '${8 * manifestBytesMax}' bytes`,
    })
  })
})

describe('ListImageReferrers', () => {
  test('ends a page early when its manifests are large, and loses none of them', async (t) => {
    const registry = await open(t)
    const subject = { mediaType: ociManifestType, digest: digestOf('subject'), size: 7 }
    const manifests = ['a', 'b', 'c', 'd', 'e'].map((name) =>
      manifestOf(['{}'], { subject, annotations: { name, pad: 'x'.repeat(700) } }),
    )
    for (const imageManifest of manifests) await registry.perform(putImage, { repositoryName: 'app', imageManifest })

    const pages: string[][] = []
    let nextToken: string | undefined
    do {
      const input = { repositoryName: 'app', subjectId: { imageDigest: subject.digest }, nextToken }
      const answer = await registry.perform(listImageReferrers, input)
      pages.push((answer.referrers ?? []).map((referrer) => referrer.digest))
      nextToken = answer.nextToken
    } while (nextToken !== undefined)
    // Of about 1,100 bytes each, two are more than the 2,000 of the largest manifest.
    assert.deepEqual(
      pages,
      manifests
        .map((manifest) => digestOf(manifest))
        .toSorted()
        .map((digest) => [digest]),
    )
  })
})
