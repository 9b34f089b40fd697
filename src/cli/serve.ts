// `stowage serve`: starts the server, says that it serves, and stops it in good order.

import { fileURLToPath } from 'node:url'

import { type AssembleOptions, openStowage, type Stowage } from '../assemble.ts'
import type { LoadedConfig } from '../config.ts'
import { workerFile } from '../lib/worker-file.ts'
import { ListenError } from '../protocol/listen-error.ts'
import type { Config } from '../settings.ts'
import { StartError } from '../start-error.ts'
import { CommandError } from './command-error.ts'
import { openLog, type Log } from './open-log.ts'
import { removeServerFile, writeServerFile } from './server-file.ts'
import { welcome } from './welcome.ts'

/** sysexits.h: an internal software error. Supervisors tell it from a start that failed. */
const cannotGoOn = 70
const announceAgainMs = 2_000

/** Serves until SIGTERM or SIGINT, and gives the exit code. Standard output gets one line, when it serves. */
export async function serve({ config, origins, file }: LoadedConfig): Promise<number> {
  // What the server keeps is for its own user only: keys, but also images and the names of repositories.
  process.umask(0o077)
  const log = openLog(config)
  const die = (what: string) => (error: unknown) => {
    log.logger.fatal({ err: error }, what)
    log.flush()
    process.exit(cannotGoOn)
  }
  const onFatal = die('the database can not be trusted any more; start again')
  const stowage = await open({ config, configFile: file, log: log.logger, logRequest: log.request, onFatal }, log)
  // Whatever threw, nobody knows what it left behind: every state that matters is on disk, so start again.
  process.on('uncaughtException', die('a defect ended the server'))
  // Before anybody is told that it serves: who reads that may send a signal before this process has another turn.
  const stopped = firstSignal()
  const { address } = stowage
  const announcing = announce(() => writeServerFile(config.data, { ...address, pid: process.pid }), log)
  await announcing.tried
  process.stderr.write(
    welcome({ ...address, data: config.data, dev: config.dev, isDefaultData: origins.data === 'default' }),
  )
  process.stdout.write(`ready ${address.origin}\n`)
  const signal = await stopped
  log.logger.info({ signal }, 'stopping')
  endOnNextSignal(log)
  announcing.stop()
  await removeServerFile(config.data)
  await stowage.close(config.stopSeconds * 1000)
  log.logger.info('stopped')
  log.flush()
  return 0
}

/** On a full disk pulls go on, after a start as well: what tells the other commands of this server is written when there is room. */
function announce(write: () => Promise<void>, log: Log): { readonly tried: Promise<void>; readonly stop: () => void } {
  let timer: NodeJS.Timeout | undefined
  let isStopped = false
  const attempt = async (isFirst: boolean): Promise<void> => {
    try {
      await write()
    } catch (error) {
      if (isFirst)
        log.logger.warn(
          { err: error },
          'server.json could not be written: the other commands do not find this server yet',
        )
      if (!isStopped) timer = setTimeout(() => void attempt(false), announceAgainMs).unref()
    }
  }
  return {
    tried: attempt(true),
    stop: () => {
      isStopped = true
      clearTimeout(timer)
    },
  }
}

async function open(options: AssembleOptions, log: Log): Promise<Stowage> {
  try {
    return await (options.config.workers > 1 ? openWithWorkers(options, log) : openStowage(options))
  } catch (error) {
    log.flush()
    if (error instanceof StartError) throw new CommandError(error.message, 1, error)
    if (error instanceof ListenError) throw new CommandError(listenSentence(error, options.config), 1, error)
    throw error
  }
}

async function openWithWorkers({ config, ...options }: AssembleOptions, log: Log): Promise<Stowage> {
  const { openPrimary } = await import('../assemble-workers.ts')
  // The workers' own standard error is a pipe.
  const logFormat = config.logFormat === 'auto' && process.stderr.isTTY ? 'text' : config.logFormat
  const program = fileURLToPath(workerFile('serve-worker', import.meta.url))
  return openPrimary({ ...options, config: { ...config, logFormat }, program, onLines: log.pass })
}

function listenSentence(error: ListenError, { tlsCert, tlsKey, publicPort }: Config): string {
  switch (error.reason) {
    case 'address-in-use': {
      const flag = error.port === publicPort ? '--public-port' : '--port'
      return `${error.message}: choose another port with ${flag}, or let ${flag} 0 find a free one`
    }
    case 'bad-certificate': {
      const reason = error.cause instanceof Error ? error.cause.message : String(error.cause)
      return `the TLS certificate ${tlsCert} and key ${tlsKey} cannot be used: ${reason}`
    }
    default:
      return error.message
  }
}

const stopSignals = ['SIGTERM', 'SIGINT'] as const
type StopSignal = (typeof stopSignals)[number]

function firstSignal(): Promise<StopSignal> {
  return new Promise((resolve) => {
    const stop = (signal: StopSignal) => {
      for (const name of stopSignals) process.off(name, stop)
      resolve(signal)
    }
    for (const name of stopSignals) process.on(name, stop)
  })
}

/** Whoever asks twice does not want to wait. */
function endOnNextSignal(log: Log): void {
  const end = (code: number) => () => {
    log.flush()
    process.exit(code)
  }
  process.once('SIGTERM', end(143))
  process.once('SIGINT', end(130))
}
