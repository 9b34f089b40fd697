// Brings a database up to this program. A database that a newer program has changed is refused, never guessed at.

import { Migrator, type Migration } from 'kysely/migration'
import type { Kysely } from 'kysely'
import type { Tables } from '../tables.ts'
import { initialTables } from './0001-initial-tables.ts'
import { publicRegistries } from './0002-public-registries.ts'
import { gallery } from './0003-gallery.ts'
import { collector } from './0004-collector.ts'
import { checks } from './0005-checks.ts'
import { holds } from './0006-holds.ts'
import { registryPolicies } from './0007-registry-policies.ts'
import { identities } from './0008-identities.ts'
import { outbox } from './0009-outbox.ts'
import type { SchemaDialect } from './schema-dialect.ts'

const migrationsFor = (dialect: SchemaDialect): Readonly<Record<string, Migration>> => ({
  '0001-initial-tables': initialTables(dialect),
  '0002-public-registries': publicRegistries(dialect),
  '0003-gallery': gallery(dialect),
  '0004-collector': collector(dialect),
  '0005-checks': checks(dialect),
  '0006-holds': holds(dialect),
  '0007-registry-policies': registryPolicies(dialect),
  '0008-identities': identities(dialect),
  '0009-outbox': outbox(dialect),
})

/** Runs the migrations that are missing, in one transaction. Throws when the database is newer than the program. */
export async function migrate(db: Kysely<Tables>, dialect: SchemaDialect): Promise<void> {
  const migrations = migrationsFor(dialect)
  const done = await doneMigrations(db, migrations)
  // The migrator would only look at every table again, which costs more than the rest of opening a database.
  if (done.length === Object.keys(migrations).length) return
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } })
  const { error } = await migrator.migrateToLatest()
  if (error !== undefined) throw error instanceof Error ? error : new Error('the migration failed', { cause: error })
}

/** Throws when the database is not just as this program would leave it. Nothing is changed. */
export async function refuseOutdated(db: Kysely<Tables>, dialect: SchemaDialect): Promise<void> {
  const migrations = migrationsFor(dialect)
  const done = await doneMigrations(db, migrations)
  const missing = Object.keys(migrations).filter((name) => !done.includes(name))
  if (missing.length > 0)
    throw new Error(
      `the database was written by an older version of this program (it lacks the migration ${missing.join(', ')}); ` +
        'start the server once to bring it up to date',
    )
}

/** Throws when there is one that is not ours. */
async function doneMigrations(
  db: Kysely<Tables>,
  migrations: Readonly<Record<string, Migration>>,
): Promise<readonly string[]> {
  const done = await recordedMigrations(db)
  const unknown = done.filter((name) => !Object.hasOwn(migrations, name))
  if (unknown.length > 0)
    throw new Error(
      `the database was written by a newer version of this program (it has the unknown migration ${unknown.join(', ')}); ` +
        'start that version or a later one',
    )
  return done
}

async function recordedMigrations(db: Kysely<Tables>): Promise<readonly string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some((table) => table.name === 'kysely_migration')) return []
  const recorded = await db
    .$extendTables<{ kysely_migration: { name: string } }>()
    .selectFrom('kysely_migration')
    .select('name')
    .orderBy('name')
    .execute()
  return recorded.map((row) => row.name)
}
