// One line for each call, secrets hidden, in a form of the caller's choice.

import { redact } from './redact.ts'

/** What is told of a call. */
export interface CallRecord {
  /** Its name for AWS: `ecr` or `ecr-public`. */
  readonly service: string
  readonly operation: string
  /** Secrets hidden, bytes as their number. */
  readonly input: unknown
  /** The answer of a success, in the same way. */
  readonly output: unknown
  readonly httpStatus: number | undefined
  readonly requestId: string | undefined
  readonly attempts: number
  readonly durationMs: number
  /** The error's name in the union, and the name on the wire where that is another. */
  readonly error: string | undefined
  readonly errorMessage: string | undefined
}

/** What loggers have in common (console, pino, winston). */
export interface Logger {
  debug(text: string): void
  info(text: string): void
  warn(text: string): void
  error(text: string): void
}
export type LogLevel = keyof Logger

/** `short`, `json`, text with members of the record in braces (`{operation} {httpStatus} {durationMs}`), or a function. */
export type LogFormat = 'short' | 'json' | (string & {}) | ((record: CallRecord) => string)

export interface LogOptions {
  /** Where the lines go. By default nowhere. */
  readonly logger?: Logger | undefined
  /** The level of calls that succeed. Default `info`; calls that fail are told with `error`. */
  readonly logLevel?: LogLevel | undefined
  /** Default `short`. */
  readonly logFormat?: LogFormat | undefined
}

export type LogCall = (record: CallRecord) => void

/** What tells of calls; `undefined` when nobody listens. Throws for a format with an unknown member. */
export function createCallLog({ logger, logLevel = 'info', logFormat = 'short' }: LogOptions): LogCall | undefined {
  if (logger === undefined) return undefined
  const format = formatterOf(logFormat)
  return (record) => {
    const line = format({ ...record, input: redact(record.input), output: redact(record.output) })
    logger[record.error === undefined ? logLevel : 'error'](line)
  }
}

const shortFormat = '{service} {operation} {httpStatus} {durationMs} ms, {attempts} sent {input} {error} {errorMessage}'
const memberNames: readonly (keyof CallRecord)[] = [
  'service',
  'operation',
  'input',
  'output',
  'httpStatus',
  'requestId',
  'attempts',
  'durationMs',
  'error',
  'errorMessage',
]

function formatterOf(format: LogFormat): (record: CallRecord) => string {
  if (typeof format === 'function') return format
  if (format === 'json') return (record) => JSON.stringify(record)
  const template = format === 'short' ? shortFormat : format
  for (const [, name] of template.matchAll(/\{(\w+)\}/g)) {
    if (!memberNames.some((known) => known === name)) {
      throw new TypeError(`logFormat names {${name}}; there are ${memberNames.map((known) => `{${known}}`).join(' ')}`)
    }
  }
  return (record) => template.replace(/\{(\w+)\}/g, (_, name: keyof CallRecord) => textOf(record[name])).trimEnd()
}

function textOf(value: unknown): string {
  if (value === undefined) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}
