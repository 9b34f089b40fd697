import type { Kysely } from 'kysely'
import type { Upload, UploadReads, UploadWrites } from '../../domain/ports/metadata.ts'
import { statement } from './statement.ts'
import type { Tables, UploadRow } from './tables.ts'
import { insertTrash } from './trash.ts'

export function uploadReads(db: Kysely<Tables>): UploadReads {
  return {
    find: async (id) => {
      const { rows } = await findUpload(db, { id })
      return rows[0] && toUpload(rows[0])
    },
    expired: async (nowMs, limit) => (await findExpired(db, { nowMs, limit })).rows.map(toUpload),
    isBelow: async (accountId, limit) => Number((await countUploads(db, { accountId, limit })).rows[0]?.below) === 1,
  }
}

export function uploadWrites(db: Kysely<Tables>): UploadWrites {
  return {
    ...uploadReads(db),
    create: async (upload) => {
      await insertUpload(db, toRow(upload))
    },
    touch: async (id, change) => {
      const { expiresAtMs, part } = change
      await (part === undefined
        ? touchUpload(db, { id, expiresAtMs })
        : notePart(db, { id, expiresAtMs, small: part.small ? 1 : 0 }))
    },
    discard: async (id, reason, nowMs) => {
      const { rows } = await removeUpload(db, { id })
      if (rows[0])
        await insertTrash(db, { rows: [{ phys: rows[0].phys, digest: null, reason, not_before_ms: nowMs, size: 0 }] })
    },
  }
}

const findUpload = statement((db, is: { readonly id: string }) =>
  db.selectFrom('upload').selectAll().where('id', '=', is.id),
)

const findExpired = statement((db, is: { readonly nowMs: number; readonly limit: number }) =>
  db
    .selectFrom('upload')
    .selectAll()
    .where('expires_at_ms', '<', is.nowMs)
    .orderBy('expires_at_ms')
    .orderBy('id')
    .limit(is.limit),
)

const countUploads = statement((db, is: { readonly accountId: string; readonly limit: number }) =>
  db
    .selectFrom('upload')
    .select((of) => of(of.fn.countAll<number>(), '<', is.limit).as('below'))
    .where('account_id', '=', is.accountId),
)

const insertUpload = statement((db, row: { readonly [C in keyof UploadRow]: UploadRow[C] }) =>
  db.insertInto('upload').values(row),
)

const touchUpload = statement((db, is: { readonly id: string; readonly expiresAtMs: number }) =>
  db.updateTable('upload').set({ expires_at_ms: is.expiresAtMs }).where('id', '=', is.id),
)

const notePart = statement((db, is: { readonly id: string; readonly expiresAtMs: number; readonly small: number }) =>
  db
    .updateTable('upload')
    .set((of) => ({
      expires_at_ms: is.expiresAtMs,
      parts: of('parts', '+', of.lit(1)),
      small_parts: of('small_parts', '+', is.small),
      last_part_small: is.small,
    }))
    .where('id', '=', is.id),
)

const removeUpload = statement((db, is: { readonly id: string }) =>
  db.deleteFrom('upload').where('id', '=', is.id).returning('phys'),
)

const toUpload = (row: UploadRow): Upload => ({
  id: row.id,
  repositoryId: row.repository_id,
  accountId: row.account_id,
  phys: row.phys,
  createdAtMs: row.created_at_ms,
  expiresAtMs: row.expires_at_ms,
  parts: row.parts,
  smallParts: row.small_parts,
  lastPartSmall: row.last_part_small === 1,
})

const toRow = (upload: Upload): UploadRow => ({
  id: upload.id,
  repository_id: upload.repositoryId,
  account_id: upload.accountId,
  phys: upload.phys,
  created_at_ms: upload.createdAtMs,
  expires_at_ms: upload.expiresAtMs,
  parts: upload.parts,
  small_parts: upload.smallParts,
  last_part_small: upload.lastPartSmall ? 1 : 0,
})
