import { findServer, type RunningServer } from './server-file.ts'
import { CommandError } from './command-error.ts'

/** The server that runs on this data directory. Throws a sentence when none does. */
export function getServer(data: string): RunningServer {
  const server = findServer(data)
  if (server) return server
  throw new CommandError(
    `no server is running on the data directory ${data}: start one with "stowage serve", or name its directory with --data`,
  )
}
