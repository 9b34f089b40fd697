import type { Checking } from './checking.ts'

/** The database's own checks: its structure, and whether every reference leads to a row. False when its structure can not be trusted. */
export async function checkRows({ checkStore, progress, report }: Checking): Promise<boolean> {
  progress.begin('database', 1)
  let isSound = true
  for (const fault of await checkStore(true)) {
    if (fault.kind === 'dangling') {
      await report('row-dangling', `${fault.table} (${fault.key})`, `no such ${fault.refersTo}`)
    } else {
      isSound = false
      await report('database-damaged', 'metadata.db', fault.detail)
    }
  }
  progress.advance()
  return isSound
}
