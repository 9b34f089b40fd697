import { stat } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'

/** Throws when `file` is a database of another program: opening it as ours would change it. One that is missing or empty is fine. */
export async function refuseForeign(file: string): Promise<void> {
  const found = await stat(file).catch(() => undefined)
  if (!found || found.size === 0) return
  const database = new DatabaseSync(file, { readOnly: true, timeout: 5000 })
  try {
    const names = database.prepare(`select name from sqlite_schema where type = 'table'`).all()
    if (names.length > 0 && !names.some((row) => row['name'] === 'kysely_migration'))
      throw new Error('it is the database of another program')
  } finally {
    database.close()
  }
}
