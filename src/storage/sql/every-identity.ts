// Everything about identities as of one version, for the copy in memory. Read in pages: between two of them requests are answered.

import type { Kysely, QueryResult } from 'kysely'
import type { EveryIdentity } from '../../domain/ports/identities.ts'
import * as rows from './identity-rows.ts'
import { statement } from './statement.ts'
import type { Tables } from './tables.ts'

const pageRows = 250
/** A change during the reading is rare, and during each of these readings nothing that operators do. */
const triesMax = 20

/** How often anything was changed. */
export async function findVersion(db: Kysely<Tables>): Promise<number> {
  const [row] = (await findVersionRow(db, {})).rows
  if (!row) throw new Error('the database has no version of identities')
  return row.version
}

/** Reads again when something was changed meanwhile: what is given is of one version. */
export async function everyIdentity(db: Kysely<Tables>): Promise<EveryIdentity> {
  for (let tries = 1; tries <= triesMax; tries++) {
    const version = await findVersion(db)
    const read = {
      version,
      accounts: (await all(db, pageAccounts, (row) => ({ after: row.account_id, second: '' }))).map(rows.toAccount),
      identities: (await all(db, pageIdentities, (row) => ({ after: row.id, second: '' }))).map(rows.toIdentity),
      memberships: (await all(db, pageMembers, (row) => ({ after: row.group_id, second: row.user_id }))).map(
        rows.toMembership,
      ),
      policies: (await all(db, pagePolicies, (row) => ({ after: row.id, second: '' }))).map(rows.toPolicy),
      attachments: (await all(db, pageAttachments, (row) => ({ after: row.identity_id, second: row.policy_id }))).map(
        rows.toAttachment,
      ),
      inlinePolicies: (await all(db, pageInlinePolicies, (row) => ({ after: row.identity_id, second: row.name }))).map(
        rows.toInlinePolicy,
      ),
      accessKeys: (await all(db, pageAccessKeys, (row) => ({ after: row.access_key_id, second: '' }))).map(
        rows.toAccessKey,
      ),
    }
    if ((await findVersion(db)) === version) return read
  }
  throw new Error('identities change faster than they can be read')
}

/** A place in a table: its key, or the first and the second part of it. */
type Position = { readonly after: string; readonly second: string }
type Page = Position & { readonly limit: number }

async function all<R>(
  db: Kysely<Tables>,
  page: (db: Kysely<Tables>, is: Page) => Promise<QueryResult<R>>,
  positionOf: (row: R) => Position,
): Promise<readonly R[]> {
  const found: R[] = []
  for (let position: Position = { after: '', second: '' }; ;) {
    const { rows: read } = await page(db, { ...position, limit: pageRows })
    found.push(...read)
    const last = read.at(-1)
    if (last === undefined || read.length < pageRows) return found
    position = positionOf(last)
    await new Promise(setImmediate)
  }
}

const findVersionRow = statement((db, _is: Record<string, never>) =>
  db.selectFrom('identity_version').select('version').where('id', '=', 1),
)

const pageAccounts = statement((db, is: Page) =>
  db.selectFrom('account').selectAll().where('account_id', '>', is.after).orderBy('account_id').limit(is.limit),
)

const pageIdentities = statement((db, is: Page) =>
  db.selectFrom('iam_identity').selectAll().where('id', '>', is.after).orderBy('id').limit(is.limit),
)

const pagePolicies = statement((db, is: Page) =>
  db.selectFrom('managed_policy').selectAll().where('id', '>', is.after).orderBy('id').limit(is.limit),
)

const pageMembers = statement((db, is: Page) =>
  db
    .selectFrom('group_member')
    .selectAll()
    .where((eb) => eb(eb.refTuple('group_id', 'user_id'), '>', eb.tuple(is.after, is.second)))
    .orderBy('group_id')
    .orderBy('user_id')
    .limit(is.limit),
)

const pageAttachments = statement((db, is: Page) =>
  db
    .selectFrom('policy_attachment')
    .selectAll()
    .where((eb) => eb(eb.refTuple('identity_id', 'policy_id'), '>', eb.tuple(is.after, is.second)))
    .orderBy('identity_id')
    .orderBy('policy_id')
    .limit(is.limit),
)

const pageInlinePolicies = statement((db, is: Page) =>
  db
    .selectFrom('inline_policy')
    .selectAll()
    .where((eb) => eb(eb.refTuple('identity_id', 'name'), '>', eb.tuple(is.after, is.second)))
    .orderBy('identity_id')
    .orderBy('name')
    .limit(is.limit),
)

const pageAccessKeys = statement((db, is: Page) =>
  db
    .selectFrom('access_key')
    .selectAll()
    .where('access_key_id', '>', is.after)
    .orderBy('access_key_id')
    .limit(is.limit),
)
