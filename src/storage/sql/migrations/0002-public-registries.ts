// Public registries: their names, their catalog, and the policies of repositories.

import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { SchemaDialect } from './schema-dialect.ts'

export const publicRegistries = (dialect: SchemaDialect): Migration => ({
  up: async (db: Kysely<unknown>) => {
    for (const statement of [...tables(dialect), ...indexes]) await sql.raw(statement).execute(db)
  },
})

const tables = ({ textType: text }: SchemaDialect): readonly string[] => [
  `create table public_registry (
    account_id ${text} not null primary key,
    display_name ${text},
    verified bigint not null
  )`,

  `create table registry_alias (
    name ${text} not null primary key,
    account_id ${text} not null references public_registry (account_id),
    status ${text} not null,
    is_primary bigint not null,
    is_default bigint not null,
    created_at_ms bigint not null
  )`,

  `create table catalog_data (
    repository_id ${text} not null primary key references repository (id),
    data ${text} not null
  )`,

  `create table repository_policy (
    repository_id ${text} not null primary key references repository (id),
    body ${text} not null
  )`,
]

const indexes: readonly string[] = [
  'create index registry_alias_by_account on registry_alias (account_id, created_at_ms, name)',
]
