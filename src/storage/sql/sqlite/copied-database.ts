// A database in a backup, or one that is being restored: nobody else has it open. Asked for the files that it names.

import { DatabaseSync } from 'node:sqlite'

export interface CopiedLayer {
  readonly phys: string
  readonly digest: string
  readonly size: number
}

export interface CopiedDatabase extends Disposable {
  readonly counts: () => {
    readonly repositories: number
    readonly images: number
    readonly layers: number
    readonly layerBytes: number
  }
  /** Layers that are not known to be damaged, by physical name, after `after`. */
  readonly layers: (after: string, limit: number) => readonly CopiedLayer[]
  readonly hasLayer: (phys: string) => boolean
  /** Names of logos that catalog data show, one of each repository that has one, by repository. */
  readonly logos: () => Iterable<string>
  /** Marks layers as damaged: absent until they are pushed again. */
  readonly markBad: (names: readonly string[]) => void
  /** Forgets what belongs to the server that it was copied from: unfinished uploads, files to be removed, holds, events on their way. */
  readonly forgetUnfinished: () => void
}

/** Opens it as one file without a log. Its schema is trusted in nothing; the caller has inspected it. */
export function openCopiedDatabase(file: string): CopiedDatabase {
  const database = new DatabaseSync(file, { defensive: true, allowExtension: false, enableForeignKeyConstraints: true })
  try {
    for (const setting of [
      'trusted_schema = off',
      'cell_size_check = on',
      'journal_mode = delete',
      'synchronous = full',
    ])
      database.exec(`pragma ${setting}`)
  } catch (error) {
    database.close()
    throw error
  }
  const count = (text: string) => Number(Object.values(database.prepare(text).get() ?? {})[0] ?? 0)
  const inTransaction = (work: () => void) => {
    database.exec('begin immediate')
    work()
    database.exec('commit')
  }
  return {
    counts: () => ({
      repositories: count(`select count(*) from repository where kind in ('private', 'public')`),
      images: count('select count(*) from manifest'),
      layers: count('select count(*) from blob where bad = 0'),
      layerBytes: count('select sum(size) from blob where bad = 0'),
    }),
    layers: (after, limit) =>
      database
        .prepare('select phys, digest, size from blob where phys > ? and bad = 0 order by phys limit ?')
        .all(after, limit)
        .map((row) => ({ phys: String(row['phys']), digest: String(row['digest']), size: Number(row['size']) })),
    hasLayer: (phys) => database.prepare('select 1 from blob where phys = ? and bad = 0').get(phys) !== undefined,
    logos: function* () {
      for (const row of database.prepare('select data from catalog_data order by repository_id').iterate()) {
        const data: unknown = JSON.parse(String(row['data']))
        if (typeof data === 'object' && data !== null && 'logo' in data && typeof data.logo === 'string')
          yield data.logo
      }
    },
    markBad: (names) =>
      inTransaction(() => {
        const mark = database.prepare('update blob set bad = 1 where phys = ?')
        for (const phys of names) mark.run(phys)
      }),
    forgetUnfinished: () =>
      inTransaction(() => {
        const its = new Set(
          database
            .prepare("select name from sqlite_master where type = 'table'")
            .all()
            .map(({ name }) => name),
        )
        // A backup may be older than a table.
        for (const table of ['upload', 'trash', 'hold', 'outbox_event'])
          if (its.has(table)) database.exec(`delete from ${table}`)
      }),
    [Symbol.dispose]: () => {
      if (database.isOpen) database.close()
    },
  }
}
