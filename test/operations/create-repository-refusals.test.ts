// What CreateRepository refuses, each time without creating anything.

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'

import { createRepository } from '../../src/operations/private/create-repository.ts'
import { describeRepositories } from '../../src/operations/private/describe-repositories.ts'
import { account, otherAccount, rootOf } from '../support/registry.ts'
import { assertRefused, call, invalid, openRegistry, type Refusal, wrongType } from './calls.ts'
import { badResourceTags, denied } from './refusals.ts'

const registry = await openRegistry({ after })

async function refuses(json: unknown, refusal: Refusal): Promise<void> {
  await assertRefused(registry, createRepository, json, refusal)
  assert.deepEqual(await call(registry, describeRepositories, {}), { repositories: [] })
}

const malformed = invalid(
  'repositoryName',
  "must satisfy regular expression '(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*'",
)

describe('names and constraints', () => {
  const tooShort = invalid('repositoryName', 'must have length greater than or equal to 2')
  const tooLong = invalid('repositoryName', 'must have length less than or equal to 256')

  for (const [repositoryName, refusal] of [
    ['', tooShort],
    ['a', tooShort],
    ['a'.repeat(257), tooLong],
    ...[
      'A/b',
      'a//b',
      '/a',
      'a/',
      'a..b',
      'a/../b',
      '../b',
      '%2e%2e',
      'a\0b',
      '-a',
      'a-',
      'a b',
      ' ab',
      'аpp',
      'ａpp',
      'a\u200bb',
      'a\nb',
      'ab\n',
      '__proto__',
      'a___b',
      'a._b',
      'a:b',
      'a@b',
      "a'; drop table repository; --",
      'a%',
      'a\\b',
    ].map((name) => [name, malformed] as const),
  ] as const) {
    test(`J8 the name ${JSON.stringify(repositoryName).slice(0, 40)}: InvalidParameterException`, () =>
      refuses({ repositoryName }, refusal))
  }

  test('J8 near misses of any length are refused at once', async () => {
    const before = process.cpuUsage()
    await refuses({ repositoryName: `${'a'.repeat(256 * 1024)}!` }, tooLong)
    for (const piece of ['a', 'a-', 'a--', 'a__', 'a/', 'a.a/']) {
      const repositoryName = `${piece.repeat(255 / piece.length)}!`
      await refuses({ repositoryName }, malformed)
    }
    assert.ok(process.cpuUsage(before).user < 250_000) // backtracking over 256 characters would take hours
  })

  const filter = (text: string) => ({ filterType: 'WILDCARD', filter: text })
  const modes =
    'Member must satisfy enum value set: [MUTABLE, IMMUTABLE, IMMUTABLE_WITH_EXCLUSION, MUTABLE_WITH_EXCLUSION]'
  for (const { what, json, refusal } of [
    { what: 'no name', json: { repositoryName: null }, refusal: invalid('repositoryName', 'must not be null') },
    {
      what: 'J9 a registry id of one digit',
      json: { registryId: '1' },
      refusal: invalid('registryId', "must satisfy regular expression '[0-9]{12}'"),
    },
    {
      what: 'J9 a registry id of 12 digits and a line end',
      json: { registryId: `${account}\n` },
      refusal: invalid('registryId', "must satisfy regular expression '[0-9]{12}'"),
    },
    {
      what: 'an unknown mode',
      json: { imageTagMutability: 'mutable' },
      refusal: invalid('imageTagMutability', modes),
    },
    {
      what: 'an empty list of filters',
      json: { imageTagMutabilityExclusionFilters: [] },
      refusal: invalid('imageTagMutabilityExclusionFilters', 'must have length greater than or equal to 1'),
    },
    {
      what: 'six filters',
      json: { imageTagMutabilityExclusionFilters: 'abcdef'.split('').map(filter) },
      refusal: invalid('imageTagMutabilityExclusionFilters', 'must have length less than or equal to 5'),
    },
    {
      what: 'a filter that is a regular expression',
      json: { imageTagMutabilityExclusionFilters: [filter('ok'), filter('[a-z]+')] },
      refusal: invalid(
        'imageTagMutabilityExclusionFilters.2.member.filter',
        "must satisfy regular expression '^[0-9a-zA-Z._*-]{1,128}$'",
      ),
    },
    {
      what: 'a filter of an unknown type',
      json: { imageTagMutabilityExclusionFilters: [{ filterType: 'REGEX', filter: 'a' }] },
      refusal: invalid(
        'imageTagMutabilityExclusionFilters.1.member.filterType',
        'Member must satisfy enum value set: [WILDCARD]',
      ),
    },
    {
      what: 'filters with no mode',
      json: { imageTagMutabilityExclusionFilters: [filter('a')] },
      refusal: invalid(
        'ImageTagMutabilityExclusionFilters',
        'ImageTagMutabilityExclusionFilters must be null when imageTagMutability is set as MUTABLE',
      ),
    },
    {
      what: 'an exclusion without filters',
      json: { imageTagMutability: 'IMMUTABLE_WITH_EXCLUSION' },
      refusal: invalid(
        'ImageTagMutabilityExclusionFilters',
        "ImageTagMutabilityExclusionFilters can't be null when imageTagMutability is set as IMMUTABLE_WITH_EXCLUSION",
      ),
    },
    {
      what: 'a tag without a value',
      json: { tags: [{ Key: 'a' }] },
      refusal: invalid('tags.1.member.Value', 'must not be null'),
    },
  ]) {
    test(`${what}: InvalidParameterException`, () => refuses({ repositoryName: 'mode', ...json }, refusal))
  }
})

