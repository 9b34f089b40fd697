// DescribeRegistry: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeRegistry.html

import assert from 'node:assert/strict'
import { after, test } from 'node:test'

import { describeRegistry } from '../../src/operations/private/describe-registry.ts'
import { account, otherAccount, rootOf } from '../support/registry.ts'
import { assertRefused, call, openRegistry, wrongType } from './calls.ts'

const registry = await openRegistry({ after })

for (const [who, accountId] of [
  ['the caller', account],
  ['a caller of another account', otherAccount],
] as const) {
  test(`${who} sees its own registry, without rules`, async () => {
    const ctx = registry.ctx({ caller: rootOf(accountId) })
    assert.deepEqual(await call(registry, describeRegistry, {}, ctx), {
      registryId: accountId,
      replicationConfiguration: { rules: [] },
    })
  })
}

test("J9 another account's registry cannot be asked for: the member is ignored", async () => {
  assert.deepEqual(await call(registry, describeRegistry, { registryId: otherAccount }), {
    registryId: account,
    replicationConfiguration: { rules: [] },
  })
})

test('an input that is no object', () =>
  assertRefused(registry, describeRegistry, [], wrongType('The request body must be an object')))
