// PutImageTagMutability: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImageTagMutability.html

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'

import { describeRepositories } from '../../src/operations/private/describe-repositories.ts'
import { putImage } from '../../src/operations/private/put-image.ts'
import { putImageTagMutability } from '../../src/operations/private/put-image-tag-mutability.ts'
import { account, givenImage, givenRepository } from '../support/registry.ts'
import { assertRefused, call, invalid, openRegistry, type Refusal, wrongType } from './calls.ts'
import { testRepositoryRules } from './repository-rules.ts'

testRepositoryRules(putImageTagMutability, 'PutImageTagMutability', { imageTagMutability: 'IMMUTABLE' })

const registry = await openRegistry({ after })
await givenRepository(registry, 'app')

const wildcards = (...filters: readonly string[]) => filters.map((filter) => ({ filterType: 'WILDCARD', filter }))
const put = (repositoryName: string, imageTagMutability: string, filters?: readonly unknown[]) =>
  call(registry, putImageTagMutability, {
    repositoryName,
    imageTagMutability,
    imageTagMutabilityExclusionFilters: filters,
  })

describe('the mode', () => {
  // In this order each row begins where the one before has ended: filters come, change and go.
  for (const [mode, filters] of [
    ['IMMUTABLE', undefined],
    ['IMMUTABLE_WITH_EXCLUSION', wildcards('z*', 'latest', 'a.b_c-D*', '*', '9')],
    ['MUTABLE_WITH_EXCLUSION', wildcards('v*')],
    ['IMMUTABLE_WITH_EXCLUSION', wildcards('x'.repeat(128))],
    ['MUTABLE', undefined],
  ] as const) {
    test(`${mode} with ${filters?.length ?? 'no'} filters is answered and described, in the order given`, async () => {
      const settings = {
        imageTagMutability: mode,
        ...(filters && { imageTagMutabilityExclusionFilters: filters }),
      }
      assert.deepEqual(await put('app', mode, filters), { registryId: account, repositoryName: 'app', ...settings })
      assert.deepEqual(await call(registry, describeRepositories, { repositoryNames: ['app'] }), {
        repositories: [
          {
            repositoryArn: `arn:aws:ecr:us-east-1:${account}:repository/app`,
            registryId: account,
            repositoryName: 'app',
            repositoryUri: 'localhost:4510/app',
            createdAt: Date.UTC(2026, 10, 21, 12) / 1000,
            ...settings,
            imageScanningConfiguration: { scanOnPush: false },
            encryptionConfiguration: { encryptionType: 'AES256' },
          },
        ],
      })
    })
  }
})

describe('which tags may move', () => {
  const repositoryWide = 'the repository is immutable'
  const oneTag = 'the tag is immutable'
  for (const { mode, filters, movable, fixed, because } of [
    { mode: 'MUTABLE', filters: undefined, movable: ['latest', 'v1'], fixed: [], because: '' },
    { mode: 'IMMUTABLE', filters: undefined, movable: [], fixed: ['latest', 'v1'], because: repositoryWide },
    {
      mode: 'IMMUTABLE_WITH_EXCLUSION',
      filters: wildcards('latest', 'dev-*'),
      movable: ['latest', 'dev-', 'dev-1'],
      fixed: ['latest2', 'dev', 'xdev-1', 'Latest'],
      because: oneTag,
    },
    {
      mode: 'MUTABLE_WITH_EXCLUSION',
      filters: wildcards('v*.*', '1_0'),
      movable: ['v1', '1x0', 'V1.0'],
      fixed: ['v1.0', 'v.', '1_0'],
      because: oneTag,
    },
  ] as const) {
    test(`${mode}: ${movable.length === 0 ? 'none' : movable.join(', ')}`, async () => {
      const repositoryName = mode.toLowerCase()
      await givenRepository(registry, repositoryName)
      const tags = [...movable, ...fixed]
      for (const tag of tags) await givenImage(registry, repositoryName, tag, `first ${tag}`)
      await put(repositoryName, mode, filters)
      const { manifest } = await givenImage(registry, repositoryName, undefined, 'second')
      for (const imageTag of movable)
        await registry.perform(putImage, { repositoryName, imageManifest: manifest, imageTag })
      for (const imageTag of fixed) {
        await assertRefused(
          registry,
          putImage,
          { repositoryName, imageManifest: manifest, imageTag },
          {
            name: 'ImageTagAlreadyExistsException',
            message: `The image tag '${imageTag}' already exists in the '${repositoryName}' repository and cannot be overwritten because ${because}.`,
          },
        )
      }
      await registry.perform(putImage, { repositoryName, imageManifest: manifest, imageTag: `new-${mode}` })
    })
  }
})

