// The options that a client takes beside the SDK's own, and their way into the SDK's configuration. docs/client-options.md has every one.

import type { Tracer } from '@opentelemetry/api'
import type { AwsCredentialIdentity } from '@smithy/types'
import type { LogOptions } from './call-log.ts'
import { connectionOptionNames, requestHandlerOptions, type ConnectionOptions } from './connection-options.ts'
import type { WireHooks } from './watch-wire.ts'

export interface FlatCredentials {
  readonly accessKeyId?: string | undefined
  readonly secretAccessKey?: string | undefined
  readonly sessionToken?: string | undefined
  readonly accountId?: string | undefined
}

export interface OwnOptions extends FlatCredentials, ConnectionOptions, LogOptions {
  /** Refuse an input that the service would refuse, before it is sent. Default true. */
  readonly checkInput?: boolean | undefined
  /** What is on the wire, secrets hidden: `true` for the logger's `debug`, or a function. Default false. */
  readonly wireTrace?: boolean | ((text: string) => void) | undefined
  readonly onChunkSent?: WireHooks['onChunkSent']
  readonly onChunkReceived?: WireHooks['onChunkReceived']
  /** Spans of calls go to it (`trace.getTracer('my-program')` of @opentelemetry/api). */
  readonly tracer?: Tracer | undefined
}

/** What of the SDK's options is of interest here; both clients have them. */
interface SdkOptions {
  readonly region?: unknown
  readonly endpoint?: unknown
  readonly credentials?: unknown
  readonly requestHandler?: unknown
  readonly useFipsEndpoint?: unknown
  readonly useDualstackEndpoint?: unknown
}

const ownNames: ReadonlySet<string> = new Set([
  'accessKeyId',
  'secretAccessKey',
  'sessionToken',
  'accountId',
  'logLevel',
  'logFormat',
  'checkInput',
  'wireTrace',
  'onChunkSent',
  'onChunkReceived',
  'tracer',
  ...connectionOptionNames,
])

/** The SDK's own configuration out of all options. Throws a TypeError for options that contradict each other. */
export function sdkOptions<T extends OwnOptions & SdkOptions>(options: T): Omit<T, keyof OwnOptions> {
  refuseEndpointVariant(options)
  // What is left has the SDK's members only.
  const rest = Object.fromEntries(
    Object.entries(options).filter(([name, value]) => !ownNames.has(name) && value !== undefined),
  ) as Omit<T, keyof OwnOptions>
  const credentials = flatCredentials(options)
  if (options.requestHandler === undefined) {
    return { ...rest, ...(credentials && { credentials }), requestHandler: requestHandlerOptions(options) }
  }
  const ignored = connectionOptionNames.filter((name) => options[name] !== undefined)
  if (ignored.length > 0) {
    throw new TypeError(
      `A requestHandler of your own makes the connections: ${ignored.join(', ')} would have no effect`,
    )
  }
  return { ...rest, ...(credentials && { credentials }) }
}

function flatCredentials(options: FlatCredentials & SdkOptions): AwsCredentialIdentity | undefined {
  const { accessKeyId, secretAccessKey, sessionToken, accountId } = options
  if (accessKeyId === undefined && secretAccessKey === undefined) {
    if (sessionToken === undefined && accountId === undefined) return undefined
    throw new TypeError('sessionToken and accountId need accessKeyId and secretAccessKey beside them')
  }
  if (options.credentials !== undefined)
    throw new TypeError('Give credentials or accessKeyId and secretAccessKey, not both')
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw new TypeError('accessKeyId and secretAccessKey belong together: one of them is missing')
  }
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken !== undefined && { sessionToken }),
    ...(accountId !== undefined && { accountId }),
  }
}

/** The SDK refuses this too, but only when something is sent, and without saying what to do. */
function refuseEndpointVariant({ endpoint, useFipsEndpoint, useDualstackEndpoint }: SdkOptions): void {
  if (endpoint === undefined) return
  const given = [useFipsEndpoint === true && 'useFipsEndpoint', useDualstackEndpoint === true && 'useDualstackEndpoint']
  const names = given.filter((name) => name !== false)
  if (names.length === 0) return
  throw new TypeError(
    `${names.join(' and ')} choose among AWS's own addresses and cannot be used with an endpoint: leave out one of them`,
  )
}
