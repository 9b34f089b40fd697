// DescribeImageTags, GetRepositoryCatalogData and GetRegistryCatalogData of the gallery: by alias, for everyone.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { createRegistryAlias } from '../../../src/operations/admin/create-registry-alias.ts'
import { putPublicRegistry } from '../../../src/operations/admin/put-public-registry.ts'
import { describeImageTags } from '../../../src/operations/gallery/describe-image-tags.ts'
import { getRegistryCatalogData } from '../../../src/operations/gallery/get-registry-catalog-data.ts'
import { getRepositoryCatalogData } from '../../../src/operations/gallery/get-repository-catalog-data.ts'
import { putImage } from '../../../src/operations/public/put-image.ts'
import { putRegistryCatalogData } from '../../../src/operations/public/put-registry-catalog-data.ts'
import { digestOf } from '../../../src/lib/digest.ts'
import { account, ociIndexType, otherAccount } from '../../support/registry.ts'
import { invalid, pngOf, repositoryNotFound, type Input } from '../public/calls.ts'
import { givenPublicImage } from '../public/images.ts'
import { emptyIndex, openGallery, registryNotFound } from './calls.ts'

describe('the tags of a repository', () => {
  test('with their images, in byte order, times as text', async (t) => {
    const gallery = await openGallery(t)
    const { ask, shown, registry, call, primaryAlias } = gallery
    await shown('app')
    registry.advance(1)
    const { digest } = await givenPublicImage(gallery, 'app', 'v1')
    registry.advance(60_000)
    await call(putImage, { repositoryName: 'app', ...emptyIndex, imageTag: 'V2' })
    const emptyDetail = {
      imageDigest: digestOf(emptyIndex.imageManifest),
      imageSizeInBytes: 0,
      imagePushedAt: '2026-11-21T12:00:00.000Z',
      imageManifestMediaType: ociIndexType,
    }
    const image = {
      imageDigest: digest,
      imageSizeInBytes: 16 + 12,
      imagePushedAt: '2026-11-21T12:00:00.001Z',
      imageManifestMediaType: 'application/vnd.oci.image.manifest.v1+json',
      artifactMediaType: 'application/vnd.oci.image.config.v1+json',
    }
    const input = { registryAliasName: await primaryAlias(), repositoryName: 'app' }
    assert.deepEqual(await ask(describeImageTags, input), {
      imageTagDetails: [
        { imageTag: 'V2', createdAt: '2026-11-21T12:01:00.001Z', imageDetail: emptyDetail },
        { imageTag: 'latest', createdAt: '2026-11-21T12:00:00.000Z', imageDetail: emptyDetail },
        { imageTag: 'v1', createdAt: '2026-11-21T12:00:00.001Z', imageDetail: image },
      ],
    })
  })

  test('page by page, with tokens that are good for this repository and nobody else', async (t) => {
    const { ask, shown, call, primaryAlias, refusedToAll, refused } = await openGallery(t)
    await shown('app')
    await shown('other')
    const tags = ['a', 'b', 'c', 'd', 'latest']
    for (const imageTag of tags.slice(0, 4)) await call(putImage, { repositoryName: 'app', ...emptyIndex, imageTag })
    const input = { registryAliasName: await primaryAlias(), repositoryName: 'app', maxResults: 2 }
    const pages: unknown[] = []
    let nextToken: unknown
    do {
      const answer = await ask(describeImageTags, { ...input, nextToken })
      const details = answer['imageTagDetails'] as readonly Input[] // the JSON of a list of structs
      pages.push(details.map(({ imageTag }) => imageTag))
      nextToken = answer['nextToken']
    } while (nextToken !== undefined)
    assert.deepEqual(pages, [['a', 'b'], ['c', 'd'], ['latest']])
    const { nextToken: token } = await ask(describeImageTags, input)
    const bad = invalid('nextToken', 'Invalid token')
    await refusedToAll(describeImageTags, { ...input, repositoryName: 'other', nextToken: token }, bad)
    await refusedToAll(describeImageTags, { ...input, nextToken: `${String(token)}x` }, bad)
    await refused(describeImageTags, { ...input, nextToken: token }, bad)
    for (const [maxResults, constraint] of [
      [0, 'Member must have value greater than or equal to 1'],
      [1001, 'Member must have value less than or equal to 1000'],
    ] as const) {
      await refusedToAll(describeImageTags, { ...input, maxResults }, invalid('maxResults', constraint))
    }
  })
})

