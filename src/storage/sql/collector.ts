import { sql, type Kysely } from 'kysely'
import type { CollectorReads, CollectorWrites, EndedLease } from '../../domain/ports/metadata.ts'
import type { Digest } from '../../lib/digest.ts'
import { listsOf, statement } from './statement.ts'
import type { Tables } from './tables.ts'
import { insertTrash } from './trash.ts'

export function collectorReads(db: Kysely<Tables>): CollectorReads {
  return {
    endedLeases: async (nowMs, after, limit) => {
      // Every time is after the least one, and no id is empty.
      const from = {
        afterMs: after?.leaseUntilMs ?? Number.MIN_SAFE_INTEGER,
        afterId: after?.repositoryId ?? '',
        afterDigest: after?.digest ?? '',
      }
      const { rows } = await findEnded(db, { nowMs, ...from, limit })
      return rows.map((row) => ({
        repositoryId: row.repository_id,
        digest: asDigest(row.digest),
        leaseUntilMs: row.lease_until_ms,
      }))
    },
    released: async (after, limit) =>
      (await pageReleased(db, { after: after ?? '', limit })).rows.map((row) => asDigest(row.digest)),
  }
}

export function collectorWrites(db: Kysely<Tables>): CollectorWrites {
  return {
    ...collectorReads(db),
    endLeases: async (leases, nowMs) => {
      let count = 0
      for (const [repositoryId, digests] of byRepository(leases))
        for (const some of listsOf(digests)) {
          const { rows } = await endMemberships(db, { repositoryId, digests: some, nowMs })
          count += rows.length
          if (rows.length > 0) await noteReleased(db, { rows: rows.map(({ digest }) => ({ digest })) })
        }
      return count
    },
    removeBlobs: async (digests, notBeforeMs) => {
      const removed: { readonly digest: Digest; readonly size: number }[] = []
      for (const some of listsOf(digests)) {
        await forgetReleased(db, { digests: some })
        const { rows } = await removeUnowned(db, { digests: some })
        // What went is what the trash gets: two statements that each looked would disagree where other writers are about.
        const files = rows.map(({ phys, digest, size }) => ({ phys, digest, size, reason: 'collected' }))
        if (files.length > 0)
          await insertTrash(db, { rows: files.map((file) => ({ ...file, not_before_ms: notBeforeMs })) })
        for (const { digest, size } of rows) removed.push({ digest: asDigest(digest), size })
      }
      return removed
    },
  }
}

function byRepository(leases: readonly EndedLease[]): ReadonlyMap<string, readonly Digest[]> {
  const digests = new Map<string, Digest[]>()
  for (const { repositoryId, digest } of leases) {
    const others = digests.get(repositoryId)
    if (others === undefined) digests.set(repositoryId, [digest])
    else others.push(digest)
  }
  return digests
}

type AfterLease = {
  readonly nowMs: number
  readonly afterMs: number
  readonly afterId: string
  readonly afterDigest: string
  readonly limit: number
}

// The literal 0 is what makes the index of candidates fit.
const findEnded = statement((db, is: AfterLease) =>
  db
    .selectFrom('repo_blob')
    .select(['repository_id', 'digest', 'lease_until_ms'])
    .where('referenced', '=', (of) => of.lit(0))
    .where('lease_until_ms', '<', is.nowMs)
    .where(
      (of) =>
        sql<boolean>`(${of.ref('lease_until_ms')}, ${of.ref('repository_id')}, ${of.ref('digest')}) > (${is.afterMs}, ${is.afterId}, ${is.afterDigest})`,
    )
    .orderBy('lease_until_ms')
    .orderBy('repository_id')
    .orderBy('digest')
    .limit(is.limit),
)

const pageReleased = statement((db, is: { readonly after: string; readonly limit: number }) =>
  db.selectFrom('released_blob').select('digest').where('digest', '>', is.after).orderBy('digest').limit(is.limit),
)

// The references themselves are asked, not the flag that found the candidate.
const endMemberships = statement(
  (db, is: { readonly repositoryId: string; readonly digests: readonly string[]; readonly nowMs: number }) =>
    db
      .deleteFrom('repo_blob')
      .where('repository_id', '=', is.repositoryId)
      .where('digest', 'in', is.digests)
      .where('lease_until_ms', '<', is.nowMs)
      .where((of) =>
        of.not(
          of.exists(
            of
              .selectFrom('manifest_blob')
              .select('manifest_blob.digest')
              .whereRef('manifest_blob.repository_id', '=', 'repo_blob.repository_id')
              .whereRef('manifest_blob.digest', '=', 'repo_blob.digest'),
          ),
        ),
      )
      .returning('digest'),
)

/** Notes blobs that lost a membership. */
export const noteReleased = statement((db, is: { readonly rows: readonly { readonly digest: string }[] }) =>
  db
    .insertInto('released_blob')
    .values(is.rows)
    .onConflict((on) => on.column('digest').doNothing()),
)

/** Notes every blob that the repository has, before its memberships go. */
export const noteAllReleased = statement((db, is: { readonly repositoryId: string }) =>
  db
    .insertInto('released_blob')
    .columns(['digest'])
    .expression((of) => of.selectFrom('repo_blob').select('digest').where('repository_id', '=', is.repositoryId))
    .onConflict((on) => on.column('digest').doNothing()),
)

const forgetReleased = statement((db, is: { readonly digests: readonly string[] }) =>
  db.deleteFrom('released_blob').where('digest', 'in', is.digests),
)

const removeUnowned = statement((db, is: { readonly digests: readonly string[] }) =>
  db
    .deleteFrom('blob')
    .where('digest', 'in', is.digests)
    .where((of) =>
      of.not(
        of.exists(
          of.selectFrom('repo_blob').select('repo_blob.digest').whereRef('repo_blob.digest', '=', 'blob.digest'),
        ),
      ),
    )
    .returning(['digest', 'phys', 'size']),
)

// Only digests are ever written to these columns.
const asDigest = (text: string): Digest => text as Digest
