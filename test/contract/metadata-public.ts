// The contract of the metadata port, continued: public registries with their aliases, catalog data, policies.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, test } from 'node:test'
import type { CatalogData, Metadata, RegistryAlias } from '../../src/domain/ports/metadata.ts'
import { newRepository, sharedMetadata, type OpenMetadata } from './metadata-samples.ts'

export function publicContract(open: OpenMetadata): void {
  registryContract(open)
  documentContract(open)
}

let accounts = 0

/** An account of its own for each test, with a registry. */
async function newAccount(metadata: Metadata): Promise<string> {
  const accountId = String(++accounts).padStart(12, '0')
  await metadata.write((tx) => tx.registries.put({ accountId, displayName: undefined, verified: false }))
  return accountId
}

const aliasOf = (accountId: string, change: Partial<RegistryAlias> = {}): RegistryAlias => ({
  name: `a${randomUUID()}`,
  accountId,
  status: 'ACTIVE',
  primary: false,
  default: false,
  createdAtMs: 1_700_000_000_123,
  ...change,
})

function registryContract(open: OpenMetadata): void {
  describe('public registries', () => {
    const store = sharedMetadata(open)

    test('one that nobody made is absent, and has no aliases', async () => {
      const { registries } = store.metadata.read
      assert.equal(await registries.find('999999999999'), undefined)
      assert.deepEqual(await registries.aliases('999999999999'), [])
      assert.equal(await registries.alias('nobody'), undefined)
    })

    test('one comes back as it was put, and is replaced whole', async () => {
      const accountId = await newAccount(store.metadata)
      const first = { accountId, displayName: 'Ünïcode \u{1F40B}', verified: true }
      const second = { accountId, displayName: undefined, verified: false }
      for (const registry of [first, second]) {
        await store.metadata.write((tx) => tx.registries.put(registry))
        assert.deepEqual(await store.metadata.read.registries.find(accountId), registry)
      }
    })

    test('all of them by account, page by page', async () => {
      const made = [
        await newAccount(store.metadata),
        await newAccount(store.metadata),
        await newAccount(store.metadata),
      ]
      const { registries } = store.metadata.read
      const [first = ''] = made
      const after = String(Number(first) - 1).padStart(12, '0')
      const ids = async (from: string | undefined, limit: number) =>
        (await registries.page(from, limit)).map(({ accountId }) => accountId)
      assert.deepEqual(await ids(after, 2), made.slice(0, 2))
      assert.deepEqual(await ids(made[1], 10), made.slice(2))
      assert.deepEqual((await ids(undefined, 1000)).slice(-3), made)
    })

    test('aliases come back as they were made, oldest first, those of one moment by name', async () => {
      const accountId = await newAccount(store.metadata)
      const made = [
        aliasOf(accountId, { name: 'order-c', createdAtMs: 2, status: 'PENDING' }),
        aliasOf(accountId, { name: 'order-b', createdAtMs: 2, status: 'REJECTED' }),
        aliasOf(accountId, { name: 'order-a', createdAtMs: 3, default: true }),
        aliasOf(accountId, { name: 'order-d', createdAtMs: 1, primary: true }),
      ]
      for (const alias of made) assert.equal(await store.metadata.write((tx) => tx.registries.createAlias(alias)), true)
      assert.deepEqual(await store.metadata.read.registries.aliases(accountId), [made[3], made[1], made[0], made[2]])
      for (const alias of made) assert.deepEqual(await store.metadata.read.registries.alias(alias.name), alias)
    })

    test('a name is of one registry: the second to want it changes nothing', async () => {
      const [mine, yours] = [await newAccount(store.metadata), await newAccount(store.metadata)]
      const alias = aliasOf(mine)
      const create = (accountId: string) =>
        store.metadata.write((tx) => tx.registries.createAlias({ ...alias, accountId }))
      assert.deepEqual([await create(mine), await create(mine), await create(yours)], [true, false, false])
      assert.deepEqual(await store.metadata.read.registries.alias(alias.name), alias)
      assert.deepEqual(await store.metadata.read.registries.aliases(yours), [])
    })

    test('an alias of a registry that is not there is a defect', async () => {
      const alias = aliasOf('888888888888')
      await assert.rejects(store.metadata.write((tx) => tx.registries.createAlias(alias)))
      assert.equal(await store.metadata.read.registries.alias(alias.name), undefined)
    })

    test('status and primary change one by one, and nothing else with them', async () => {
      const accountId = await newAccount(store.metadata)
      const [alias, other] = [aliasOf(accountId, { status: 'PENDING' }), aliasOf(accountId, { primary: true })]
      await store.metadata.write(async (tx) => {
        for (const one of [alias, other]) await tx.registries.createAlias(one)
      })
      const changed = async (change: Parameters<typeof update>[0]) => {
        await update(change)
        return store.metadata.read.registries.alias(alias.name)
      }
      const update = (change: Partial<Pick<RegistryAlias, 'status' | 'primary'>>) =>
        store.metadata.write((tx) => tx.registries.updateAlias(alias.name, change))
      assert.deepEqual(await changed({}), alias)
      assert.deepEqual(await changed({ status: 'REJECTED' }), { ...alias, status: 'REJECTED' })
      assert.deepEqual(await changed({ primary: true }), { ...alias, status: 'REJECTED', primary: true })
      assert.deepEqual(await changed({ primary: false, status: 'ACTIVE' }), { ...alias, status: 'ACTIVE' })
      assert.deepEqual(await store.metadata.read.registries.alias(other.name), other)
    })

    test('a removed alias is free for others', async () => {
      const [mine, yours] = [await newAccount(store.metadata), await newAccount(store.metadata)]
      const alias = aliasOf(mine)
      await store.metadata.write((tx) => tx.registries.createAlias(alias))
      await store.metadata.write((tx) => tx.registries.removeAlias(alias.name))
      assert.equal(await store.metadata.read.registries.alias(alias.name), undefined)
      assert.equal(await store.metadata.write((tx) => tx.registries.createAlias({ ...alias, accountId: yours })), true)
    })
  })
}

