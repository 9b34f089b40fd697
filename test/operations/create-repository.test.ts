// CreateRepository: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'

import { createRepository } from '../../src/operations/private/create-repository.ts'
import { describeRepositories } from '../../src/operations/private/describe-repositories.ts'
import { listTagsForResource } from '../../src/operations/private/list-tags-for-resource.ts'
import { account, otherAccount, rootOf } from '../support/registry.ts'
import { assertRefused, call, openRegistry } from './calls.ts'
import { resourceTags } from './refusals.ts'

const registry = await openRegistry({ after })
const create = (json: unknown) => call(registry, createRepository, json)
const noonSeconds = Date.UTC(2026, 10, 21, 12) / 1000

/** A new repository's whole answer, with the defaults. */
function created(name: string, more: Readonly<Record<string, unknown>> = {}): unknown {
  return {
    repository: {
      repositoryArn: `arn:aws:ecr:us-east-1:${account}:repository/${name}`,
      registryId: account,
      repositoryName: name,
      repositoryUri: `localhost:4510/${name}`,
      createdAt: noonSeconds,
      imageTagMutability: 'MUTABLE',
      imageScanningConfiguration: { scanOnPush: false },
      encryptionConfiguration: { encryptionType: 'AES256' },
      ...more,
    },
  }
}

describe('what is created', () => {
  test('a name alone gets the defaults, and is described the same', async () => {
    const answer = await create({ repositoryName: 'team/defaults' })
    assert.deepEqual(answer, created('team/defaults'))
    assert.deepEqual(
      { repositories: [(answer as { repository: unknown }).repository] }, // just compared
      await call(registry, describeRepositories, { repositoryNames: ['team/defaults'] }),
    )
  })

  test('one with every setting is kept and described with them', async () => {
    const filters = [
      { filterType: 'WILDCARD', filter: 'latest' },
      { filterType: 'WILDCARD', filter: 'dev-*' },
    ]
    const settings = {
      imageTagMutability: 'IMMUTABLE_WITH_EXCLUSION',
      imageTagMutabilityExclusionFilters: filters,
      imageScanningConfiguration: { scanOnPush: true },
    }
    const tags = [
      { Key: 'team', Value: 'blue' },
      { Key: 'empty', Value: '' },
    ]
    assert.deepEqual(
      await create({ registryId: account, repositoryName: 'full', tags, ...settings }),
      created('full', settings),
    )
    const described = await call(registry, describeRepositories, { repositoryNames: ['full'] })
    const { repository } = created('full', settings) as { repository: unknown } // made above
    assert.deepEqual(described, { repositories: [repository] })
    const resourceArn = `arn:aws:ecr:us-east-1:${account}:repository/full`
    assert.deepEqual(await call(registry, listTagsForResource, { resourceArn }), { tags: tags.toReversed() })
  })

  test('an empty scanning configuration means no scan: the Go SDK leaves a false out', async () => {
    assert.deepEqual(await create({ repositoryName: 'go-sdk', imageScanningConfiguration: {} }), created('go-sdk'))
  })

  for (const mode of ['MUTABLE', 'IMMUTABLE']) {
    test(`${mode} without filters, or with null for them`, async () => {
      const repositoryName = `plain-${mode.toLowerCase()}`
      assert.deepEqual(
        await create({ repositoryName, imageTagMutability: mode, imageTagMutabilityExclusionFilters: null }),
        created(repositoryName, { imageTagMutability: mode }),
      )
    })
  }

  test('J25 members that nobody may set are ignored', async () => {
    const extra = {
      createdAt: 0,
      repositoryArn: 'arn:x',
      repositoryUri: 'evil/x',
      role: 'admin',
      isAdmin: true,
      id: '1',
    }
    assert.deepEqual(await create({ repositoryName: 'assigned', ...extra }), created('assigned'))
  })

  test('the same name in another region and in another account is another repository', async () => {
    await create({ repositoryName: 'everywhere' })
    const inRegion = registry.ctx({ region: 'eu-west-1' })
    const inAccount = registry.ctx({ caller: rootOf(otherAccount) })
    assert.deepEqual(
      await call(registry, createRepository, { repositoryName: 'everywhere' }, inRegion),
      created('everywhere', {
        repositoryArn: `arn:aws:ecr:eu-west-1:${account}:repository/everywhere`,
        repositoryUri: `${account}.dkr.ecr.eu-west-1.localhost:4510/everywhere`,
      }),
    )
    assert.deepEqual(
      await call(registry, createRepository, { repositoryName: 'everywhere' }, inAccount),
      created('everywhere', {
        repositoryArn: `arn:aws:ecr:us-east-1:${otherAccount}:repository/everywhere`,
        registryId: otherAccount,
        repositoryUri: `${otherAccount}.dkr.ecr.us-east-1.localhost:4510/everywhere`,
      }),
    )
  })

  for (const [region, partition] of [
    ['cn-north-1', 'aws-cn'],
    ['us-gov-west-1', 'aws-us-gov'],
  ] as const) {
    test(`the ARN in ${region} is of the partition ${partition}`, async () => {
      assert.deepEqual(
        await call(registry, createRepository, { repositoryName: 'far' }, registry.ctx({ region })),
        created('far', {
          repositoryArn: `arn:${partition}:ecr:${region}:${account}:repository/far`,
          repositoryUri: `${account}.dkr.ecr.${region}.localhost:4510/far`,
        }),
      )
    })
  }
})