describe('the page of a repository', () => {
  const html = { aboutHtml: '<h1>About</h1>\n', usageHtml: '<p><em>use</em></p>\n' }
  const texts = { aboutText: '# About', usageText: '*use*' }

  test('its catalog data with HTML, badges alone, and its downloads; the logo of verified registries only', async (t) => {
    const { ask, shown, call, registry, primaryAlias } = await openGallery(t)
    await shown('app', {
      description: 'An app',
      architectures: ['x86-64', 'MIPS', 'ARM'],
      operatingSystems: ['Plan 9', 'Linux'],
      logoImageBlob: pngOf(60, 60).toString('base64'),
      ...texts,
    })
    const input = { registryAliasName: await primaryAlias(), repositoryName: 'app' }
    const catalogData = {
      description: 'An app',
      architectures: ['ARM', 'x86-64'],
      operatingSystems: ['Linux'],
      ...texts,
      ...html,
    }
    const get = () => ask(getRepositoryCatalogData, input)
    assert.deepEqual(await get(), { catalogData, insightData: { downloadCount: 0 } })
    const { metadata } = registry.services
    const repository = await metadata.read.repositories.find({ kind: 'public', accountId: account, region: '' }, 'app')
    await metadata.write((tx) => tx.gallery.addDownloads(repository?.id ?? '', 7))
    await call(putPublicRegistry, { registryId: account, verified: true })
    const { catalogData: shownData, insightData } = await get()
    const { logoUrl, ...rest } = shownData as Input // the JSON of a struct
    assert.match(String(logoUrl), /^http:\/\/localhost:4511\/logo\/[0-9a-f-]{81}\.png$/)
    assert.deepEqual([rest, insightData], [catalogData, { downloadCount: 7 }])
  })

  test('one without catalog data, and without images', async (t) => {
    const { ask, given, primaryAlias } = await openGallery(t)
    await given('app')
    const input = { registryAliasName: await primaryAlias(), repositoryName: 'app' }
    assert.deepEqual(await ask(getRepositoryCatalogData, input), {
      catalogData: { architectures: [], operatingSystems: [] },
      insightData: { downloadCount: 0 },
    })
    assert.deepEqual(await ask(describeImageTags, input), { imageTagDetails: [] })
  })
})

test('the page of a registry: its name when it is verified', async (t) => {
  const { ask, call, given, primaryAlias } = await openGallery(t)
  await given('app')
  await call(putRegistryCatalogData, { displayName: 'Example Corp' })
  const primaryRegistryAliasName = await primaryAlias()
  await call(createRegistryAlias, { registryId: account, name: 'example-corp', status: 'ACTIVE' })
  for (const registryAliasName of [primaryRegistryAliasName, 'example-corp']) {
    await call(putPublicRegistry, { registryId: account, verified: false })
    const answer = { registryCatalogData: {}, primaryRegistryAliasName, registryVerified: false }
    assert.deepEqual(await ask(getRegistryCatalogData, { registryAliasName }), answer)
    await call(putPublicRegistry, { registryId: account, verified: true })
    assert.deepEqual(await ask(getRegistryCatalogData, { registryAliasName }), {
      ...answer,
      registryCatalogData: { displayName: 'Example Corp' },
      registryVerified: true,
    })
  }
})

describe('addresses', () => {
  for (const operation of [describeImageTags, getRepositoryCatalogData]) {
    test(`${operation.name}: any active alias, and none that is not`, async (t) => {
      const { ask, shown, call, refusedToAll, primaryAlias } = await openGallery(t)
      await shown('team/app')
      await shown('theirs', undefined, otherAccount)
      await call(createRegistryAlias, { registryId: account, name: 'example-corp', status: 'ACTIVE' })
      await call(createRegistryAlias, { registryId: account, name: 'coming-soon', status: 'PENDING' })
      const at = (registryAliasName: string, repositoryName = 'team/app') => ({ registryAliasName, repositoryName })
      const answer = await ask(operation, at(await primaryAlias()))
      assert.deepEqual(await ask(operation, at('example-corp')), answer)
      for (const alias of ['coming-soon', 'nobody']) await refusedToAll(operation, at(alias), registryNotFound(alias))
      await refusedToAll(operation, at('example-corp', 'none'), repositoryNotFound('none', 'example-corp'))
      await refusedToAll(operation, at('example-corp', 'theirs'), repositoryNotFound('theirs', 'example-corp'))
    })

    test(`${operation.name}: names that are none`, async (t) => {
      const { refusedToAll } = await openGallery(t)
      const good = { registryAliasName: 'example-corp', repositoryName: 'app' }
      const namePattern = '(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*'
      for (const [input, refusal] of [
        [{ repositoryName: null }, invalid('repositoryName', 'must not be null')],
        [{ registryAliasName: null }, invalid('registryAliasName', 'must not be null')],
        [{ repositoryName: 'a' }, invalid('repositoryName', 'must have length greater than or equal to 2')],
        ...[
          'App',
          'a//b',
          '/ab',
          'ab/',
          'a b',
          'a..b',
          'a/../b',
          '%2e%2e',
          'a\0b',
          '-ab',
          'ab\n',
          '__proto__',
          'аpp',
        ].map(
          (repositoryName) =>
            [
              { repositoryName },
              invalid('repositoryName', `must satisfy regular expression '${namePattern}'`),
            ] as const,
        ),
        ...[account, 'Corp', 'a_', 'corp/app', 'corp%', "corp'"].map(
          (registryAliasName) =>
            [
              { registryAliasName },
              invalid('registryAliasName', "must satisfy regular expression '^[a-z][a-z0-9]+(?:[._-][a-z0-9]+)*$'"),
            ] as const,
        ),
      ] as const) {
        await refusedToAll(operation, { ...good, ...input }, refusal)
      }
    })
  }
})
