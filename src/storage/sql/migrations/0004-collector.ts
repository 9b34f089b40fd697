// What the collector needs to find its work without reading what is in use, and the images that may be restored.

import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { SchemaDialect } from './schema-dialect.ts'

export const collector = (dialect: SchemaDialect): Migration => ({
  up: async (db: Kysely<unknown>) => {
    for (const statement of statements(dialect)) await sql.raw(statement).execute(db)
  },
})

const statements = ({ textType: text, clusteredTable }: SchemaDialect): readonly string[] => [
  'alter table repo_blob add column referenced bigint not null default 0',
  `update repo_blob set referenced = 1 where exists (
    select 1 from manifest_blob
    where manifest_blob.repository_id = repo_blob.repository_id and manifest_blob.digest = repo_blob.digest
  )`,
  // Layers that an image names are not in it: a cycle costs what there is to collect, not what there is.
  'create index repo_blob_by_lease on repo_blob (lease_until_ms, repository_id, digest) where referenced = 0',

  `create table released_blob (
    digest ${text} not null primary key references blob (digest)
  ) ${clusteredTable}`,
  // Deleting a repository or a layer left such blobs until now, for a collector to come.
  `insert into released_blob (digest)
    select digest from blob where not exists (select 1 from repo_blob where repo_blob.digest = blob.digest)`,

  'alter table trash add column size bigint not null default 0',

  // The body is the last column, as in the table of manifests.
  `create table deleted_image (
    repository_id ${text} not null references repository (id),
    digest ${text} not null,
    media_type ${text} not null,
    artifact_type ${text},
    subject ${text},
    manifest_bytes bigint not null,
    image_bytes bigint not null,
    pushed_at_ms bigint not null,
    last_pulled_at_ms bigint,
    tags ${text} not null,
    deleted_at_ms bigint not null,
    until_ms bigint not null,
    body ${text} not null,
    primary key (repository_id, digest)
  )`,
  'create index deleted_image_by_end on deleted_image (until_ms, repository_id, digest)',
]
