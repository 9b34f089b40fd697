// What all operations on the ARN of a repository refuse alike.

import { test } from 'node:test'

import type { Operation } from '../../src/operations/operation.ts'
import { account, givenRepository, otherAccount, rootOf } from '../support/registry.ts'
import { assertRefused, invalid, openRegistry, type Refusal, wrongType } from './calls.ts'
import { arnOf, denied, repositoryNotFound } from './refusals.ts'

const invalidArn = invalid('resourceArn', 'Invalid ARN')

const refusals: readonly (readonly [what: string, resourceArn: unknown, Refusal])[] = [
  ['no ARN', undefined, invalid('resourceArn', 'must not be null')],
  ['an ARN that is no string', { arn: arnOf('app') }, wrongType('resourceArn must be a string')],
  ...[
    '',
    'app',
    '*',
    arnOf('app').replace('arn:', ''),
    arnOf('app').replace('arn:aws:', 'arn:gcp:'),
    arnOf('app').replace('arn:aws:', 'arn:aws-cn:'),
    arnOf('app').replace(':ecr:', ':ecr-public:'),
    arnOf('app').replace(':ecr:', ':s3:'),
    arnOf('app').replace(account, ''),
    arnOf('app').replace(account, account.slice(1)),
    arnOf('app').replace('repository/', 'registry/'),
    arnOf('app').replace('repository/app', 'repository'),
    arnOf('app').replace('us-east-1', 'eu-west-1'),
    arnOf('app').replace('us-east-1', ''),
    arnOf('a'),
    arnOf('a'.repeat(257)),
    `${arnOf('app')}\n`,
    `x${arnOf('app')}`,
  ].map((arn) => [`the ARN ${JSON.stringify(arn).slice(0, 80)}`, arn, invalidArn] as const),
  ['J22 a name with a wildcard', arnOf('ap%'), repositoryNotFound('ap%')],
  ['J22 a name with SQL in it', arnOf("app' or 'a'='a"), repositoryNotFound("app' or 'a'='a")],
  ['a repository that is not there', arnOf('absent'), repositoryNotFound('absent')],
]

/**
 * Tests what `operation` refuses whatever it does.
 * @param input well-formed arguments beside `resourceArn`
 */
export function testArnRules(operation: Operation, action: string, input: Readonly<Record<string, unknown>>): void {
  test(`${operation.name}, as all operations on the ARN of a repository`, async (t) => {
    const registry = await openRegistry(t)
    await givenRepository(registry, 'app')
    for (const [what, resourceArn, refusal] of refusals) {
      await t.test(`${what}: ${refusal.name}`, () =>
        assertRefused(registry, operation, { ...input, resourceArn }, refusal),
      )
    }
    await t.test('J9 a repository of another account, there or not: AccessDeniedException', async () => {
      const caller = rootOf(otherAccount)
      for (const name of ['app', 'absent']) {
        const json = { ...input, resourceArn: arnOf(name) }
        const refusal = denied(otherAccount, `ecr:${action}`, arnOf(name))
        await assertRefused(registry, operation, json, refusal, registry.ctx({ caller }))
      }
    })
  })
}
