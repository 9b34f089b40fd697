// SearchRepositoryCatalogData: what is found, in which order, and what of it is shown.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { searchRepositoryCatalogData } from '../../../src/operations/gallery/search-repository-catalog-data.ts'
import { batchDeleteImage } from '../../../src/operations/public/batch-delete-image.ts'
import { deleteRepository } from '../../../src/operations/public/delete-repository.ts'
import { putImage } from '../../../src/operations/public/put-image.ts'
import { putRegistryCatalogData } from '../../../src/operations/public/put-registry-catalog-data.ts'
import { putRepositoryCatalogData } from '../../../src/operations/public/put-repository-catalog-data.ts'
import { createRegistryAlias } from '../../../src/operations/admin/create-registry-alias.ts'
import { deleteRegistryAlias } from '../../../src/operations/admin/delete-registry-alias.ts'
import { putPrimaryRegistryAlias } from '../../../src/operations/admin/put-primary-registry-alias.ts'
import { putPublicRegistry } from '../../../src/operations/admin/put-public-registry.ts'
import { putRegistryAliasStatus } from '../../../src/operations/admin/put-registry-alias-status.ts'
import { digestOf } from '../../../src/lib/digest.ts'
import { account, otherAccount } from '../../support/registry.ts'
import { invalid, pngOf } from '../public/calls.ts'
import { emptyIndex, openGallery, registryNotFound, resultsOf, type Gallery } from './calls.ts'

const names = (found: readonly string[]) => found.map((address) => address.slice(address.indexOf('/') + 1))

