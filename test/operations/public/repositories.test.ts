// CreateRepository, DescribeRepositories, DeleteRepository.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { createRepository } from '../../../src/operations/public/create-repository.ts'
import { deleteRepository } from '../../../src/operations/public/delete-repository.ts'
import { describeRegistries } from '../../../src/operations/public/describe-registries.ts'
import { describeRepositories } from '../../../src/operations/public/describe-repositories.ts'
import { createRepository as createPrivate } from '../../../src/operations/private/create-repository.ts'
import { getRepositoryPolicy } from '../../../src/operations/public/get-repository-policy.ts'
import { setRepositoryPolicy } from '../../../src/operations/public/set-repository-policy.ts'
import { listTagsForResource } from '../../../src/operations/public/list-tags-for-resource.ts'
import { account, otherAccount } from '../../support/registry.ts'
import { arnOf, denied, invalid, openPublic, repositoryNotFound, testRepositoryRules, type Input } from './calls.ts'
import { givenPublicImage } from './images.ts'

testRepositoryRules(createRepository, {}, 'none')
testRepositoryRules(deleteRepository, {}, 'account')

const createdAt = Date.UTC(2026, 10, 21, 12) / 1000

function shown(name: string, alias: string): Input {
  return {
    repositoryArn: arnOf(name),
    registryId: account,
    repositoryName: name,
    repositoryUri: `localhost:4511/${alias}/${name}`,
    createdAt,
  }
}

