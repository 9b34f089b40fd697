// What both clients are made of: the SDK's client with our middleware in its stack, and calls by name in front of it.

import type { MetadataBearer, MiddlewareStack, Provider, RetryStrategy, RetryStrategyV2 } from '@smithy/types'
import type { StructSchema } from '../model/schema.ts'
import { createCallLog } from './call-log.ts'
import { createCaller, type CallerParts } from './caller.ts'
import type { CallOptions } from './ecr.ts'
import { encodeParts } from './encode-parts.ts'
import type { OwnOptions } from './options.ts'
import { holdEnds } from './hold-end.ts'
import { itemsOf, pagesOf } from './pages.ts'
import { withoutQuotaErrors } from './quota-retry.ts'
import { traceCalls } from './trace-calls.ts'
import { createWireLog, watchWire } from './watch-wire.ts'

interface SdkClient<I extends object, O extends MetadataBearer> {
  readonly middlewareStack: MiddlewareStack<I, O>
  readonly config: {
    retryStrategy: Provider<RetryStrategy | RetryStrategyV2>
    readonly region: Provider<string>
    readonly credentials: (options?: { readonly forceRefresh?: boolean }) => Promise<unknown>
  }
  destroy(): void
}

interface ClientParts<I extends object, O extends MetadataBearer> {
  readonly service: string
  /** How spans name the service. */
  readonly title: string
  readonly client: SdkClient<I, O>
  readonly send: CallerParts['send']
  readonly inputs: Readonly<Record<string, StructSchema>>
  readonly errors: Readonly<Record<string, readonly string[]>>
  /** The list in a page, by operation. */
  readonly lists: Readonly<Record<string, string>>
  readonly options: OwnOptions & { readonly credentials?: unknown }
}

/** The methods of a client: they are the same for both APIs, the names and types of operations are not (ecr.ts has those). */
export function clientOn<I extends object, O extends MetadataBearer>(parts: ClientParts<I, O>): object {
  const { title, client, options } = parts
  const { config, middlewareStack } = client
  const strategy = config.retryStrategy
  config.retryStrategy = async () => withoutQuotaErrors(await strategy())
  // It would log secrets and whole layers; `createCallLog` tells of calls.
  middlewareStack.remove('loggerMiddleware')
  encodeParts(middlewareStack)
  const wireLog = createWireLog()
  middlewareStack.add(watchWire<I, O>({ ...options, onWireText: wireTextOf(options) }, wireLog), {
    name: 'stowageWatchWire',
    step: 'deserialize',
    priority: 'low',
  })
  holdEnds(middlewareStack)
  if (options.tracer !== undefined) {
    const spans = traceCalls<I, O>(options.tracer, title, config.region)
    middlewareStack.add(spans, { name: 'stowageTraceCalls', step: 'initialize', priority: 'high' })
  }
  const isFixed = options.accessKeyId !== undefined || typeof options.credentials === 'object'
  const caller = createCaller({
    ...parts,
    wireLog,
    refreshCredentials: isFixed ? undefined : () => config.credentials({ forceRefresh: true }),
    logCall: createCallLog(options),
    checksInput: options.checkInput ?? true,
  })
  const call = async (name: string, input: unknown, { signal }: CallOptions = {}) => {
    const result = await caller(name, input, signal)
    if (!result.ok) throw result.error
    return result.value
  }
  const attempt = (name: string, input: unknown, { signal }: CallOptions = {}) => caller(name, input, signal)
  return {
    call,
    try: attempt,
    pages: (name: string, input: object, options?: CallOptions) => pagesOf(call, name, input, options),
    items: (name: string, input: object, options?: CallOptions) =>
      itemsOf(call, parts.lists[name], name, input, options),
    send: (request: { readonly operation: string; readonly input: unknown }, options?: CallOptions) =>
      attempt(request.operation, request.input, options),
    region: () => config.region(),
    sdk: client,
    destroy: () => client.destroy(),
  }
}

function wireTextOf({ wireTrace = false, logger }: OwnOptions): ((text: string) => void) | undefined {
  if (typeof wireTrace === 'function') return wireTrace
  if (!wireTrace) return undefined
  if (logger === undefined) throw new TypeError('wireTrace: true needs a logger; or give a function')
  return (text) => logger.debug(text)
}
