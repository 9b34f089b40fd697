// What all operations on one repository refuse alike: bad names, other accounts, repositories that are not there.

import { describe, test } from 'node:test'

import type { Operation } from '../../src/operations/operation.ts'
import { account, givenRepository, otherAccount, rootOf } from '../support/registry.ts'
import { assertRefused, invalid, openRegistry, type Refusal, wrongType } from './calls.ts'
import { denied, repositoryNotFound } from './refusals.ts'

const namePattern = '(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*'
const badName = invalid('repositoryName', `must satisfy regular expression '${namePattern}'`)
const badRegistryId = invalid('registryId', `must satisfy regular expression '[0-9]{12}'`)

/**
 * Tests what `operation` refuses whatever it does.
 * @param action the IAM action that a refusal for rights names
 * @param input arguments, without the repository, that are well-formed
 */
export function testRepositoryRules(
  operation: Operation,
  action: string,
  input: Readonly<Record<string, unknown>>,
): void {
  describe(`${operation.name}, as all operations on a repository`, () => {
    const refusals: readonly (readonly [what: string, change: Readonly<Record<string, unknown>>, refusal: Refusal])[] =
      [
        ['no name', {}, invalid('repositoryName', 'must not be null')],
        ['null for a name', { repositoryName: null }, invalid('repositoryName', 'must not be null')],
        [
          'a name of one character',
          { repositoryName: 'a' },
          invalid('repositoryName', 'must have length greater than or equal to 2'),
        ],
        [
          'a name of 257 characters',
          { repositoryName: 'a'.repeat(257) },
          invalid('repositoryName', 'must have length less than or equal to 256'),
        ],
        ...['A/b', 'a//b', '/a', 'a/../b', 'a b', 'ab\n', '__proto__'].map(
          (name) => [`the name ${JSON.stringify(name)}`, { repositoryName: name }, badName] as const,
        ),
        ['a number for a name', { repositoryName: 12 }, wrongType('repositoryName must be a string')],
        ['a short registry id', { repositoryName: 'app', registryId: '1' }, badRegistryId],
        ['a long registry id', { repositoryName: 'app', registryId: `${account}3` }, badRegistryId],
        [
          'a number for a registry id',
          { repositoryName: 'app', registryId: 123456789012 },
          wrongType('registryId must be a string'),
        ],
        ['a repository that is not there', { repositoryName: 'elsewhere' }, repositoryNotFound('elsewhere')],
        [
          'a repository of another account, there or not',
          { repositoryName: 'app', registryId: otherAccount },
          denied(account, `ecr:${action}`, `arn:aws:ecr:us-east-1:${otherAccount}:repository/app`),
        ],
      ]

    test('refuses bad names, other accounts and what is not there', async (t) => {
      const registry = await openRegistry(t)
      await givenRepository(registry, 'app')
      for (const [what, change, refusal] of refusals) {
        await t.test(what, () => assertRefused(registry, operation, { ...input, ...change }, refusal))
      }
      await t.test('the same name in another region is another repository', () =>
        assertRefused(
          registry,
          operation,
          { ...input, repositoryName: 'app' },
          repositoryNotFound('app'),
          registry.ctx({ region: 'eu-west-1' }),
        ),
      )
      await t.test('the same name of another caller is another repository', () =>
        assertRefused(
          registry,
          operation,
          { ...input, repositoryName: 'app' },
          repositoryNotFound('app', otherAccount),
          registry.ctx({ caller: rootOf(otherAccount) }),
        ),
      )
      for (const document of [null, [], 'text', 1]) {
        await t.test(`${JSON.stringify(document)} for the whole input`, () =>
          assertRefused(registry, operation, document, wrongType('The request body must be an object')),
        )
      }
    })
  })
}