describe('CreateRepository', () => {
  test('a repository and empty catalog data; the first one brings the default alias, the second has it too', async (t) => {
    const { call, alias } = await openPublic(t)
    const first = await call(createRepository, { repositoryName: 'app' })
    const name = await alias()
    assert.match(name, /^([a-z][0-9]){4}$/)
    assert.deepEqual(first, { repository: shown('app', name), catalogData: {} })
    const second = await call(createRepository, { repositoryName: 'team/app.v1-x_y' })
    assert.deepEqual(second, { repository: shown('team/app.v1-x_y', name), catalogData: {} })
    assert.equal(((await call(describeRegistries, {})) as { registries: unknown[] }).registries.length, 1)
  })

  test('catalog data comes back as it was given', async (t) => {
    const { call } = await openPublic(t)
    const catalogData = {
      description: 'd'.repeat(1024),
      architectures: ['ARM', 'ARM 64', 'x86', 'x86-64', 'RISC-V'],
      operatingSystems: ['Linux', 'Windows'],
      aboutText: '# About <script>',
      usageText: 'ü'.repeat(25_600),
    }
    const { catalogData: answered } = await call(createRepository, { repositoryName: 'app', catalogData })
    assert.deepEqual(answered, catalogData)
  })

  test('tags come with it', async (t) => {
    const { call } = await openPublic(t)
    const tags = [{ Key: 'a', Value: '1' }, { Key: 'b' }]
    await call(createRepository, { repositoryName: 'app', tags })
    const listed = await call(listTagsForResource, { resourceArn: arnOf('app') })
    assert.deepEqual(listed, {
      tags: [
        { Key: 'a', Value: '1' },
        { Key: 'b', Value: '' },
      ],
    })
  })

  test('a name may be used again in another account and on the private side, not twice', async (t) => {
    const { registry, call, refused, ctx, given } = await openPublic(t)
    await given('app')
    await registry.perform(createPrivate, { repositoryName: 'app' })
    await call(createRepository, { repositoryName: 'app' }, ctx(otherAccount))
    await refused(
      createRepository,
      { repositoryName: 'app' },
      {
        name: 'RepositoryAlreadyExistsException',
        message: `The repository with name 'app' already exists in the registry with id '${account}'`,
      },
    )
  })

  test('first repositories made at the same moment share one alias', async (t) => {
    const { registry, given, call } = await openPublic(t)
    const names = ['aa', 'bb', 'cc', 'dd', 'ee']
    await Promise.all(names.map((name) => given(name)))
    const aliases = await registry.services.metadata.read.registries.aliases(account)
    assert.equal(aliases.length, 1)
    const { repositories } = await call(describeRepositories, {})
    assert.deepEqual(
      repositories,
      names.map((name) => shown(name, aliases[0]?.name ?? '')),
    )
  })

  test('an alias that is taken is not issued again', async (t) => {
    const { registry, call, ctx, given, alias } = await openPublic(t)
    await given('app')
    const taken = await alias()
    // The bytes that the taken alias was made of come first, then others.
    const bytesOf = (name: string) =>
      Buffer.from(Array.from(name, (one, at) => (at % 2 === 0 ? one.charCodeAt(0) - 97 : Number(one))))
    const drawn = [taken, 'z9y8x7w6'].map((name) => bytesOf(name).toString('hex'))
    const ids = { ...registry.services.ids, hex: () => drawn.shift() ?? assert.fail('more names than needed') }
    const created = await call(createRepository, { repositoryName: 'app' }, { ...ctx(otherAccount), ids })
    assert.equal((created['repository'] as Input)['repositoryUri'], 'localhost:4511/z9y8x7w6/app')
  })

  test('aliases of two accounts differ', async (t) => {
    const { registry, call, ctx, given } = await openPublic(t)
    await given('app')
    await call(createRepository, { repositoryName: 'app' }, ctx(otherAccount))
    const { registries } = registry.services.metadata.read
    const [[mine], [other]] = [await registries.aliases(account), await registries.aliases(otherAccount)]
    assert.ok(mine && other)
    assert.notEqual(mine.name, other.name)
  })

  test('no more repositories than the quota', async (t) => {
    const { registry, refused, given } = await openPublic(t, { repositoriesPerRegistry: 2 })
    await registry.perform(createPrivate, { repositoryName: 'private-ones-do-not-count' })
    await given('one', 'two')
    await refused(
      createRepository,
      { repositoryName: 'three' },
      {
        name: 'LimitExceededException',
        message: `The registry with id '${account}' already has the maximum allowed number of repositories which is '2'`,
      },
    )
  })

  test('a refusal leaves nothing behind, not even a registry', async (t) => {
    const { call, refused } = await openPublic(t)
    await refused(
      createRepository,
      { repositoryName: 'app', tags: [{ Key: 'aws:x', Value: '' }] },
      {
        name: 'InvalidTagParameterException',
        message: invalid('tagKey', 'aws: prefixed tag key names are not allowed for external use').message,
      },
    )
    assert.deepEqual(await call(describeRegistries, {}), { registries: [] })
    assert.deepEqual(await call(describeRepositories, {}), { repositories: [] })
  })

  test('tags that are none', async (t) => {
    const { refused } = await openPublic(t)
    const tagsOf = (count: number) => Array.from({ length: count }, (_, at) => ({ Key: `k${at}`, Value: '' }))
    const keyLength = invalid('tagKey', 'must have length between 1 and 128').message
    for (const [tags, refusal] of [
      [[{ Value: 'no key' }], { name: 'InvalidTagParameterException', message: keyLength }],
      [[{ Key: '', Value: '' }], invalid('tags.1.member.Key', 'must have length greater than or equal to 1')],
      [[{ Key: 'k'.repeat(129) }], invalid('tags.1.member.Key', 'must have length less than or equal to 128')],
      [
        [{ Key: 'k', Value: 'v'.repeat(257) }],
        invalid('tags.1.member.Value', 'must have length less than or equal to 256'),
      ],
      [tagsOf(201), invalid('tags', 'must have length less than or equal to 200')],
      [
        tagsOf(51),
        {
          name: 'TooManyTagsException',
          message:
            'The list of tags on the repository is over the limit. The maximum number of tags that can be applied to a repository is 50',
        },
      ],
    ] as const) {
      await refused(createRepository, { repositoryName: 'app', tags }, refusal)
    }
  })
})

