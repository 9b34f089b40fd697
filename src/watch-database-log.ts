import type { Logger } from 'pino'

/** What a long backup or check of a large database may take; above, somebody has forgotten a shell. */
const tellBytes = 256 * 1024 * 1024

/** Gives a look at the size of the database's log, to be made every few seconds: each time it has doubled is told, and its end. */
export function watchDatabaseLog(
  logBytes: () => Promise<number>,
  log: Pick<Logger, 'warn' | 'info'>,
  fromBytes: number = tellBytes,
): () => Promise<void> {
  let tellAt = fromBytes
  return async () => {
    const bytes = await logBytes()
    if (bytes >= tellAt) {
      log.warn(
        { bytes },
        "the database's log grows because another process keeps reading (a backup, a check, a shell); pushes are refused once it is larger than what is free beside it",
      )
      while (tellAt <= bytes) tellAt *= 2
    } else if (bytes < fromBytes && tellAt > fromBytes) {
      log.info({ bytes }, "the database's log is small again")
      tellAt = fromBytes
    }
  }
}
