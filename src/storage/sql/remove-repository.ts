// A repository of any size goes in pieces, each a transaction. After each of them what is left is a registry in good order: images go whole,
// those that no index names before the others, and a membership is noted for the collector in the transaction that ends it.

import type { Kysely } from 'kysely'
import { noteReleased } from './collector.ts'
import { changeCount, unmarkReferenced } from './image-statements.ts'
import { statement } from './statement.ts'
import type { Tables } from './tables.ts'

export async function removeSome(db: Kysely<Tables>, repositoryId: string, limit: number): Promise<number> {
  let left = limit
  for (const remove of [removeImages, removeDeletedImages, removeMemberships])
    while (left > 0) {
      const removed = await remove(db, repositoryId, left)
      if (removed === 0) break
      left -= removed
    }
  return limit - left
}

async function removeImages(db: Kysely<Tables>, repositoryId: string, limit: number): Promise<number> {
  const digests = digestsOf(await findFree(db, { repositoryId, limit }))
  if (digests.length === 0) return 0
  const images = { repositoryId, digests }
  await Promise.all([
    removeTags(db, images),
    removeChildren(db, images),
    unmarkReferenced(db, images),
    removeLayers(db, images),
    removeManifests(db, images),
    changeCount(db, { repositoryId, by: -digests.length }),
  ])
  return digests.length
}

async function removeDeletedImages(db: Kysely<Tables>, repositoryId: string, limit: number): Promise<number> {
  const digests = digestsOf(await findDeleted(db, { repositoryId, limit }))
  if (digests.length > 0) await removeDeleted(db, { repositoryId, digests })
  return digests.length
}

async function removeMemberships(db: Kysely<Tables>, repositoryId: string, limit: number): Promise<number> {
  const { rows } = await findMembers(db, { repositoryId, limit })
  if (rows.length === 0) return 0
  const digests = rows.map((row) => row.digest)
  await Promise.all([noteReleased(db, { rows }), removeMembers(db, { repositoryId, digests })])
  return rows.length
}

const digestsOf = ({ rows }: { readonly rows: readonly { readonly digest: string }[] }): readonly string[] =>
  rows.map((row) => row.digest)

type Page = { readonly repositoryId: string; readonly limit: number }
type Digests = { readonly repositoryId: string; readonly digests: readonly string[] }

/** Images that no index names. */
const findFree = statement((db, is: Page) =>
  db
    .selectFrom('manifest')
    .select('digest')
    .where('repository_id', '=', is.repositoryId)
    .where((of) =>
      of.not(
        of.exists(
          of
            .selectFrom('manifest_child')
            .select('manifest_child.parent_digest')
            .whereRef('manifest_child.repository_id', '=', 'manifest.repository_id')
            .whereRef('manifest_child.child_digest', '=', 'manifest.digest'),
        ),
      ),
    )
    .limit(is.limit),
)

const removeTags = statement((db, is: Digests) =>
  db.deleteFrom('tag').where('repository_id', '=', is.repositoryId).where('digest', 'in', is.digests),
)

const removeChildren = statement((db, is: Digests) =>
  db.deleteFrom('manifest_child').where('repository_id', '=', is.repositoryId).where('parent_digest', 'in', is.digests),
)

const removeLayers = statement((db, is: Digests) =>
  db
    .deleteFrom('manifest_blob')
    .where('repository_id', '=', is.repositoryId)
    .where('manifest_digest', 'in', is.digests),
)

const removeManifests = statement((db, is: Digests) =>
  db.deleteFrom('manifest').where('repository_id', '=', is.repositoryId).where('digest', 'in', is.digests),
)

const findDeleted = statement((db, is: Page) =>
  db.selectFrom('deleted_image').select('digest').where('repository_id', '=', is.repositoryId).limit(is.limit),
)

const removeDeleted = statement((db, is: Digests) =>
  db.deleteFrom('deleted_image').where('repository_id', '=', is.repositoryId).where('digest', 'in', is.digests),
)

const findMembers = statement((db, is: Page) =>
  db.selectFrom('repo_blob').select('digest').where('repository_id', '=', is.repositoryId).limit(is.limit),
)

const removeMembers = statement((db, is: Digests) =>
  db.deleteFrom('repo_blob').where('repository_id', '=', is.repositoryId).where('digest', 'in', is.digests),
)
