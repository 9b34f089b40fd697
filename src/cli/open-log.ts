// The log: JSON lines on standard error, or the same in short for a person at a terminal.

import { pino, stdSerializers, type DestinationStream, type Logger } from 'pino'

import type { RequestLine } from '../protocol/request-log.ts'
import type { Config } from '../settings.ts'
import { gatherLines } from './gather-lines.ts'

export interface Log {
  readonly logger: Logger
  /** One line for each request. */
  readonly request: (line: RequestLine) => void
  /** Writes what is still in memory: to be called before the process ends. */
  readonly flush: () => void
  /** Writes lines of another process, which are as this one's. */
  readonly pass: (lines: string) => void
}

/** What must never be in a line, wherever a careless object carries it. */
const secretFields: ReadonlySet<string> = new Set([
  'secretAccessKey',
  'sessionToken',
  'password',
  'authorization',
  'authorizationToken',
  'tokenKeys',
  'pageKey',
])

/** Lines kept in memory for a reader that does not read; later ones are dropped. */
const waitingBytesMax = 16 * 1024 * 1024
/** Opens the log on standard error. */
export function openLog({ logLevel, logFormat }: Pick<Config, 'logLevel' | 'logFormat'>): Log {
  const isText = logFormat === 'text' || (logFormat === 'auto' && process.stderr.isTTY)
  if (isText) {
    const write = (lines: string) => void process.stderr.write(lines)
    const logger = createLogger(logLevel, textStream(write))
    return { logger, request: (line) => logger.info(line, 'request'), flush: () => {}, pass: write }
  }
  const file = pino.destination({ fd: 2, sync: false, maxLength: waitingBytesMax })
  const { later, now, flush } = gatherLines(file)
  const logger = createLogger(logLevel, now)
  return {
    logger,
    request: logger.isLevelEnabled('info') ? createRequestLines(later) : () => {},
    flush: () => {
      flush()
      file.flushSync()
    },
    // Lines of another process have waited there.
    pass: (lines) => now.write(lines),
  }
}

/**
 * The line that `logger.info(line, 'request')` of a logger of ours writes, made by the runtime's own serialiser: pino's looks at each field
 * by itself. Measured: 4.4 instead of 8 us in a loop, in a busy server several times that.
 */
export function createRequestLines(destination: DestinationStream): (line: RequestLine) => void {
  let atMs = Number.NaN
  let time = ''
  return (line) => {
    const nowMs = Date.now()
    if (nowMs !== atMs) {
      atMs = nowMs
      time = new Date(nowMs).toISOString()
    }
    const fields = JSON.stringify(censored(line, true))
    destination.write(`{"level":"info","time":"${time}",${fields.slice(1, -1)},"msg":"request"}\n`)
  }
}

/** A logger whose lines go to `destination`, without secrets. */
export function createLogger(level: Config['logLevel'], destination: DestinationStream): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      // In place of pino's `redact`, which walked every path of its list for every line: a tenth of the processor time of a small request (measured).
      formatters: { level: (label) => ({ level: label }), log: (fields) => censored(fields, true) },
      serializers: { err: (error: Error) => censored({ ...stdSerializers.err(error) }, false) },
    },
    destination,
  )
}

/** The fields without secrets; with `deep`, also those of objects among them. A copy only where there are any. */
function censored(fields: Readonly<Record<string, unknown>>, deep: boolean): Record<string, unknown> {
  let copy: Record<string, unknown> | undefined
  for (const name in fields) {
    const value = fields[name]
    // An error has its serializer.
    const isDeep = deep && typeof value === 'object' && value !== null && !(value instanceof Error)
    // A record as far as its members are looked at.
    const clean = secretFields.has(name) ? '***' : isDeep ? censored(value as Record<string, unknown>, false) : value
    if (clean !== value) (copy ??= { ...fields })[name] = clean
  }
  return copy ?? fields
}

/** Turns pino's lines into lines for people: time, level, sentence, and what else there is. */
export function textStream(write: (text: string) => void): DestinationStream {
  return {
    write: (line) => {
      // pino's own output: an object in JSON.
      write(`${toText(JSON.parse(line) as Record<string, unknown>)}\n`)
    },
  }
}

function toText({ time, level, msg, ...fields }: Record<string, unknown>): string {
  const when = String(time).slice(11, 19)
  const isRequest = msg === 'request'
  return `${when} ${isRequest ? requestText(fields) : `${String(level)}: ${String(msg)}${detailText(fields)}`}`
}

function requestText(fields: Record<string, unknown>): string {
  const { status, method, path, operation, durationMs, error } = fields
  const words = [
    status ?? '---',
    method,
    path,
    operation,
    typeof durationMs === 'number' && `${durationMs.toFixed(1)} ms`,
    error,
  ]
  return words.filter((word) => word !== undefined && word !== false).join(' ')
}

function detailText({ err, ...fields }: Record<string, unknown>): string {
  const rest = Object.keys(fields).length === 0 ? '' : ` ${JSON.stringify(fields)}`
  if (typeof err !== 'object' || err === null) return rest
  return `${rest}\n${'stack' in err ? String(err.stack) : JSON.stringify(err)}`
}