function documentContract(open: OpenMetadata): void {
  describe('catalog data and policies', () => {
    const store = sharedMetadata(open)
    const full: CatalogData = {
      description: 'Ünïcode \u{1F40B} "quoted"',
      architectures: ['x86-64', 'ARM 64'],
      operatingSystems: [],
      logo: `${'ab'.repeat(32)}-${'c'.repeat(16)}`,
      aboutText: '# About\n\u0000',
      usageText: '',
      aboutHtml: '<h1>About</h1>\n',
      usageHtml: '',
      htmlRules: 1,
    }

    test('catalog data is absent, comes back as it was put, and is replaced whole', async () => {
      const repository = await newRepository(store.metadata)
      const { catalog } = store.metadata.read
      assert.equal(await catalog.find(repository.id), undefined)
      for (const data of [full, { description: 'less' }, {}]) {
        await store.metadata.write((tx) => tx.catalog.put(repository.id, data))
        assert.deepEqual(await catalog.find(repository.id), data)
      }
    })

    test('a policy is absent, comes back as it was put, is replaced, and removed', async () => {
      const repository = await newRepository(store.metadata)
      const { policies } = store.metadata.read
      assert.equal(await policies.find(repository.id), undefined)
      for (const text of ['{\n  "a" : "\u{1F40B}"\n}', '{ }']) {
        await store.metadata.write((tx) => tx.policies.put(repository.id, text))
        assert.equal(await policies.find(repository.id), text)
      }
      for (const _ of [1, 2]) await store.metadata.write((tx) => tx.policies.remove(repository.id))
      assert.equal(await policies.find(repository.id), undefined)
    })

    test('each repository has its own, and takes them along', async () => {
      const [gone, kept] = [await newRepository(store.metadata), await newRepository(store.metadata)]
      await store.metadata.write(async (tx) => {
        for (const { id } of [gone, kept]) {
          await tx.catalog.put(id, { description: id })
          await tx.policies.put(id, id)
        }
      })
      await store.metadata.write((tx) => tx.repositories.remove(gone.id, 1))
      const { catalog, policies } = store.metadata.read
      assert.deepEqual([await catalog.find(gone.id), await policies.find(gone.id)], [undefined, undefined])
      assert.deepEqual([await catalog.find(kept.id), await policies.find(kept.id)], [{ description: kept.id }, kept.id])
    })

    test('documents of a repository that is not there are a defect', async () => {
      const id = randomUUID()
      await assert.rejects(store.metadata.write((tx) => tx.catalog.put(id, {})))
      await assert.rejects(store.metadata.write((tx) => tx.policies.put(id, '{ }')))
      assert.equal(await store.metadata.read.catalog.find(id), undefined)
    })
  })
}