describe('DescribeRepositories', () => {
  test('all of them by name, or those asked for in the order asked', async (t) => {
    const { call, alias, given } = await openPublic(t)
    assert.deepEqual(await call(describeRepositories, {}), { repositories: [] })
    await given('bb', 'cc', 'aa')
    const name = await alias()
    const all = ['aa', 'bb', 'cc'].map((one) => shown(one, name))
    assert.deepEqual(await call(describeRepositories, {}), { repositories: all })
    assert.deepEqual(await call(describeRepositories, { registryId: account }), { repositories: all })
    const some = await call(describeRepositories, { repositoryNames: ['cc', 'aa', 'cc'] })
    assert.deepEqual(some, { repositories: [shown('cc', name), shown('aa', name)] })
  })

  test('addresses have the alias that is primary now', async (t) => {
    const { registry, call, alias, given } = await openPublic(t)
    await given('app')
    const issued = await alias()
    await registry.services.metadata.write(async (tx) => {
      const own = {
        name: 'example',
        accountId: account,
        status: 'ACTIVE',
        primary: true,
        default: false,
        createdAtMs: 1,
      } as const
      await tx.registries.createAlias(own)
      await tx.registries.updateAlias(issued, { primary: false })
    })
    assert.deepEqual(await call(describeRepositories, {}), { repositories: [shown('app', 'example')] })
  })

  test('pages of any size add up to the whole', async (t) => {
    const { call, given } = await openPublic(t)
    await given('aa', 'bb', 'cc', 'dd')
    const whole = (await call(describeRepositories, {}))['repositories']
    for (const maxResults of [1, 2, 3, 4, 1000]) {
      const pages: unknown[] = []
      let nextToken: unknown = null
      do {
        const page: Input = await call(describeRepositories, { maxResults, nextToken })
        pages.push(...(page['repositories'] as unknown[]))
        nextToken = page['nextToken']
      } while (nextToken !== undefined)
      assert.deepEqual(pages, whole)
    }
  })

  test('what does not go together, and tokens of others', async (t) => {
    const { call, refused, ctx, given } = await openPublic(t)
    await given('aa', 'bb')
    const { nextToken } = await call(describeRepositories, { maxResults: 1 })
    const together = 'must be null when repositoryNames is specified'
    await refused(describeRepositories, { repositoryNames: ['aa'], nextToken }, invalid('nextToken', together))
    await refused(describeRepositories, { repositoryNames: ['aa'], maxResults: 1 }, invalid('maxResults', together))
    await refused(describeRepositories, { nextToken: 'x' }, invalid('nextToken', 'Invalid token'))
    await refused(describeRepositories, { nextToken }, invalid('nextToken', 'Invalid token'), ctx(otherAccount))
    const size = (bound: string) => invalid('maxResults', `Member must have value ${bound}`)
    await refused(describeRepositories, { maxResults: 0 }, size('greater than or equal to 1'))
    await refused(describeRepositories, { maxResults: 1001 }, size('less than or equal to 1000'))
  })

  test('names that are not there, or no names', async (t) => {
    const { refused, ctx, given } = await openPublic(t)
    await given('app')
    await refused(describeRepositories, { repositoryNames: ['app', 'none'] }, repositoryNotFound('none'))
    await refused(
      describeRepositories,
      { repositoryNames: [] },
      invalid('repositoryNames', 'must have length greater than or equal to 1'),
    )
    const tooMany = Array.from({ length: 101 }, (_, at) => `app${at}`)
    await refused(
      describeRepositories,
      { repositoryNames: tooMany },
      invalid('repositoryNames', 'must have length less than or equal to 100'),
    )
    await refused(
      describeRepositories,
      { registryId: account },
      denied('DescribeRepositories', arnOf('*')),
      ctx(otherAccount),
    )
    await refused(
      describeRepositories,
      { registryId: 'alias' },
      invalid('registryId', "must satisfy regular expression '^[0-9]{12}$'"),
    )
  })
})

describe('DeleteRepository', () => {
  test('an empty one goes with its policy and tags, and may be made again without them', async (t) => {
    const { call, refused, alias, given } = await openPublic(t)
    await call(createRepository, {
      repositoryName: 'app',
      tags: [{ Key: 'k', Value: 'v' }],
      catalogData: { description: 'd' },
    })
    const statement = { Effect: 'Allow', Principal: '*', Action: 'ecr-public:PutImage' }
    await call(setRepositoryPolicy, { repositoryName: 'app', policyText: JSON.stringify({ Statement: [statement] }) })
    const name = await alias()
    assert.deepEqual(await call(deleteRepository, { repositoryName: 'app' }), { repository: shown('app', name) })
    await refused(deleteRepository, { repositoryName: 'app' }, repositoryNotFound('app'))
    await given('app')
    assert.equal(await alias(), name)
    assert.deepEqual(await call(listTagsForResource, { resourceArn: arnOf('app') }), { tags: [] })
    await refused(
      getRepositoryPolicy,
      { repositoryName: 'app' },
      {
        name: 'RepositoryPolicyNotFoundException',
        message: `Repository policy does not exist for the repository with name 'app' in the registry with id '${account}'`,
      },
    )
  })

  test('one with images goes by force only', async (t) => {
    const opened = await openPublic(t)
    const { call, refused, given, alias } = opened
    await given('app')
    await givenPublicImage(opened, 'app', 'v1')
    const refusal = {
      name: 'RepositoryNotEmptyException',
      message: `The repository with name 'app' in registry with id '${account}' cannot be deleted because it still contains images`,
    }
    for (const force of [undefined, false]) await refused(deleteRepository, { repositoryName: 'app', force }, refusal)
    const deleted = await call(deleteRepository, { repositoryName: 'app', force: true })
    assert.deepEqual(deleted, { repository: shown('app', await alias()) })
    assert.deepEqual(await call(describeRepositories, {}), { repositories: [] })
  })
})
