import type { Kysely } from 'kysely'
import type { PublicRegistry, RegistryAlias, RegistryReads, RegistryWrites } from '../../domain/ports/metadata.ts'
import { statement } from './statement.ts'
import type { PublicRegistryRow, RegistryAliasRow, Tables } from './tables.ts'

export function registryReads(db: Kysely<Tables>): RegistryReads {
  return {
    find: async (accountId) => {
      const { rows } = await findRegistry(db, { accountId })
      return rows[0] && toRegistry(rows[0])
    },
    page: async (after, limit) => (await pageRegistries(db, { after: after ?? '', limit })).rows.map(toRegistry),
    alias: async (name) => {
      const { rows } = await findAlias(db, { name })
      return rows[0] && toAlias(rows[0])
    },
    aliases: async (accountId) => (await findAliases(db, { accountId })).rows.map(toAlias),
  }
}

export function registryWrites(db: Kysely<Tables>): RegistryWrites {
  return {
    ...registryReads(db),
    put: async ({ accountId, displayName, verified }) => {
      await putRegistry(db, { account_id: accountId, display_name: displayName ?? null, verified: verified ? 1 : 0 })
    },
    createAlias: async (alias) => (await insertAlias(db, toAliasRow(alias))).rows.length > 0,
    updateAlias: async (name, change) => {
      if (change.status !== undefined) await setStatus(db, { name, status: change.status })
      if (change.primary !== undefined) await setPrimary(db, { name, primary: change.primary ? 1 : 0 })
    },
    removeAlias: async (name) => {
      await removeAlias(db, { name })
    },
  }
}

const findRegistry = statement((db, is: { readonly accountId: string }) =>
  db.selectFrom('public_registry').selectAll().where('account_id', '=', is.accountId),
)

const pageRegistries = statement((db, is: { readonly after: string; readonly limit: number }) =>
  db.selectFrom('public_registry').selectAll().where('account_id', '>', is.after).orderBy('account_id').limit(is.limit),
)

const findAlias = statement((db, is: { readonly name: string }) =>
  db.selectFrom('registry_alias').selectAll().where('name', '=', is.name),
)

const findAliases = statement((db, is: { readonly accountId: string }) =>
  db
    .selectFrom('registry_alias')
    .selectAll()
    .where('account_id', '=', is.accountId)
    .orderBy('created_at_ms')
    .orderBy('name'),
)

const putRegistry = statement((db, row: { readonly [C in keyof PublicRegistryRow]: PublicRegistryRow[C] }) =>
  db
    .insertInto('public_registry')
    .values(row)
    .onConflict((on) =>
      on.column('account_id').doUpdateSet({ display_name: row.display_name, verified: row.verified }),
    ),
)

const insertAlias = statement((db, row: { readonly [C in keyof RegistryAliasRow]: RegistryAliasRow[C] }) =>
  db
    .insertInto('registry_alias')
    .values(row)
    .onConflict((on) => on.column('name').doNothing())
    .returning('name'),
)

const setStatus = statement((db, is: { readonly name: string; readonly status: string }) =>
  db.updateTable('registry_alias').set({ status: is.status }).where('name', '=', is.name),
)

const setPrimary = statement((db, is: { readonly name: string; readonly primary: number }) =>
  db.updateTable('registry_alias').set({ is_primary: is.primary }).where('name', '=', is.name),
)

const removeAlias = statement((db, is: { readonly name: string }) =>
  db.deleteFrom('registry_alias').where('name', '=', is.name),
)

const toRegistry = (row: PublicRegistryRow): PublicRegistry => ({
  accountId: row.account_id,
  displayName: row.display_name ?? undefined,
  verified: row.verified === 1,
})

const toAlias = (row: RegistryAliasRow): RegistryAlias => ({
  name: row.name,
  accountId: row.account_id,
  status: row.status as RegistryAlias['status'], // Only `toAliasRow` and `setStatus` write the column.
  primary: row.is_primary === 1,
  default: row.is_default === 1,
  createdAtMs: row.created_at_ms,
})

const toAliasRow = (alias: RegistryAlias): RegistryAliasRow => ({
  name: alias.name,
  account_id: alias.accountId,
  status: alias.status,
  is_primary: alias.primary ? 1 : 0,
  is_default: alias.default ? 1 : 0,
  created_at_ms: alias.createdAtMs,
})
