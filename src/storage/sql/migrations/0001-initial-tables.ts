// The tables of the first version. Foreign keys are not decoration: that a committed image is complete follows from them.
// No cascades: what goes with what is said by the statements, and a forgotten row is an error instead of a loss.

import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { SchemaDialect } from './schema-dialect.ts'

export const initialTables = (dialect: SchemaDialect): Migration => ({
  up: async (db: Kysely<unknown>) => {
    // Plain SQL that SQLite and PostgreSQL both take, one statement at a time.
    for (const statement of [...tables(dialect), ...indexes]) await sql.raw(statement).execute(db)
  },
})

const tables = ({ textType: text, clusteredTable }: SchemaDialect): readonly string[] => [
  `create table repository (
    id ${text} not null primary key,
    kind ${text} not null,
    account_id ${text} not null,
    region ${text} not null,
    name ${text} not null,
    created_at_ms bigint not null,
    encryption_type ${text} not null,
    kms_key ${text},
    tag_mutability ${text} not null,
    exclusion_filters ${text} not null,
    scan_on_push bigint not null,
    image_count bigint not null,
    unique (kind, account_id, region, name)
  )`,

  `create table resource_tag (
    repository_id ${text} not null references repository (id),
    key ${text} not null,
    value ${text} not null,
    primary key (repository_id, key)
  ) ${clusteredTable}`,

  `create table blob (
    digest ${text} not null primary key,
    size bigint not null,
    phys ${text} not null unique,
    created_at_ms bigint not null,
    verified_at_ms bigint not null,
    bad bigint not null
  )`,

  `create table repo_blob (
    repository_id ${text} not null references repository (id),
    digest ${text} not null references blob (digest),
    lease_until_ms bigint not null,
    primary key (repository_id, digest)
  ) ${clusteredTable}`,

  // The body is the last column: SQLite then reads the others without touching the pages it overflows to.
  `create table manifest (
    repository_id ${text} not null references repository (id),
    digest ${text} not null,
    media_type ${text} not null,
    artifact_type ${text},
    subject ${text},
    manifest_bytes bigint not null,
    image_bytes bigint not null,
    pushed_at_ms bigint not null,
    last_pulled_at_ms bigint,
    tagged bigint not null,
    body ${text} not null,
    primary key (repository_id, digest)
  )`,

  `create table manifest_blob (
    repository_id ${text} not null,
    manifest_digest ${text} not null,
    digest ${text} not null,
    media_type ${text} not null,
    primary key (repository_id, manifest_digest, digest),
    foreign key (repository_id, manifest_digest) references manifest (repository_id, digest),
    foreign key (repository_id, digest) references repo_blob (repository_id, digest)
  ) ${clusteredTable}`,

  `create table manifest_child (
    repository_id ${text} not null,
    parent_digest ${text} not null,
    child_digest ${text} not null,
    primary key (repository_id, parent_digest, child_digest),
    foreign key (repository_id, parent_digest) references manifest (repository_id, digest),
    foreign key (repository_id, child_digest) references manifest (repository_id, digest)
  ) ${clusteredTable}`,

  `create table tag (
    repository_id ${text} not null,
    name ${text} not null,
    digest ${text} not null,
    updated_at_ms bigint not null,
    primary key (repository_id, name),
    foreign key (repository_id, digest) references manifest (repository_id, digest)
  ) ${clusteredTable}`,

  `create table upload (
    id ${text} not null primary key,
    repository_id ${text} not null references repository (id),
    account_id ${text} not null,
    phys ${text} not null unique,
    created_at_ms bigint not null,
    expires_at_ms bigint not null,
    parts bigint not null,
    small_parts bigint not null,
    last_part_small bigint not null
  )`,

  `create table trash (
    phys ${text} not null primary key,
    digest ${text},
    reason ${text} not null,
    not_before_ms bigint not null
  )`,
]

/** One for each way a table is read besides its primary key, and for each foreign key from the other side. */
const indexes: readonly string[] = [
  'create index repo_blob_by_digest on repo_blob (digest)',
  'create index manifest_by_tagged on manifest (repository_id, tagged, digest)',
  'create index manifest_by_subject on manifest (repository_id, subject, digest, artifact_type) where subject is not null',
  'create index manifest_blob_by_digest on manifest_blob (repository_id, digest, media_type)',
  'create index manifest_child_by_child on manifest_child (repository_id, child_digest, parent_digest)',
  'create index tag_by_digest on tag (repository_id, digest, name)',
  'create index upload_by_repository on upload (repository_id)',
  'create index upload_by_account on upload (account_id)',
  'create index upload_by_end on upload (expires_at_ms, id)',
  'create index trash_by_time on trash (not_before_ms, phys)',
]