for (const repositoryName of ['aa', '0a', 'a/b', 'a__b', 'a---b', 'a.b_c-d/e', 'constructor', 'a'.repeat(256)]) {
  test(`the name ${repositoryName.slice(0, 40)} is one`, async () => {
    assert.deepEqual(await create({ repositoryName }), created(repositoryName))
  })
}

describe('encryption', () => {
  const keyId = '1234abcd-12ab-34cd-56ef-1234567890ab'
  const keyArn = `arn:aws:kms:us-east-1:${account}:key/${keyId}`

  for (const { what, given, reported } of [
    { what: 'a key id', given: keyId, reported: keyArn },
    { what: 'a key ARN', given: keyArn, reported: keyArn },
    {
      what: 'a key ARN of another account',
      given: `arn:aws:kms:us-east-1:${otherAccount}:key/${keyId}`,
      reported: `arn:aws:kms:us-east-1:${otherAccount}:key/${keyId}`,
    },
  ]) {
    test(`${what} is reported as an ARN`, async () => {
      const repositoryName = what.replaceAll(' ', '-').toLowerCase()
      assert.deepEqual(
        await create({ repositoryName, encryptionConfiguration: { encryptionType: 'KMS', kmsKey: given } }),
        created(repositoryName, { encryptionConfiguration: { encryptionType: 'KMS', kmsKey: reported } }),
      )
    })
  }

  test('no key means the managed one, an alias means a key: each always the same', async () => {
    const keyOf = async (repositoryName: string, kmsKey?: string) => {
      const encryptionConfiguration = { encryptionType: 'KMS', kmsKey } as const
      const { repository } = await registry.perform(createRepository, { repositoryName, encryptionConfiguration })
      return repository?.encryptionConfiguration?.kmsKey ?? ''
    }
    const managed = await keyOf('managed')
    const team = await keyOf('alias-team', 'alias/team')
    assert.match(
      managed,
      new RegExp(`^arn:aws:kms:us-east-1:${account}:key/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`),
    )
    assert.equal(await keyOf('alias-managed', 'alias/aws/ecr'), managed)
    assert.equal(await keyOf('alias-team-arn', `arn:aws:kms:us-east-1:${account}:alias/team`), team)
    assert.notEqual(team, managed)
  })

  test('KMS_DSSE in GovCloud', async () => {
    const encryptionConfiguration = {
      encryptionType: 'KMS_DSSE',
      kmsKey: `arn:aws-us-gov:kms:us-gov-west-1:${account}:key/${keyId}`,
    }
    const ctx = registry.ctx({ region: 'us-gov-west-1' })
    assert.deepEqual(
      await call(registry, createRepository, { repositoryName: 'dsse', encryptionConfiguration }, ctx),
      created('dsse', {
        repositoryArn: `arn:aws-us-gov:ecr:us-gov-west-1:${account}:repository/dsse`,
        repositoryUri: `${account}.dkr.ecr.us-gov-west-1.localhost:4510/dsse`,
        encryptionConfiguration,
      }),
    )
  })
})

test('50 tags, of the longest keys and values', async () => {
  assert.deepEqual(await create({ repositoryName: 'fifty', tags: resourceTags(50) }), created('fifty'))
})

describe('what is there already', () => {
  test('the same name again: RepositoryAlreadyExistsException, and the first one stays as it is', async () => {
    await create({ repositoryName: 'twice' })
    await assertRefused(
      registry,
      createRepository,
      { repositoryName: 'twice', imageTagMutability: 'IMMUTABLE' },
      {
        name: 'RepositoryAlreadyExistsException',
        message: `The repository with name 'twice' already exists in the registry with id '${account}'`,
      },
    )
    const { repository } = created('twice') as { repository: unknown } // made above
    assert.deepEqual(await call(registry, describeRepositories, { repositoryNames: ['twice'] }), {
      repositories: [repository],
    })
  })

  test('20 at once: one is created, the others are told that it exists', async () => {
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => create({ repositoryName: 'race' })))
    const refusals = results.filter((result) => result.status === 'rejected').map(({ reason }) => String(reason))
    const sentence = `RepositoryAlreadyExistsException: The repository with name 'race' already exists in the registry with id '${account}'`
    assert.deepEqual(
      refusals,
      Array.from({ length: 19 }, () => sentence),
    )
  })

  test('as many as the quota allows: LimitExceededException, in this registry alone', async (t) => {
    const small = await openRegistry(t, { limits: { repositoriesPerRegistry: 2 } })
    for (const repositoryName of ['one', 'two']) await call(small, createRepository, { repositoryName })
    await assertRefused(
      small,
      createRepository,
      { repositoryName: 'three' },
      {
        name: 'LimitExceededException',
        message: `The registry with id '${account}' already has the maximum allowed number of repositories which is '2'`,
      },
    )
    await call(small, createRepository, { repositoryName: 'three' }, small.ctx({ region: 'eu-west-1' }))
  })
})
