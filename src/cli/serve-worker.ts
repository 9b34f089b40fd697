// One of the processes of `stowage serve --workers N` that serve. It does what the one that started it says, and ends with it: node:cluster ends a
// process whose channel closes.

import { fatalCode, openWorker, type WorkerServer } from '../assemble-workers.ts'
import { openCalls } from '../lib/calls.ts'
import { ListenError } from '../protocol/listen-error.ts'
import { StartError } from '../start-error.ts'
import type { PrimaryFace, StartFailure, WorkerFace } from '../workers/faces.ts'
import { openLog } from './open-log.ts'

// A terminal sends Ctrl-C to all processes, and a supervisor may send its signal to all of them too: the first one tells the others when to stop.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {})
process.umask(0o077)

const server = Promise.withResolvers<WorkerServer>()
const face: WorkerFace = {
  refreshIdentities: async () => (await server.promise).refreshIdentities(),
  figures: async () => (await server.promise).figures(),
  ping: () => {},
  stop: (graceMs) => void stop(graceMs),
}
const primary = openCalls<PrimaryFace>(face, (messages) => void process.send?.(messages))
process.on('message', primary.receive)

const { config, number } = await primary.call('hello')
const { logger, request, flush } = openLog(config)
const log = logger.child({ worker: number })
const die = (what: string, code: number) => (error: unknown) => {
  log.fatal({ err: error }, what)
  flush()
  process.exit(code)
}
process.on('uncaughtException', die('a defect ended a worker', 1))
const onFatal = die('the database can not be trusted any more; start again', fatalCode)
try {
  server.resolve(
    await openWorker({
      config,
      number,
      log,
      logRequest: (line) => request({ worker: number, ...line }),
      onFatal,
      primary,
    }),
  )
} catch (error) {
  flush()
  await primary.call('failed', toFailure(error))
  process.exit(1)
}

async function stop(graceMs: number): Promise<void> {
  const { close } = await server.promise
  await close(graceMs)
  flush()
  process.exit(0)
}

function toFailure(error: unknown): StartFailure {
  if (error instanceof ListenError)
    return { kind: 'listen', message: error.message, reason: error.reason, port: error.port }
  if (error instanceof StartError) return { kind: 'start', message: error.message }
  return { kind: 'defect', message: error instanceof Error ? (error.stack ?? error.message) : String(error) }
}
