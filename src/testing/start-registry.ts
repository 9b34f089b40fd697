// A registry for tests: in this process, with a directory of its own, for as long as a test wants it.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { pino, type Logger } from 'pino'

import { openVolatileStowage, type VolatileStowage } from '../assemble.ts'
import { loadConfig } from '../config.ts'
import { collect } from '../domain/collector.ts'
import type { Collection } from '../domain/collection.ts'
import { sweep } from '../domain/recovery.ts'
import { randomIds } from '../lib/ids.ts'
import { callInProcess, type InProcessAnswer, type InProcessCall } from '../protocol/in-process.ts'
import type { HttpHandler } from '../protocol/message.ts'
import { nameRequest } from '../protocol/scripted-answers.ts'
import type { Config } from '../settings.ts'
import { createFaults, type Faults, type ScriptedFaults } from './faults.ts'
import type { ImageFixture, IndexFixture } from './fixtures.ts'
import { createGate, type Gate } from './gate.ts'
import { putFixture, type PutOptions } from './put-fixture.ts'
import { createRegistryFetch, type RegistryFetch } from './registry-fetch.ts'
import { createRequestLog, type Recorder, type RequestLog } from './request-log.ts'
import { createSdkRequestHandler, type SdkRequestHandler } from './sdk-request-handler.ts'
import { createSnapshots, type Snapshot } from './snapshots.ts'

/** Settings of the server (docs/configuration.md) that make sense for one that keeps nothing. */
export type RegistrySettings = Partial<
  Omit<
    Config,
    | 'data'
    | 'listen'
    | 'port'
    | 'publicPort'
    | 'account'
    | 'region'
    | 'ballastMib'
    | 'collectMinutes'
    | 'scrubDays'
    | 'scrubMibPerSecond'
    | 'stopSeconds'
    | 'auditLog'
    | 'auditFileMib'
    | 'auditFiles'
    | 'logLevel'
    | 'logFormat'
  >
>

export interface RegistryOptions {
  /** 123456789012. */
  readonly account?: string
  /** us-east-1. Clients of the API may use any. */
  readonly region?: string
  /** 0: a free one. */
  readonly port?: number
  /** Of the public registries; 0: a free one. */
  readonly publicPort?: number
  /** False for a registry without any port: `requestHandler` and `fetch` reach it. True. */
  readonly listen?: boolean
  /** Where its directory is made; the system's directory for temporary files. */
  readonly directory?: string
  readonly settings?: RegistrySettings
}

export interface TestRegistry extends AsyncDisposable {
  /** Of the ECR, ECR Public and STS APIs, and of the private data plane. */
  readonly endpoint: string
  /** Of the public data plane and the gallery. */
  readonly publicEndpoint: string
  /** Of the account's root, which may do everything. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly region: string
  readonly accountId: string
  /** Host and port before the name of a repository, for `docker pull`. */
  readonly registryHost: string
  /** The same before `<alias>/<repository>` of a public one. */
  readonly publicRegistryHost: string
  /** Empties it: repositories, images, users, uploads, faults and the request log. Tokens and the root's key stay good. Waits for running requests. */
  readonly reset: () => Promise<void>
  /** Its whole content, to come back to. Faults and the request log are no part of it. Waits for running requests. */
  readonly snapshot: () => Promise<Snapshot>
  /** As often as needed, in any order. Throws TypeError for a snapshot of another registry. Waits for running requests. */
  readonly restore: (snapshot: Snapshot) => Promise<void>
  /** Puts an image, an index or an artifact into a repository, which is made when it is missing. Leaves no trace in the request log. */
  readonly put: (repositoryName: string, fixture: ImageFixture | IndexFixture, options?: PutOptions) => Promise<void>
  readonly requests: RequestLog
  readonly faults: Faults
  /** For an SDK client: no port, no socket, and no `endpoint` needed. */
  readonly requestHandler: SdkRequestHandler
  /** For URLs of this registry (`endpoint`, `publicEndpoint`, those of layers): no port, no socket. */
  readonly fetch: RegistryFetch
  /** What a server does from time to time, at once: counts downloads, ends uploads whose time is over, collects layers. */
  readonly collect: () => Promise<Collection>
  /** Errors inside of the registry that no client caused: there should be none, and `close` throws when there are. */
  readonly defects: readonly string[]
  /** Breaks what is still running, and removes the directory. Once is enough; more is fine. */
  readonly close: () => Promise<void>
}

/** Throws ConfigError for settings that cannot be, and StartError or ListenError when it cannot start; nothing is left then. */
export async function startRegistry(options: RegistryOptions = {}): Promise<TestRegistry> {
  const data = await mkdtemp(join(options.directory ?? tmpdir(), 'stowage-registry-'))
  try {
    return await open(options, data)
  } catch (error) {
    await rm(data, { recursive: true, force: true })
    throw error
  }
}