describe('a repository is found', () => {
  test('from its first image to its last', async (t) => {
    const { call, found, given, registry, primaryAlias } = await openGallery(t)
    await given('app')
    assert.deepEqual(await found({}), [])
    await call(putImage, { repositoryName: 'app', ...emptyIndex, imageTag: 'v1' })
    const shown = [`${await primaryAlias()}/app`]
    assert.deepEqual([await found({}), await found({ searchTerm: 'app' })], [shown, shown])
    const imageManifest = JSON.stringify({ ...JSON.parse(emptyIndex.imageManifest), annotations: { a: 'b' } })
    await call(putImage, { repositoryName: 'app', ...emptyIndex, imageManifest })
    await call(batchDeleteImage, { repositoryName: 'app', imageIds: [{ imageTag: 'v1' }] })
    assert.deepEqual([await found({}), await found({ searchTerm: 'app' })], [shown, shown])
    const imageDigest = digestOf(imageManifest)
    await call(batchDeleteImage, { repositoryName: 'app', imageIds: [{ imageDigest }] })
    assert.deepEqual([await found({}), await found({ searchTerm: 'app' })], [[], []])
    await call(putImage, { repositoryName: 'app', ...emptyIndex })
    assert.deepEqual([await found({}), await found({ searchTerm: 'app' })], [shown, shown])
    await call(deleteRepository, { repositoryName: 'app', force: true })
    assert.deepEqual([await found({}), await found({ searchTerm: 'app' })], [[], []])
    // A private one of that name never is.
    assert.deepEqual(registry.backgroundErrors, [])
  })

  const description = 'The (fast) HTTP-server: 100% Ünïcode, 容器镜像 and snake_case\u0000tab'
  for (const [what, searchTerm, isFound] of [
    ['by its name', 'team/my-app', true],
    ['by the beginning of its name', 'tea', true],
    ['by a part of its name', 'my-app', true],
    ['by a smaller part', 'app', true],
    ['by a word of its description', 'server', true],
    ['by a word in brackets', 'fast', true],
    ['in any case', 'HTTP-SERVER', true],
    ['in any case of any letter', 'üNÏCODE', true],
    ['in another form of the same letters', 'u\u0308ni\u0308code', true],
    ['by words of another script, which has no spaces', '镜像', true],
    ['by words around a control character', 'tab snake_case', true],
    ['by several words in any order, of name and description', 'unicode app', false],
    ['by several words, all of which are there', 'ünï app fast', true],
    ['with space around', '  app\t\n', true],
    ['by everything that is nothing', ' ', true],
    ['not by the middle of a word', 'erver', false],
    ['not when one word is missing', 'app missing', false],
    ['by a percent sign where there is one', '100%', true],
    ['not by a percent sign as if it stood for anything', 'te%', false],
    ['not by a percent sign alone', '%', false],
    ['by an underscore where there is one', 'snake_', true],
    ['not by an underscore as if it stood for any letter', 't_am', false],
    ['not by an underscore alone', '_', false],
    ['not by stars and backslashes', 'te* \\', false],
    ['not by SQL', "' or 1=1 --", false],
    ['not by what marks its registry inside', `\u0001${account}`, false],
    ['not by the number of its account', account, false],
  ] as const) {
    test(`${what}: ${JSON.stringify(searchTerm)}`, async (t) => {
      const { found, shown } = await openGallery(t)
      await shown('team/my-app', { description })
      assert.deepEqual(names(await found({ searchTerm })), isFound ? ['team/my-app'] : [])
    })
  }

  test('by its new description and not by its old one', async (t) => {
    const { call, found, shown } = await openGallery(t)
    await shown('app', { description: 'before', architectures: ['ARM'] })
    const catalogData = { description: 'after', architectures: ['x86'] }
    await call(putRepositoryCatalogData, { repositoryName: 'app', catalogData })
    assert.deepEqual(
      [await found({ searchTerm: 'before' }), names(await found({ searchTerm: 'after' }))],
      [[], ['app']],
    )
    const withFilter = (name: string) => found({ searchTerm: 'app', filters: { architectures: [name] } })
    assert.deepEqual([await withFilter('ARM'), names(await withFilter('x86'))], [[], ['app']])
  })

  test('by a description that came before its first image', async (t) => {
    const { call, found, given } = await openGallery(t)
    await given('app')
    await call(putRepositoryCatalogData, { repositoryName: 'app', catalogData: { description: 'early' } })
    assert.deepEqual(await found({ searchTerm: 'early' }), [])
    await call(putImage, { repositoryName: 'app', ...emptyIndex })
    assert.deepEqual(names(await found({ searchTerm: 'early' })), ['app'])
  })

  test('by every active alias of its registry and by no other, with the name or without', async (t) => {
    const { call, found, shown, primaryAlias } = await openGallery(t)
    await shown('app')
    await shown('their-app', undefined, otherAccount)
    const find = async (searchTerm: string) => names(await found({ searchTerm }))
    assert.deepEqual(await find(await primaryAlias()), ['app'])
    assert.deepEqual(await find(`${await primaryAlias(otherAccount)}/their`), ['their-app'])
    await call(createRegistryAlias, { registryId: account, name: 'example-corp', status: 'PENDING' })
    assert.deepEqual(await find('example-corp'), [])
    const judge = (status: string) => call(putRegistryAliasStatus, { name: 'example-corp', status })
    await judge('ACTIVE')
    // One that is shown from now on has the alias too.
    await shown('later')
    for (const term of ['example-corp', 'corp', 'EXAMPLE', 'example-corp/']) {
      assert.deepEqual(await find(term), ['app', 'later'], term)
    }
    assert.deepEqual(await find('example-corp/ap'), ['app'])
    assert.deepEqual(await find('example-corp late'), ['later'])
    await judge('REJECTED')
    assert.deepEqual(await find('example-corp'), [])
    await judge('ACTIVE')
    assert.deepEqual(await find('corp'), ['app', 'later'])
    await call(deleteRegistryAlias, { name: 'example-corp' })
    assert.deepEqual(await find('corp'), [])
    assert.deepEqual(await find('app'), ['app', 'their-app'])
  })
})

