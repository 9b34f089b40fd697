// GetCallerIdentity: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html

import assert from 'node:assert/strict'
import { after, test } from 'node:test'

import { getCallerIdentity } from '../../src/operations/sts/get-caller-identity.ts'
import { account, otherAccount, rootOf } from '../support/registry.ts'
import { call, openRegistry } from './calls.ts'

const registry = await openRegistry({ after })
const user = {
  accountId: account,
  arn: `arn:aws:iam::${account}:user/ci`,
  kind: 'user' as const,
  userId: 'AIDACKCEVSQ6C2EXAMPLE',
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
}

for (const { who, caller, identity } of [
  {
    who: 'the root of an account',
    caller: rootOf(account),
    identity: { UserId: account, Account: account, Arn: `arn:aws:iam::${account}:root` },
  },
  {
    who: 'the root of another',
    caller: rootOf(otherAccount),
    identity: { UserId: otherAccount, Account: otherAccount, Arn: `arn:aws:iam::${otherAccount}:root` },
  },
  { who: 'a user', caller: user, identity: { UserId: user.userId, Account: account, Arn: user.arn } },
]) {
  test(`${who} is told who it is, whatever else the request says`, async () => {
    const ctx = registry.ctx({ caller })
    assert.deepEqual(await call(registry, getCallerIdentity, {}, ctx), identity)
    assert.deepEqual(await call(registry, getCallerIdentity, { Account: '000000000000', Arn: 'x' }, ctx), identity)
  })
}
