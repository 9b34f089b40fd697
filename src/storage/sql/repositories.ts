import type { Kysely } from 'kysely'
import type {
  Encryption,
  RegistryKey,
  Repository,
  RepositoryReads,
  RepositorySettings,
  RepositoryWrites,
  TagMutability,
} from '../../domain/ports/metadata.ts'
import { noteAllReleased } from './collector.ts'
import { removeSome } from './remove-repository.ts'
import { removeWords as removeGalleryWords } from './gallery-statements.ts'
import { listsOf, statement } from './statement.ts'
import type { RepositoryRow, ResourceTagRow, Tables } from './tables.ts'

type InRegistry = { readonly kind: string; readonly account_id: string; readonly region: string }

export function repositoryReads(db: Kysely<Tables>): RepositoryReads {
  return {
    find: async (registry, name) => {
      const { rows } = await findRepository(db, { ...inRegistry(registry), name })
      return rows[0] && toRepository(rows[0])
    },
    page: async (registry, after, limit) => {
      // No repository has an empty name, so that all come after it.
      const { rows } = await pageRepositories(db, { ...inRegistry(registry), after: after ?? '', limit })
      return rows.map(toRepository)
    },
    count: async (registry) => {
      const { rows } = await countRepositories(db, inRegistry(registry))
      return Number(rows[0]?.count ?? 0)
    },
    hidden: async (limit) => (await findHidden(db, { limit })).rows.map((row) => row.id),
    tags: async (repositoryId) =>
      (await findTags(db, { repositoryId })).rows.map((row) => ({ key: row.key, value: row.value })),
  }
}

export function repositoryWrites(db: Kysely<Tables>): RepositoryWrites {
  return {
    ...repositoryReads(db),
    create: async (repository, tags) => {
      const { rows } = await insertRepository(db, toRow(repository))
      if (rows.length === 0) return false
      await putTags(db, repository.id, tags)
      return true
    },
    update: async (repositoryId, settings) => {
      const row = toSettingsRow(settings)
      if (Object.keys(row).length > 0) await updateRepository(db, repositoryId, row)
    },
    hide: async (repositoryId, nowMs) => {
      await Promise.all([
        removeGalleryWords(db, { repositoryId }),
        ...shownRemovals.map((remove) => remove(db, { repositoryId })),
        trashUploads(db, { repositoryId, nowMs }),
        removeUploads(db, { repositoryId }),
        hideRepository(db, { repositoryId }),
      ])
    },
    removeSome: (repositoryId, limit) => removeSome(db, repositoryId, limit),
    remove: async (repositoryId, nowMs) => {
      // Children before parents, as the foreign keys want it. The statements go out together: one connection runs them in order.
      await Promise.all([
        noteAllReleased(db, { repositoryId }),
        removeGalleryWords(db, { repositoryId }),
        ...removals.map((remove) => remove(db, { repositoryId })),
        trashUploads(db, { repositoryId, nowMs }),
        removeUploads(db, { repositoryId }),
        removeRepository(db, { repositoryId }),
      ])
    },
    putTags: (repositoryId, tags) => putTags(db, repositoryId, tags),
    removeTags: async (repositoryId, keys) => {
      for (const some of listsOf(keys)) await removeTags(db, { repositoryId, keys: some })
    },
  }
}

async function putTags(db: Kysely<Tables>, repositoryId: string, tags: RepositoryTags): Promise<void> {
  // One statement each: a list is padded with repeats, and an upsert must not meet the same row twice. At most 50 are allowed.
  await Promise.all(tags.map((tag) => upsertTag(db, { repository_id: repositoryId, key: tag.key, value: tag.value })))
}

type RepositoryTags = readonly { readonly key: string; readonly value: string }[]

const inRegistry = (registry: RegistryKey): InRegistry => ({
  kind: registry.kind,
  account_id: registry.accountId,
  region: registry.region,
})

// Without the count of images, which each push changes: what a transaction saw of the repository stays as it was.
const columns = [
  'id',
  'kind',
  'account_id',
  'region',
  'name',
  'created_at_ms',
  'encryption_type',
  'kms_key',
  'tag_mutability',
  'exclusion_filters',
  'scan_on_push',
] as const

const findRepository = statement((db, is: InRegistry & { readonly name: string }) =>
  db
    .selectFrom('repository')
    .select(columns)
    .where('kind', '=', is.kind)
    .where('account_id', '=', is.account_id)
    .where('region', '=', is.region)
    .where('name', '=', is.name),
)

const pageRepositories = statement((db, is: InRegistry & { readonly after: string; readonly limit: number }) =>
  db
    .selectFrom('repository')
    .select(columns)
    .where('kind', '=', is.kind)
    .where('account_id', '=', is.account_id)
    .where('region', '=', is.region)
    .where('name', '>', is.after)
    .orderBy('name')
    .limit(is.limit),
)

const countRepositories = statement((db, is: InRegistry) =>
  db
    .selectFrom('repository')
    .select((of) => of.fn.countAll().as('count'))
    .where('kind', '=', is.kind)
    .where('account_id', '=', is.account_id)
    .where('region', '=', is.region),
)

const findTags = statement((db, is: { readonly repositoryId: string }) =>
  db.selectFrom('resource_tag').select(['key', 'value']).where('repository_id', '=', is.repositoryId).orderBy('key'),
)