describe('what is found', () => {
  test('is shown with the primary alias; name and logo for verified registries only', async (t) => {
    const { ask, call, shown, primaryAlias } = await openGallery(t)
    await shown('app', {
      description: 'An app',
      architectures: ['x86-64', 'MIPS', 'ARM'],
      operatingSystems: ['Plan 9', 'Linux'],
      logoImageBlob: pngOf(60, 60).toString('base64'),
      aboutText: 'not for lists',
    })
    await shown('bare')
    await call(putRegistryCatalogData, { displayName: 'Example Corp' })
    const plain = {
      repositoryName: 'app',
      primaryRegistryAliasName: await primaryAlias(),
      repositoryDescription: 'An app',
      operatingSystems: ['Linux'],
      architectures: ['ARM', 'x86-64'],
      registryVerified: false,
      downloadCount: 0,
    }
    const bare = {
      repositoryName: 'bare',
      primaryRegistryAliasName: plain.primaryRegistryAliasName,
      operatingSystems: [],
      architectures: [],
      registryVerified: false,
      downloadCount: 0,
    }
    const search = () => ask(searchRepositoryCatalogData, {})
    assert.deepEqual(await search(), { repositoryCatalogSearchResultList: [plain, bare], totalResults: 2 })
    await call(putPublicRegistry, { registryId: account, verified: true })
    await call(createRegistryAlias, { registryId: account, name: 'example-corp', status: 'ACTIVE' })
    await call(putPrimaryRegistryAlias, { name: 'example-corp' })
    const [first, second] = resultsOf(await search())
    const { logoUrl, ...rest } = first ?? {}
    const more = { registryVerified: true, displayName: 'Example Corp', primaryRegistryAliasName: 'example-corp' }
    assert.match(String(logoUrl), /^http:\/\/localhost:4511\/logo\/[0-9a-f-]{81}\.png$/)
    assert.deepEqual(
      [rest, second],
      [
        { ...plain, ...more },
        { ...bare, ...more },
      ],
    )
    await call(putPublicRegistry, { registryId: account, verified: false })
    assert.deepEqual(resultsOf(await search())[0], { ...plain, primaryRegistryAliasName: 'example-corp' })
  })

  /** Four repositories of two registries, the other one verified. */
  async function givenFour(t: Parameters<typeof openGallery>[0]): Promise<Gallery> {
    const opened = await openGallery(t)
    const { shown, call, registry } = opened
    await shown('linux-arm', { architectures: ['ARM'], operatingSystems: ['Linux'] })
    registry.advance(1000)
    await shown('windows-x86', { architectures: ['x86', 'x86-64'], operatingSystems: ['Windows'] }, otherAccount)
    registry.advance(1000)
    await shown('both', { architectures: ['ARM 64', 'x86'], operatingSystems: ['Windows', 'Linux'] })
    registry.advance(1000)
    await shown('app', {}, otherAccount)
    await call(putPublicRegistry, { registryId: otherAccount, verified: true })
    return opened
  }

  test('fits the filters: one of each list, and all of the lists', async (t) => {
    const { found } = await givenFour(t)
    for (const [filters, expected] of [
      [{}, ['app', 'both', 'linux-arm', 'windows-x86']],
      [{ verified: true }, ['app', 'windows-x86']],
      [{ verified: false }, ['both', 'linux-arm']],
      [{ architectures: ['x86'] }, ['both', 'windows-x86']],
      [{ architectures: ['ARM', 'ARM 64'] }, ['both', 'linux-arm']],
      [{ architectures: ['ARM', 'ARM'] }, ['linux-arm']],
      [{ architectures: [] }, ['app', 'both', 'linux-arm', 'windows-x86']],
      [{ operatingSystems: ['Linux'] }, ['both', 'linux-arm']],
      [{ operatingSystems: ['Linux', 'Windows'], architectures: ['x86-64'] }, ['windows-x86']],
      [{ operatingSystems: ['Linux'], architectures: ['x86'], verified: true }, []],
    ] as const) {
      assert.deepEqual(names(await found({ filters })), expected, JSON.stringify(filters))
    }
    assert.deepEqual(names(await found({ searchTerm: 'bot', filters: { verified: false } })), ['both'])
  })

  test('is of one registry, when its alias is given: any that is active', async (t) => {
    const { found, primaryAlias, call, refusedToAll } = await givenFour(t)
    const other = await primaryAlias(otherAccount)
    await call(createRegistryAlias, { registryId: otherAccount, name: 'example-corp', status: 'ACTIVE' })
    for (const registryAliasName of [other, 'example-corp']) {
      assert.deepEqual(await found({ registryAliasName }), [`${other}/app`, `${other}/windows-x86`])
      assert.deepEqual(await found({ registryAliasName, searchTerm: 'win' }), [`${other}/windows-x86`])
    }
    await call(createRegistryAlias, { registryId: account, name: 'coming-soon', status: 'PENDING' })
    for (const registryAliasName of ['nobody', 'coming-soon']) {
      await refusedToAll(searchRepositoryCatalogData, { registryAliasName }, registryNotFound(registryAliasName))
    }
  })

  test('comes in each order, both ways', async (t) => {
    const { found, registry, call } = await givenFour(t)
    const { services } = registry
    const all = await services.metadata.read.gallery.page(
      { words: [], verified: undefined, architectures: [], operatingSystems: [], order: 'NAME', backwards: false },
      4,
      undefined,
      10,
    )
    assert.equal(all.length, 4)
    // Downloads: both 2, linux-arm 1, the others none.
    for (const [name, count] of [
      ['both', 2],
      ['linux-arm', 1],
    ] as const) {
      const found = await services.metadata.read.repositories.find(
        { kind: 'public', accountId: account, region: '' },
        name,
      )
      await services.metadata.write((tx) => tx.gallery.addDownloads(found?.id ?? '', count))
    }
    // Pushed once more, and so the last.
    registry.advance(1000)
    await call(putImage, { repositoryName: 'linux-arm', ...emptyIndex, imageTag: 'again' })
    for (const [sortConfiguration, expected] of [
      [{}, ['both', 'linux-arm', 'app', 'windows-x86']],
      [{ sortKey: 'POPULARITY' }, ['both', 'linux-arm', 'app', 'windows-x86']],
      [{ sortKey: 'POPULARITY', sortOrder: 'ASC' }, ['windows-x86', 'app', 'linux-arm', 'both']],
      [{ sortKey: 'NAME' }, ['app', 'both', 'linux-arm', 'windows-x86']],
      [{ sortKey: 'NAME', sortOrder: 'DESC' }, ['windows-x86', 'linux-arm', 'both', 'app']],
      [{ sortKey: 'DATE' }, ['linux-arm', 'app', 'both', 'windows-x86']],
      [{ sortKey: 'DATE', sortOrder: 'ASC' }, ['windows-x86', 'both', 'app', 'linux-arm']],
    ] as const) {
      assert.deepEqual(names(await found({ sortConfiguration })), expected, JSON.stringify(sortConfiguration))
    }
  })
})