describe('types', () => {
  for (const json of [null, []]) {
    test(`The request body must be an object, not ${JSON.stringify(json)}`, () =>
      refuses(json, wrongType('The request body must be an object')))
  }
  for (const [json, message] of [
    [{ repositoryName: 12 }, 'repositoryName must be a string'],
    [{ repositoryName: 'a\ud800' }, 'repositoryName holds a lone surrogate'],
    [{ registryId: 123456789012 }, 'registryId must be a string'],
    [{ tags: {} }, 'tags must be a list'],
    [{ tags: ['a'] }, 'tags.1 must be an object'],
    [{ tags: [{ Key: 'a', Value: 1 }] }, 'tags.1.Value must be a string'],
    [{ imageTagMutability: true }, 'imageTagMutability must be a string'],
    [{ imageScanningConfiguration: true }, 'imageScanningConfiguration must be an object'],
    [{ imageScanningConfiguration: { scanOnPush: 'true' } }, 'imageScanningConfiguration.scanOnPush must be a boolean'],
    [{ encryptionConfiguration: 'KMS' }, 'encryptionConfiguration must be an object'],
  ] as const) {
    test(`${message}, not ${JSON.stringify(json)}`, () =>
      refuses({ repositoryName: 'types', ...json }, wrongType(message)))
  }
})

describe('encryption', () => {
  const keyId = '1234abcd-12ab-34cd-56ef-1234567890ab'
  const keyArn = `arn:aws:kms:us-east-1:${account}:key/${keyId}`
  const kms = (kmsError: string): Refusal => ({
    name: 'KmsException',
    message: `The operation failed due to a KMS exception: ${kmsError}`,
    members: { kmsError },
  })

  for (const { what, encryptionConfiguration, refusal } of [
    {
      what: 'no type',
      encryptionConfiguration: {},
      refusal: invalid('encryptionConfiguration.encryptionType', 'must not be null'),
    },
    {
      what: 'an unknown type',
      encryptionConfiguration: { encryptionType: 'ROT13' },
      refusal: invalid(
        'encryptionConfiguration.encryptionType',
        'Member must satisfy enum value set: [AES256, KMS, KMS_DSSE]',
      ),
    },
    {
      what: 'an empty key',
      encryptionConfiguration: { encryptionType: 'KMS', kmsKey: '' },
      refusal: invalid('encryptionConfiguration.kmsKey', 'must have length greater than or equal to 1'),
    },
    {
      what: 'a key of 2,049 characters',
      encryptionConfiguration: { encryptionType: 'KMS', kmsKey: 'k'.repeat(2049) },
      refusal: invalid('encryptionConfiguration.kmsKey', 'must have length less than or equal to 2048'),
    },
    {
      what: 'a key for AES256',
      encryptionConfiguration: { encryptionType: 'AES256', kmsKey: keyId },
      refusal: invalid('kmsKey', 'must be null when encryptionType is AES256'),
    },
    {
      what: 'KMS_DSSE outside of GovCloud',
      encryptionConfiguration: { encryptionType: 'KMS_DSSE' },
      refusal: invalid('encryptionType', 'KMS_DSSE is only supported in AWS GovCloud (US) regions'),
    },
    {
      what: 'a key that is none',
      encryptionConfiguration: { encryptionType: 'KMS', kmsKey: 'not a key' },
      refusal: kms("the key 'not a key' is not valid"),
    },
    {
      what: 'a key of another region',
      encryptionConfiguration: { encryptionType: 'KMS', kmsKey: keyArn.replace('us-east-1', 'eu-west-1') },
      refusal: kms(`the key '${keyArn.replace('us-east-1', 'eu-west-1')}' is not in the region of the repository`),
    },
  ]) {
    test(`${what}: ${refusal.name}`, () => refuses({ repositoryName: 'encrypted', encryptionConfiguration }, refusal))
  }
})

for (const { what, tags, refusal } of badResourceTags) {
  test(`J26 ${what}: ${refusal.name}`, () => refuses({ repositoryName: 'tagged', tags }, refusal))
}

describe('J9 registries of others', () => {
  test('a registry of another account: AccessDeniedException', async () => {
    await refuses(
      { registryId: otherAccount, repositoryName: 'theirs' },
      denied(account, 'ecr:CreateRepository', `arn:aws:ecr:us-east-1:${otherAccount}:repository/theirs`),
    )
    const theirs = registry.ctx({ caller: rootOf(otherAccount) })
    assert.deepEqual(await call(registry, describeRepositories, {}, theirs), { repositories: [] })
  })
})
