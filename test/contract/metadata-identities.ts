// The contract of the metadata port, continued: accounts, users, groups, roles, their policies and access keys.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, test } from 'node:test'
import type { AccessKeyRecord, IdentityRecord, ManagedPolicy } from '../../src/domain/ports/identities.ts'
import type { Metadata } from '../../src/domain/ports/metadata.ts'
import { sharedMetadata, type OpenMetadata } from './metadata-samples.ts'

const createdAtMs = 1_700_000_000_123
let accounts = 0

/** An account of its own for each test. */
async function newAccount(metadata: Metadata): Promise<string> {
  const accountId = String(700_000_000_000 + ++accounts)
  const account = { accountId, name: 'team \u{1F40B}', organizationId: 'o-abcdefghij', createdAtMs }
  await metadata.write((tx) => tx.identities.putAccount(account))
  return accountId
}

const identityIn = (accountId: string, change: Partial<IdentityRecord> = {}): IdentityRecord => ({
  id: `AIDA${randomUUID()}`,
  accountId,
  type: 'user',
  name: 'ann',
  path: '/',
  createdAtMs,
  boundaryId: undefined,
  tags: [],
  revokedBeforeMs: undefined,
  trustPolicy: undefined,
  maxSessionSeconds: undefined,
  ...change,
})

const policyIn = (accountId: string, change: Partial<ManagedPolicy> = {}): ManagedPolicy => ({
  id: `ANPA${randomUUID()}`,
  accountId,
  name: 'Pull',
  path: '/team/',
  document: '{"Statement": []}',
  createdAtMs,
  updatedAtMs: createdAtMs,
  ...change,
})

const keyOf = (userId: string, change: Partial<AccessKeyRecord> = {}): AccessKeyRecord => ({
  accessKeyId: `AKIA${randomUUID()}`,
  userId,
  sealedSecret: 'v1.sealed',
  active: true,
  createdAtMs,
  lastUsedAtMs: undefined,
  ...change,
})