describe('what is refused', () => {
  const together = (constraint: string) =>
    invalid('ImageTagMutabilityExclusionFilters', `ImageTagMutabilityExclusionFilters ${constraint}`)
  const list = 'imageTagMutabilityExclusionFilters'
  const pattern = "must satisfy regular expression '^[0-9a-zA-Z._*-]{1,128}$'"
  const modes = '[MUTABLE, IMMUTABLE, IMMUTABLE_WITH_EXCLUSION, MUTABLE_WITH_EXCLUSION]'
  const excluding = (filters: unknown) => ['IMMUTABLE_WITH_EXCLUSION', filters] as const

  const rows: readonly (readonly [what: string, given: readonly [mode: unknown, filters: unknown], Refusal])[] = [
    ['no mode', [undefined, undefined], invalid('imageTagMutability', 'must not be null')],
    [
      'an unknown mode',
      ['FROZEN', undefined],
      invalid('imageTagMutability', `Member must satisfy enum value set: ${modes}`),
    ],
    ['a mode that is no string', [1, undefined], wrongType('imageTagMutability must be a string')],
    ...['MUTABLE', 'IMMUTABLE'].map(
      (mode) =>
        [
          `${mode} with a filter`,
          [mode, wildcards('a')],
          together(`must be null when imageTagMutability is set as ${mode}`),
        ] as const,
    ),
    ...['MUTABLE_WITH_EXCLUSION', 'IMMUTABLE_WITH_EXCLUSION'].map(
      (mode) =>
        [
          `${mode} without filters`,
          [mode, undefined],
          together(`can't be null when imageTagMutability is set as ${mode}`),
        ] as const,
    ),
    ['an empty list', excluding([]), invalid(list, 'must have length greater than or equal to 1')],
    [
      'six filters',
      excluding(wildcards('a', 'b', 'c', 'd', 'e', 'f')),
      invalid(list, 'must have length less than or equal to 5'),
    ],
    [
      'an empty filter',
      excluding(wildcards('')),
      invalid(`${list}.1.member.filter`, 'must have length greater than or equal to 1'),
    ],
    [
      'a filter of 129 characters',
      excluding(wildcards('a', 'x'.repeat(129))),
      invalid(`${list}.2.member.filter`, 'must have length less than or equal to 128'),
    ],
    ...['a b', 'a/b', '[ab]', 'a?', 'a\n', 'ä', '%'].map(
      (filter) =>
        [
          `the filter ${JSON.stringify(filter)}`,
          excluding(wildcards(filter)),
          invalid(`${list}.1.member.filter`, pattern),
        ] as const,
    ),
    [
      'a filter without a type',
      excluding([{ filter: 'a' }]),
      invalid(`${list}.1.member.filterType`, 'must not be null'),
    ],
    [
      'a type without a filter',
      excluding([{ filterType: 'WILDCARD' }]),
      invalid(`${list}.1.member.filter`, 'must not be null'),
    ],
    [
      'a filter of another type',
      excluding([{ filterType: 'wildcard', filter: 'a' }]),
      invalid(`${list}.1.member.filterType`, 'Member must satisfy enum value set: [WILDCARD]'),
    ],
    ['a filter that is a string', excluding(['a*']), wrongType(`${list}.1 must be an object`)],
  ]
  for (const [what, [imageTagMutability, imageTagMutabilityExclusionFilters], refusal] of rows) {
    test(`${what}: ${refusal.name}, and the settings stay`, async () => {
      const before = await call(registry, describeRepositories, { repositoryNames: ['app'] })
      const json = { repositoryName: 'app', imageTagMutability, imageTagMutabilityExclusionFilters }
      await assertRefused(registry, putImageTagMutability, json, refusal)
      assert.deepEqual(await call(registry, describeRepositories, { repositoryNames: ['app'] }), before)
    })
  }
})