// A taken name is no error here: the row that comes back says who made it. Only the name conflicts; a repeated id is a defect.
const insertRepository = statement((db, row: { readonly [C in keyof RepositoryRow]: RepositoryRow[C] }) =>
  db
    .insertInto('repository')
    .values(row)
    .onConflict((on) => on.columns(['kind', 'account_id', 'region', 'name']).doNothing())
    .returning('id'),
)

// Not a prepared statement: the columns differ from call to call, and settings change rarely.
const updateRepository = (db: Kysely<Tables>, repositoryId: string, row: Partial<RepositoryRow>) =>
  db.updateTable('repository').set(row).where('id', '=', repositoryId).execute()

const upsertTag = statement((db, row: { readonly [C in keyof ResourceTagRow]: ResourceTagRow[C] }) =>
  db
    .insertInto('resource_tag')
    .values(row)
    .onConflict((on) => on.columns(['repository_id', 'key']).doUpdateSet({ value: row.value })),
)

const removeTags = statement((db, is: { readonly repositoryId: string; readonly keys: readonly string[] }) =>
  db.deleteFrom('resource_tag').where('repository_id', '=', is.repositoryId).where('key', 'in', is.keys),
)

const removalOf = (
  table:
    | 'gallery_repository'
    | 'catalog_data'
    | 'repository_policy'
    | 'resource_tag'
    | 'deleted_image'
    | 'tag'
    | 'manifest_child'
    | 'manifest_blob'
    | 'manifest'
    | 'repo_blob',
) =>
  statement((db, is: { readonly repositoryId: string }) =>
    db.deleteFrom(table).where('repository_id', '=', is.repositoryId),
  )

/** What others see of a repository without its images: few rows. */
const shownRemovals = (['gallery_repository', 'catalog_data', 'repository_policy', 'resource_tag'] as const).map(
  removalOf,
)

const removals = [
  ...shownRemovals,
  ...(['deleted_image', 'tag', 'manifest_child', 'manifest_blob', 'manifest', 'repo_blob'] as const).map(removalOf),
]

/** A kind that no registry has. The id is a name that nobody else has. */
const hiddenKind = 'removed'

const hideRepository = statement((db, is: { readonly repositoryId: string }) =>
  db
    .updateTable('repository')
    .set((of) => ({ kind: of.val(hiddenKind), name: of.ref('id') }))
    .where('id', '=', is.repositoryId),
)

const findHidden = statement((db, is: { readonly limit: number }) =>
  db
    .selectFrom('repository')
    .select('id')
    .where('kind', '=', (of) => of.val(hiddenKind))
    .limit(is.limit),
)

const trashUploads = statement((db, is: { readonly repositoryId: string; readonly nowMs: number }) =>
  db
    .insertInto('trash')
    .columns(['phys', 'reason', 'not_before_ms', 'size'])
    .expression((of) =>
      of
        .selectFrom('upload')
        .select((column) => [
          'phys',
          column.val('repository removed').as('reason'),
          column.cast<number>(column.val(is.nowMs), 'bigint').as('not_before_ms'),
          column.lit(0).as('size'),
        ])
        .where('repository_id', '=', is.repositoryId),
    ),
)

const removeUploads = statement((db, is: { readonly repositoryId: string }) =>
  db.deleteFrom('upload').where('repository_id', '=', is.repositoryId),
)

const removeRepository = statement((db, is: { readonly repositoryId: string }) =>
  db.deleteFrom('repository').where('id', '=', is.repositoryId),
)

function toRepository(row: Pick<RepositoryRow, (typeof columns)[number]>): Repository {
  const encryption = row.encryption_type as Encryption['encryptionType'] // Only `toRow` writes the column.
  return {
    id: row.id,
    registry: {
      kind: row.kind as RegistryKey['kind'], // As above.
      accountId: row.account_id,
      region: row.region,
    },
    name: row.name,
    createdAtMs: row.created_at_ms,
    encryption:
      row.kms_key === null ? { encryptionType: encryption } : { encryptionType: encryption, kmsKey: row.kms_key },
    tagMutability: row.tag_mutability as TagMutability, // As above.
    exclusionFilters: JSON.parse(row.exclusion_filters) as string[], // As above.
    scanOnPush: row.scan_on_push === 1,
  }
}

const toRow = (repository: Repository): RepositoryRow => ({
  id: repository.id,
  ...inRegistry(repository.registry),
  name: repository.name,
  created_at_ms: repository.createdAtMs,
  encryption_type: repository.encryption.encryptionType,
  kms_key: repository.encryption.kmsKey ?? null,
  tag_mutability: repository.tagMutability,
  exclusion_filters: JSON.stringify(repository.exclusionFilters),
  scan_on_push: repository.scanOnPush ? 1 : 0,
  image_count: 0,
})

const toSettingsRow = (settings: Partial<RepositorySettings>): Partial<RepositoryRow> => ({
  ...(settings.tagMutability !== undefined && { tag_mutability: settings.tagMutability }),
  ...(settings.exclusionFilters !== undefined && { exclusion_filters: JSON.stringify(settings.exclusionFilters) }),
  ...(settings.scanOnPush !== undefined && { scan_on_push: settings.scanOnPush ? 1 : 0 }),
})
