import type { Services } from './context.ts'
import type { CheckStore } from './ports/store-audit.ts'

const name = 'database check'

/**
 * Checks the structure of the database when that was last done before `dueMs`. Gives what is wrong, if anything; `undefined` when it was
 * not due. A database that was never checked was just made or brought up to date, and counts as checked now.
 */
export async function checkDatabaseIfDue(
  { metadata, clock, checkStore }: Pick<Services, 'metadata' | 'clock'> & { readonly checkStore: CheckStore },
  dueMs: number,
): Promise<readonly string[] | undefined> {
  const doneAtMs = await metadata.read.audit.upkeepDoneAtMs(name)
  const note = () => metadata.write((tx) => tx.audit.noteUpkeep(name, clock.now()))
  if (doneAtMs === undefined) await note()
  if (doneAtMs === undefined || doneAtMs > dueMs) return undefined
  const faults = await checkStore(false)
  // Once it is damaged it is checked again and again.
  if (faults.length === 0) await note()
  return faults.map((fault) => (fault.kind === 'damage' ? fault.detail : `${fault.table} (${fault.key})`))
}