export function identitiesContract(open: OpenMetadata): void {
  describe('identities', () => {
    const store = sharedMetadata(open)
    const read = () => store.metadata.read.identities

    async function given(
      accountId: string,
      ...identities: readonly Partial<IdentityRecord>[]
    ): Promise<readonly IdentityRecord[]> {
      const made = identities.map((change) => identityIn(accountId, change))
      await store.metadata.write(async (tx) => {
        for (const identity of made) assert.equal(await tx.identities.create(identity), true)
      })
      return made
    }

    test('an account comes back as it was put, is replaced but for its time, and goes', async () => {
      const accountId = await newAccount(store.metadata)
      assert.deepEqual(await read().account(accountId), {
        accountId,
        name: 'team \u{1F40B}',
        organizationId: 'o-abcdefghij',
        createdAtMs,
      })
      const bare = { accountId, name: undefined, organizationId: undefined, createdAtMs: 1 }
      await store.metadata.write((tx) => tx.identities.putAccount(bare))
      assert.deepEqual(await read().account(accountId), { ...bare, createdAtMs })
      await store.metadata.write((tx) => tx.identities.removeAccount(accountId))
      assert.equal(await read().account(accountId), undefined)
    })

    test('a role comes back with all it has, and with each change', async () => {
      const accountId = await newAccount(store.metadata)
      const policy = policyIn(accountId)
      await store.metadata.write((tx) => tx.identities.createPolicy(policy))
      const tags = [{ key: 'team', value: 'blåu' }]
      const role = {
        type: 'role',
        name: 'CI',
        trustPolicy: '{}',
        maxSessionSeconds: 3600,
        tags,
        path: '/a/b/',
      } as const
      const [made = identityIn(accountId)] = await given(accountId, role)
      assert.deepEqual(await read().find(accountId, 'role', 'ci'), made)
      assert.equal(await read().find(accountId, 'user', 'ci'), undefined)
      const changes = [
        { boundaryId: policy.id },
        { revokedBeforeMs: 17 },
        { tags: [] },
        { trustPolicy: '{"a":1}', maxSessionSeconds: 7200 },
        { boundaryId: undefined },
      ]
      let expected: IdentityRecord = made
      for (const change of changes) {
        await store.metadata.write((tx) => tx.identities.update(made.id, change))
        expected = { ...expected, ...change }
        assert.deepEqual(await read().find(accountId, 'role', 'CI'), expected)
      }
    })

    test('a name belongs to one of its type in an account, in any case of its letters', async () => {
      const [one, other] = [await newAccount(store.metadata), await newAccount(store.metadata)]
      await given(one, { name: 'Ann' })
      await store.metadata.write(async (tx) => {
        assert.equal(await tx.identities.create(identityIn(one, { name: 'aNN' })), false)
      })
      await given(one, { type: 'group', name: 'ann' }, { type: 'role', name: 'ann' })
      await given(other, { name: 'ann' })
      const counts = await Promise.all((['user', 'group', 'role'] as const).map((type) => read().countOf(one, type)))
      assert.deepEqual(counts, [1, 1, 1])
    })

    test('a managed policy: once by name, another text, gone with its attachments', async () => {
      const accountId = await newAccount(store.metadata)
      const [user = identityIn(accountId)] = await given(accountId, {})
      const policy = policyIn(accountId)
      await store.metadata.write(async (tx) => {
        assert.equal(await tx.identities.createPolicy(policy), true)
        assert.equal(await tx.identities.createPolicy(policyIn(accountId, { name: 'PULL' })), false)
        await tx.identities.updatePolicy(policy.id, '{}', 5)
        for (const _twice of [1, 2]) await tx.identities.attach({ identityId: user.id, policyId: policy.id })
        await tx.identities.update(user.id, { boundaryId: policy.id })
      })
      assert.deepEqual(await read().policy(accountId, 'pull'), { ...policy, document: '{}', updatedAtMs: 5 })
      assert.equal(await read().countPolicies(accountId), 1)
      assert.deepEqual(await read().usesOf(policy.id), { attachments: 1, boundaries: 1 })
      assert.deepEqual(await read().attachmentsOf(user.id), [{ identityId: user.id, policyId: policy.id }])
      await assert.rejects(
        store.metadata.write((tx) => tx.identities.removePolicy(policy.id)),
        { name: 'StillReferencedError' },
      )
      assert.deepEqual(await read().usesOf(policy.id), { attachments: 1, boundaries: 1 })
      await store.metadata.write(async (tx) => {
        await tx.identities.update(user.id, { boundaryId: undefined })
        await tx.identities.removePolicy(policy.id)
      })
      assert.equal(await read().policy(accountId, 'pull'), undefined)
      assert.deepEqual(await read().attachmentsOf(user.id), [])
    })

    test('what hangs on an identity, and goes with it', async () => {
      const accountId = await newAccount(store.metadata)
      const [user, group] = await given(accountId, {}, { type: 'group', name: 'dev', id: `AGPA${randomUUID()}` })
      assert.ok(user && group)
      const policy = policyIn(accountId)
      const membership = { groupId: group.id, userId: user.id }
      const [first, second] = [keyOf(user.id), keyOf(user.id, { createdAtMs: createdAtMs + 1, active: false })]
      await store.metadata.write(async (tx) => {
        await tx.identities.createPolicy(policy)
        for (const { id } of [user, group]) {
          await tx.identities.attach({ identityId: id, policyId: policy.id })
          for (const name of ['b', 'a']) await tx.identities.putInlinePolicy({ identityId: id, name, document: '{}' })
        }
        await tx.identities.putInlinePolicy({ identityId: user.id, name: 'b', document: '{"b":1}' })
        for (const _twice of [1, 2]) await tx.identities.addMember(membership)
        for (const key of [second, first]) await tx.identities.createAccessKey(key)
        await tx.identities.noteAccessKeyUse(first.accessKeyId, 9)
      })
      assert.deepEqual(await read().inlinePoliciesOf(user.id), [
        { identityId: user.id, name: 'a', document: '{}' },
        { identityId: user.id, name: 'b', document: '{"b":1}' },
      ])
      for (const { id } of [user, group]) assert.deepEqual(await read().membershipsOf(id), [membership])
      assert.deepEqual(await read().accessKeysOf(user.id), [{ ...first, lastUsedAtMs: 9 }, second])
      await store.metadata.write(async (tx) => {
        await tx.identities.setAccessKeyActive(first.accessKeyId, false)
        await tx.identities.removeAccessKey(second.accessKeyId)
        await tx.identities.removeInlinePolicy(user.id, 'a')
        await tx.identities.detach({ identityId: group.id, policyId: policy.id })
        await tx.identities.removeMember(membership)
      })
      assert.deepEqual(await read().accessKeysOf(user.id), [{ ...first, active: false, lastUsedAtMs: 9 }])
      assert.equal(await read().accessKey(second.accessKeyId), undefined)
      assert.equal((await read().inlinePoliciesOf(user.id)).length, 1)
      assert.deepEqual(await read().attachmentsOf(group.id), [])
      assert.deepEqual(await read().membershipsOf(user.id), [])
      await store.metadata.write(async (tx) => {
        await tx.identities.addMember(membership)
        await tx.identities.remove(user.id)
      })
      assert.equal(await read().find(accountId, 'user', 'ann'), undefined)
      assert.equal(await read().accessKey(first.accessKeyId), undefined)
      assert.deepEqual(await read().inlinePoliciesOf(user.id), [])
      assert.deepEqual(await read().membershipsOf(group.id), [])
      assert.equal((await read().inlinePoliciesOf(group.id)).length, 2)
    })

    test('everything, as of a version that counts each change up and no use of a key', async () => {
      const accountId = await newAccount(store.metadata)
      // More than a page of the reading.
      const names = Array.from({ length: 1_100 }, (_, index) => ({ name: `u${index}` }))
      const users = await given(accountId, ...names, { type: 'group', name: 'dev', id: `AGPA${randomUUID()}` })
      const group = users.at(-1)
      assert.ok(group)
      const [user = group] = users
      const policy = policyIn(accountId)
      const key = keyOf(user.id)
      const inline = { identityId: user.id, name: 'own', document: '{}' }
      const before = await read().version()
      await store.metadata.write(async (tx) => {
        await tx.identities.createPolicy(policy)
        for (const { id } of users) await tx.identities.attach({ identityId: id, policyId: policy.id })
        for (const { id } of users.slice(0, -1)) await tx.identities.addMember({ groupId: group.id, userId: id })
        await tx.identities.putInlinePolicy(inline)
        await tx.identities.createAccessKey(key)
      })
      const everything = await read().everything()
      assert.ok(everything.version > before)
      assert.equal(everything.version, await read().version())
      const mine = (one: { readonly accountId: string }) => one.accountId === accountId
      const byId = users.toSorted((one, other) => (one.id < other.id ? -1 : 1))
      assert.deepEqual(everything.identities.filter(mine), byId)
      assert.deepEqual(everything.policies.filter(mine), [policy])
      assert.equal(everything.accounts.filter(mine).length, 1)
      assert.deepEqual(
        everything.attachments.filter(({ policyId }) => policyId === policy.id),
        byId.map(({ id }) => ({ identityId: id, policyId: policy.id })),
      )
      assert.equal(everything.memberships.filter(({ groupId }) => groupId === group.id).length, 1_100)
      assert.deepEqual(
        everything.inlinePolicies.filter(({ identityId }) => identityId === user.id),
        [inline],
      )
      assert.deepEqual(
        everything.accessKeys.filter(({ userId }) => userId === user.id),
        [key],
      )
      await store.metadata.write((tx) => tx.identities.noteAccessKeyUse(key.accessKeyId, 9))
      assert.equal(await read().version(), everything.version)
    })

    test('each change counts the version up, and one that failed does not', async () => {
      const accountId = await newAccount(store.metadata)
      const [user, group] = await given(accountId, {}, { type: 'group', name: 'dev', id: `AGPA${randomUUID()}` })
      assert.ok(user && group)
      const policy = policyIn(accountId)
      const key = keyOf(user.id)
      const attachment = { identityId: user.id, policyId: policy.id }
      const membership = { groupId: group.id, userId: user.id }
      const changes: readonly Parameters<Metadata['write']>[0][] = [
        (tx) => tx.identities.createPolicy(policy),
        (tx) => tx.identities.updatePolicy(policy.id, '{}', 1),
        (tx) => tx.identities.attach(attachment),
        (tx) => tx.identities.detach(attachment),
        (tx) => tx.identities.putInlinePolicy({ identityId: user.id, name: 'a', document: '{}' }),
        (tx) => tx.identities.removeInlinePolicy(user.id, 'a'),
        (tx) => tx.identities.addMember(membership),
        (tx) => tx.identities.removeMember(membership),
        (tx) => tx.identities.createAccessKey(key),
        (tx) => tx.identities.setAccessKeyActive(key.accessKeyId, false),
        (tx) => tx.identities.removeAccessKey(key.accessKeyId),
        (tx) => tx.identities.update(user.id, { revokedBeforeMs: 1 }),
        (tx) => tx.identities.remove(user.id),
        (tx) => tx.identities.remove(group.id),
        (tx) => tx.identities.removePolicy(policy.id),
        (tx) => tx.identities.create(identityIn(accountId, { name: 'bob' })),
      ]
      for (const [index, change] of changes.entries()) {
        const before = await read().version()
        await store.metadata.write(change)
        assert.ok((await read().version()) > before, `change ${index}`)
      }
      const before = await read().version()
      await store.metadata.write((tx) => tx.identities.create(identityIn(accountId, { name: 'BOB' })))
      const failure = store.metadata.write(async (tx) => {
        await tx.identities.putInlinePolicy({ identityId: 'nobody', name: 'a', document: '{}' })
      })
      await assert.rejects(failure, { name: 'StillReferencedError' })
      assert.equal(await read().version(), before)
    })
  })
}