async function open(options: RegistryOptions, data: string): Promise<TestRegistry> {
  const defects: string[] = []
  const faults = createFaults()
  const recorder = createRequestLog()
  const gate = createGate()
  const config = configOf(options, data)
  const stowage = await openVolatileStowage({
    config,
    log: logTo(defects),
    logRequest: () => {},
    onFatal: (error) => defects.push(String(error)),
    audit: recorder.audit,
    around: (handler, side) => watched(handler, side, { faults, recorder, gate }),
    isListening: options.listen ?? true,
  })
  const { address, services, handlers, rootKey } = stowage
  const onDefect = (error: unknown) => void defects.push(describe(error))
  const closing = new AbortController()
  const call = (side: 'private' | 'public', its: InProcessCall): Promise<InProcessAnswer> => {
    const signals = its.signal ? [its.signal, closing.signal] : [closing.signal]
    return callInProcess(handlers[side], { ...its, signal: AbortSignal.any(signals) }, { ids: randomIds, onDefect })
  }
  const publicHosts = [new URL(address.publicOrigin).host, address.publicHost]
  const snapshots = await createSnapshots(stowage, gate)
  let closed: Promise<void> | undefined
  const close = () => {
    closing.abort(new Error('the registry was closed'))
    return (closed ??= closeAll(stowage, data, defects))
  }
  return {
    endpoint: address.origin,
    publicEndpoint: address.publicOrigin,
    credentials: { accessKeyId: rootKey.accessKeyId, secretAccessKey: rootKey.secretAccessKey },
    region: config.region,
    accountId: config.account,
    registryHost: address.registryHost,
    publicRegistryHost: address.publicHost,
    reset: async () => {
      await snapshots.reset()
      faults.clear()
      recorder.log.clear()
    },
    snapshot: snapshots.take,
    restore: snapshots.restore,
    put: (repositoryName, fixture, putOptions) =>
      gate.pass(() => putFixture(rootContext(stowage, config), repositoryName, fixture, putOptions)),
    requests: recorder.log,
    faults,
    requestHandler: createSdkRequestHandler((its) => call('private', its)),
    fetch: createRegistryFetch((url, its) => call(publicHosts.includes(url.host) ? 'public' : 'private', its)),
    collect: () =>
      gate.pass(async () => {
        await services.downloads.flush(services.metadata)
        await sweep(services)
        return collect(services)
      }),
    defects,
    close,
    [Symbol.asyncDispose]: close,
  }
}

function configOf(options: RegistryOptions, data: string): Config {
  const { account, region, listen = true, settings = {} } = options
  // Without a listener links still name a port: the server's usual ones.
  const port = options.port ?? (listen ? 0 : 4510)
  const publicPort = options.publicPort ?? (listen ? 0 : 4511)
  const given = {
    reserveMib: 0,
    ...settings,
    data,
    port,
    publicPort,
    listen: '127.0.0.1',
    account,
    region,
    ballastMib: 0,
    auditLog: 'off',
  }
  const readFile = () => ''
  const name = 'the settings of startRegistry'
  // Not as the text of a file: reading that took a tenth of the time.
  return loadConfig({ flags: {}, environment: {}, readFile, document: { name, settings: given } }).config
}

interface Watching {
  readonly faults: ScriptedFaults
  readonly recorder: Recorder
  readonly gate: Gate
}

/** The handler with a log of what it is asked, and with faults. A slow fault waits outside of the gate. */
function watched(handler: HttpHandler, side: 'private' | 'public', { faults, recorder, gate }: Watching): HttpHandler {
  const inside: HttpHandler = (request) => gate.pass(() => handler(request))
  return async (arrived) => {
    const { operation, request } = await nameRequest(arrived, side)
    const noting = recorder.begin(request, operation, side)
    const run = faults.meet(operation, request, side)
    try {
      const response = await (run ? run.answer(inside, request) : inside(request))
      noting.end(response, run?.kinds ?? [])
      return response
    } catch (error) {
      noting.end(undefined, run?.kinds ?? [])
      throw error
    }
  }
}

function rootContext({ services, rootKey }: VolatileStowage, { region }: Config) {
  return {
    ...services,
    caller: rootKey.principal,
    region,
    client: { address: '127.0.0.1', userAgent: 'stowage/testing', isSecure: false },
    plane: 'api' as const,
    requestId: services.ids.uuid(),
  }
}

/** Lines of errors are defects; what else a server would say is of no interest here. */
function logTo(defects: string[]): Logger {
  const errorLevel = 50
  return pino(
    { level: 'error' },
    {
      write: (line: string) => {
        // A line of pino's own: it has a level, and an error where there was one.
        const { level, msg, err } = JSON.parse(line) as {
          readonly level: number
          readonly msg?: string
          readonly err?: { readonly stack?: string }
        }
        if (level >= errorLevel) defects.push([msg, err?.stack].filter((part) => part !== undefined).join(': '))
      },
    },
  )
}

async function closeAll(stowage: VolatileStowage, data: string, defects: readonly string[]): Promise<void> {
  try {
    await stowage.close(0)
  } finally {
    await rm(data, { recursive: true, force: true })
  }
  if (defects.length > 0) throw new Error(`the registry met ${defects.length} defects:\n${defects.join('\n')}`)
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? String(error)) : String(error)
}