describe('pages', () => {
  test('add up, where many are alike as well, and each tells the total', async (t) => {
    const { ask, shown } = await openGallery(t)
    const made = Array.from({ length: 7 }, (_, at) => `app-${at}`)
    for (const name of made) await shown(name)
    for (const sortKey of ['POPULARITY', 'NAME', 'DATE']) {
      for (const searchTerm of ['', 'app']) {
        const found: unknown[] = []
        let nextToken: unknown
        do {
          const input = { searchTerm, sortConfiguration: { sortKey }, maxResults: 3, nextToken }
          const answer = await ask(searchRepositoryCatalogData, input)
          assert.equal(answer['totalResults'], 7)
          found.push(...resultsOf(answer).map((result) => result['repositoryName']))
          nextToken = answer['nextToken']
        } while (nextToken !== undefined)
        assert.deepEqual(found, made)
      }
    }
  })

  test('tokens are good for the same search only', async (t) => {
    const { ask, refusedToAll, shown, primaryAlias, registry, refused } = await openGallery(t)
    for (const name of ['app', 'apple']) await shown(name)
    const input = { searchTerm: 'app', maxResults: 1 }
    const { nextToken } = await ask(searchRepositoryCatalogData, input)
    assert.equal(typeof nextToken, 'string')
    const bad = invalid('nextToken', 'Invalid token')
    for (const other of [
      { searchTerm: 'appl' },
      { searchTerm: '' },
      { filters: { verified: false } },
      { filters: { architectures: ['ARM'] } },
      { filters: { operatingSystems: ['Linux'] } },
      { sortConfiguration: { sortKey: 'NAME' } },
      { sortConfiguration: { sortOrder: 'ASC' } },
      { registryAliasName: await primaryAlias() },
      { nextToken: 'forged' },
    ]) {
      await refusedToAll(searchRepositoryCatalogData, { ...input, nextToken, ...other }, bad)
    }
    await refused(searchRepositoryCatalogData, { ...input, nextToken }, bad) // somebody with an account
    const same = { ...input, searchTerm: ' APP ', maxResults: 5, filters: {}, nextToken }
    assert.equal(resultsOf(await ask(searchRepositoryCatalogData, same)).length, 1)
    registry.advance(24 * 60 * 60 * 1000 + 1)
    await refusedToAll(searchRepositoryCatalogData, { ...input, nextToken }, bad)
  })
})

