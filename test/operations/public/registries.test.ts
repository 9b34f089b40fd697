// DescribeRegistries, GetAuthorizationToken, GetRegistryCatalogData, PutRegistryCatalogData.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { openToken } from '../../../src/domain/authorisation/tokens.ts'
import { describeRegistries } from '../../../src/operations/public/describe-registries.ts'
import { getAuthorizationToken } from '../../../src/operations/public/get-authorization-token.ts'
import { getRegistryCatalogData } from '../../../src/operations/public/get-registry-catalog-data.ts'
import { putRegistryCatalogData } from '../../../src/operations/public/put-registry-catalog-data.ts'
import { account, otherAccount, rootOf } from '../../support/registry.ts'
import { invalid, openPublic } from './calls.ts'

describe('DescribeRegistries', () => {
  test('none before the first repository, then one, with the alias that was issued', async (t) => {
    const { call, ctx, given, alias } = await openPublic(t)
    assert.deepEqual(await call(describeRegistries, {}), { registries: [] })
    await given('app', 'other')
    const name = await alias()
    const registry = {
      registryId: account,
      registryArn: `arn:aws:ecr-public::${account}:registry/${account}`,
      registryUri: `localhost:4511/${name}`,
      verified: false,
      aliases: [{ name, status: 'ACTIVE', primaryRegistryAlias: true, defaultRegistryAlias: true }],
    }
    assert.deepEqual(await call(describeRegistries, {}), { registries: [registry] })
    assert.deepEqual(await call(describeRegistries, { maxResults: 1 }), { registries: [registry] })
    assert.deepEqual(await call(describeRegistries, {}, ctx(otherAccount)), { registries: [] })
  })

  test('what the operator gave: verified, and aliases of every status in the order they were made', async (t) => {
    const { registry, call, given, alias } = await openPublic(t)
    await given('app')
    const issued = await alias()
    const own = { accountId: account, default: false, createdAtMs: Date.UTC(2026, 10, 22) }
    await registry.services.metadata.write(async (tx) => {
      await tx.registries.put({ accountId: account, displayName: undefined, verified: true })
      await tx.registries.createAlias({ ...own, name: 'example', status: 'ACTIVE', primary: true })
      await tx.registries.createAlias({ ...own, name: 'wanted', status: 'PENDING', primary: false })
      await tx.registries.createAlias({ ...own, name: 'www', status: 'REJECTED', primary: false })
      await tx.registries.updateAlias(issued, { primary: false })
    })
    const shown = (name: string, status: string, primary = false, byDefault = false) => ({
      name,
      status,
      primaryRegistryAlias: primary,
      defaultRegistryAlias: byDefault,
    })
    assert.deepEqual(await call(describeRegistries, {}), {
      registries: [
        {
          registryId: account,
          registryArn: `arn:aws:ecr-public::${account}:registry/${account}`,
          registryUri: 'localhost:4511/example',
          verified: true,
          aliases: [
            shown(issued, 'ACTIVE', false, true),
            shown('example', 'ACTIVE', true),
            shown('wanted', 'PENDING'),
            shown('www', 'REJECTED'),
          ],
        },
      ],
    })
  })

  test('pages that are none', async (t) => {
    const { refused } = await openPublic(t)
    await refused(describeRegistries, { nextToken: 'x' }, invalid('nextToken', 'Invalid token'))
    await refused(
      describeRegistries,
      { maxResults: 0 },
      invalid('maxResults', 'Member must have value greater than or equal to 1'),
    )
    await refused(
      describeRegistries,
      { maxResults: 1001 },
      invalid('maxResults', 'Member must have value less than or equal to 1000'),
    )
  })
})

describe('GetAuthorizationToken', () => {
  test('one object: the password of the caller for twelve hours, and no address', async (t) => {
    const { registry, call } = await openPublic(t)
    const answer = await call(getAuthorizationToken, {})
    const { authorizationData } = answer as { authorizationData: { authorizationToken: string; expiresAt: number } }
    const { authorizationToken, expiresAt } = authorizationData
    const now = registry.services.clock.now()
    assert.deepEqual(answer, { authorizationData: { authorizationToken, expiresAt: now / 1000 + 12 * 3600 } })
    const [user, password = ''] = Buffer.from(authorizationToken, 'base64').toString().split(':')
    assert.equal(user, 'AWS')
    const claims = { accessKeyId: rootOf(account).accessKeyId, expiresAtMs: expiresAt * 1000 }
    assert.deepEqual(openToken(registry.services.secrets, password, now), { kind: 'valid', claims })
    assert.deepEqual(openToken(registry.services.secrets, password, claims.expiresAtMs), { kind: 'expired', claims })
  })
})

describe('catalog data of a registry', () => {
  test('nothing at first, then what was put, then nothing again', async (t) => {
    const { call, ctx } = await openPublic(t)
    assert.deepEqual(await call(getRegistryCatalogData, {}), { registryCatalogData: {} })
    for (const data of [
      { displayName: 'Ünïcode \u{1F40B} Inc.' },
      { displayName: 'x'.repeat(100) },
      { displayName: '' },
      {},
    ]) {
      assert.deepEqual(await call(putRegistryCatalogData, data), { registryCatalogData: data })
      assert.deepEqual(await call(getRegistryCatalogData, {}), { registryCatalogData: data })
      assert.deepEqual(await call(getRegistryCatalogData, {}, ctx(otherAccount)), { registryCatalogData: {} })
    }
  })

  test('putting it makes the registry, and leaves what the operator said of it', async (t) => {
    const { registry, call, given, alias } = await openPublic(t)
    await call(putRegistryCatalogData, { displayName: 'Example' })
    const issued = await alias()
    await registry.services.metadata.write((tx) =>
      tx.registries.put({ accountId: account, displayName: 'Example', verified: true }),
    )
    await given('app')
    await call(putRegistryCatalogData, { displayName: 'Other' })
    const { registries } = registry.services.metadata.read
    assert.deepEqual(await registries.find(account), { accountId: account, displayName: 'Other', verified: true })
    assert.deepEqual(
      (await registries.aliases(account)).map((one) => one.name),
      [issued],
    )
  })

  test('a name that is too long', async (t) => {
    const { refused } = await openPublic(t)
    await refused(
      putRegistryCatalogData,
      { displayName: 'x'.repeat(101) },
      invalid('displayName', 'must have length less than or equal to 100'),
    )
  })
})
