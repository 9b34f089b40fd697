// Policies of private registries.

import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { SchemaDialect } from './schema-dialect.ts'

export const registryPolicies = ({ textType: text }: SchemaDialect): Migration => ({
  up: async (db: Kysely<unknown>) => {
    await sql
      .raw(
        `create table registry_policy (
          kind ${text} not null,
          account_id ${text} not null,
          region ${text} not null,
          body ${text} not null,
          primary key (kind, account_id, region)
        )`,
      )
      .execute(db)
  },
})