test('questions that are none', async (t) => {
  const { refusedToAll, ask, found, shown } = await openGallery(t)
  const oneOf = (values: string) => `Member must satisfy enum value set: [${values}]`
  for (const [input, refusal] of [
    [{ maxResults: 0 }, invalid('maxResults', 'Member must have value greater than or equal to 1')],
    [{ maxResults: 1001 }, invalid('maxResults', 'Member must have value less than or equal to 1000')],
    [{ searchTerm: 'a'.repeat(257) }, invalid('searchTerm', 'must have length less than or equal to 256')],
    [{ searchTerm: 'a b c d e f g h i j k' }, invalid('searchTerm', 'Member must have at most 10 words')],
    [{ registryAliasName: 'a' }, invalid('registryAliasName', 'must have length greater than or equal to 2')],
    [
      { registryAliasName: account },
      invalid('registryAliasName', "must satisfy regular expression '^[a-z][a-z0-9]+(?:[._-][a-z0-9]+)*$'"),
    ],
    [
      { sortConfiguration: { sortKey: 'popularity' } },
      invalid('sortConfiguration.sortKey', oneOf('POPULARITY, NAME, DATE')),
    ],
    [{ sortConfiguration: { sortOrder: 'UP' } }, invalid('sortConfiguration.sortOrder', oneOf('ASC, DESC'))],
    [
      { filters: { architectures: ['arm'] } },
      invalid('filters.architectures.1.member', oneOf('ARM, ARM 64, x86, x86-64')),
    ],
    [
      { filters: { operatingSystems: Array(11).fill('Linux') } },
      invalid('filters.operatingSystems', 'must have length less than or equal to 10'),
    ],
  ] as const) {
    await refusedToAll(searchRepositoryCatalogData, input, refusal)
  }
  await shown('app')
  assert.deepEqual(names(await found({ searchTerm: 'a ap app app a a a a a a a a a a a a' })), ['app'])
  const answer = await ask(searchRepositoryCatalogData, { maxResults: null, nextToken: null, filters: null })
  assert.deepEqual(Object.keys(answer), ['repositoryCatalogSearchResultList', 'totalResults'])
})
