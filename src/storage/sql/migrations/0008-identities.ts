// Accounts, users, groups, roles, their policies and access keys. Users, groups and roles share a table, because policies are attached to
// all of them alike; each kind has names of its own.

import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { SchemaDialect } from './schema-dialect.ts'

export const identities = (dialect: SchemaDialect): Migration => ({
  up: async (db: Kysely<unknown>) => {
    for (const statement of [...tables(dialect), ...indexes, ...rows]) await sql.raw(statement).execute(db)
  },
})

const tables = ({ textType: text, clusteredTable: clustered }: SchemaDialect): readonly string[] => [
  `create table identity_version (
    id bigint not null primary key,
    version bigint not null
  )`,

  `create table account (
    account_id ${text} not null primary key,
    name ${text},
    organization_id ${text},
    created_at_ms bigint not null
  )`,

  `create table managed_policy (
    id ${text} not null primary key,
    account_id ${text} not null references account (account_id),
    name ${text} not null,
    name_key ${text} not null,
    path ${text} not null,
    document ${text} not null,
    created_at_ms bigint not null,
    updated_at_ms bigint not null,
    unique (account_id, name_key)
  )`,

  `create table iam_identity (
    id ${text} not null primary key,
    account_id ${text} not null references account (account_id),
    type ${text} not null,
    name ${text} not null,
    name_key ${text} not null,
    path ${text} not null,
    created_at_ms bigint not null,
    boundary_id ${text} references managed_policy (id),
    tags ${text} not null,
    revoked_before_ms bigint,
    trust_policy ${text},
    max_session_seconds bigint,
    unique (account_id, type, name_key)
  )`,

  `create table group_member (
    group_id ${text} not null references iam_identity (id),
    user_id ${text} not null references iam_identity (id),
    primary key (group_id, user_id)
  ) ${clustered}`,

  `create table policy_attachment (
    identity_id ${text} not null references iam_identity (id),
    policy_id ${text} not null references managed_policy (id),
    primary key (identity_id, policy_id)
  ) ${clustered}`,

  `create table inline_policy (
    identity_id ${text} not null references iam_identity (id),
    name ${text} not null,
    document ${text} not null,
    primary key (identity_id, name)
  )`,

  `create table access_key (
    access_key_id ${text} not null primary key,
    user_id ${text} not null references iam_identity (id),
    sealed_secret ${text} not null,
    active bigint not null,
    created_at_ms bigint not null,
    last_used_at_ms bigint
  )`,
]

const indexes: readonly string[] = [
  'create index iam_identity_by_boundary on iam_identity (boundary_id)',
  'create index group_member_by_user on group_member (user_id)',
  'create index policy_attachment_by_policy on policy_attachment (policy_id)',
  'create index access_key_by_user on access_key (user_id, created_at_ms, access_key_id)',
]

const rows: readonly string[] = ['insert into identity_version (id, version) values (1, 0)']
