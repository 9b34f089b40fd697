// Config to a running server. It opens everything in order and closes it in reverse; which stores there are, stores.ts knows.

import { hkdfSync } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { Logger } from 'pino'

import { startChores } from './chores.ts'
import { createCompiledPolicies } from './domain/authorisation/compiled-policies.ts'
import type { Collection } from './domain/collection.ts'
import { createKeptLayers } from './domain/kept-layers.ts'
import type { AccessKey, AccessKeys, Caller, Limits, Services } from './domain/context.ts'
import { openIdentities } from './domain/identities/open-identities.ts'
import { ecrLimits, ecrPublicLimits } from './domain/limits.ts'
import { createOutbox, deliverLeftEvents, type Outbox } from './domain/outbox.ts'
import type { Audit } from './domain/ports/audit.ts'
import { createDownloads } from './domain/public/downloads.ts'
import { withSessions } from './domain/sts/sessions.ts'
import { startHousekeeping } from './housekeeping.ts'
import { systemClock } from './lib/clock.ts'
import { randomIds } from './lib/ids.ts'
import { createAuthenticate } from './protocol/authenticate.ts'
import { createApiHandler } from './protocol/aws-api.ts'
import type { FailedLogins } from './protocol/distribution/failed-logins.ts'
import { createDistributionHandler } from './protocol/distribution/handler.ts'
import { createFrontDoor } from './protocol/front.ts'
import { createHealth } from './protocol/health.ts'
import { type HttpServer, openHttpServer } from './protocol/http.ts'
import { createLayerUrlHandler } from './protocol/layer-urls.ts'
import { createLinks } from './protocol/links.ts'
import { createMetrics, type Metrics } from './protocol/metrics.ts'
import type { HttpHandler } from './protocol/message.ts'
import type { PullBuckets } from './protocol/public/pull-rates.ts'
import { createPublicHandler } from './protocol/public/public-handler.ts'
import type { RequestLine } from './protocol/request-log.ts'
import { createSigV4Verifier } from './protocol/sigv4/verify.ts'
import { openMarkdown } from './rendering/markdown.ts'
import { addressOf, type ServerAddress } from './server-address.ts'
import type { Config } from './settings.ts'
import { orStartError, reasonOf, StartError } from './start-error.ts'
import { type AuditLog, type AuditState, openAuditLog } from './storage/audit-log.ts'
import { createKeyFiles, openAccessKeys, readKeys, readSecrets, rootPrincipal } from './storage/key-file.ts'
import {
  lockForServer,
  openStores,
  openVolatileStores,
  type ServerStores,
  type Stores,
  type StoresOptions,
  type VolatileStores,
} from './stores.ts'

/** The access keys of a data directory, for commands beside the server. Throws, in a sentence, when they cannot be read. */
export { readKeys } from './storage/key-file.ts'

export interface AssembleOptions {
  readonly config: Config
  /** The file that settings came from: it may lie in the data directory. */
  readonly configFile?: string | undefined
  readonly log: Logger
  /** Told of each request when it is done. */
  readonly logRequest: (line: RequestLine) => void
  /** Told once when the database can not be trusted any more; the process is expected to end. */
  readonly onFatal: (error: Error) => void
  /** For tests that end the process at a point of a write. */
  readonly diskHooks?: StoresOptions['diskHooks']
}

/** What one listener answers with. */
export interface Handlers {
  readonly private: HttpHandler
  readonly public: HttpHandler
}

/** A server that serves. */
export interface Stowage {
  readonly address: ServerAddress
  /** Finishes what is in flight for `graceMs`, then closes everything. */
  readonly close: (graceMs: number) => Promise<void>
}

/** For registries that end with the process that made them (`stowage/testing`). */
export interface VolatileOptions extends Pick<AssembleOptions, 'log' | 'logRequest' | 'onFatal'> {
  /** `data` is a new directory, which the caller removes. */
  readonly config: Config
  readonly audit: Audit
  /** Stands before the handler of each listener. */
  readonly around: (handler: HttpHandler, side: keyof Handlers) => HttpHandler
  /** False for one that is reached through `handlers` only; its links name the ports of `config` all the same. */
  readonly isListening: boolean
}

export interface VolatileStowage extends Stowage, Pick<VolatileStores, 'state'> {
  readonly services: Services
  readonly handlers: Handlers
  readonly rootKey: AccessKey
}

/** Opens everything and serves. Throws `StartError` or `ListenError`; then nothing is left open. */
export async function openStowage(options: AssembleOptions): Promise<Stowage> {
  await using opened = new AsyncDisposableStack()
  const base = await openBase(options, opened)
  const auditState = base.audit.state
  const serving = await serve({ ...options, ...base, auditState, outbox: createOutbox() }, opened)
  const address = serving.place(await listen(options, serving, opened))
  keepHouse(options, base, serving, opened)
  const kept = opened.move()
  return { address, close: closing(serving, kept) }
}

/** What the process that owns a data directory has, before it serves or has others serve. */
export interface Base {
  readonly tls: Tls | undefined
  readonly stores: ServerStores
  readonly audit: AuditLog
}

/** Takes the data directory and opens what is in it, made or brought up to date. Throws `StartError`. */
export async function openBase(options: AssembleOptions, opened: AsyncDisposableStack): Promise<Base> {
  const { config, log, onFatal, diskHooks } = options
  const tls = await readTls(config)
  const named = [options.configFile, config.tlsCert, config.tlsKey].filter((path) => path !== undefined)
  await lockForServer(config.data, opened, named)
  const stores = await openStores({ ...config, onFatal, onSetAside: setAsideTo(log), diskHooks }, opened)
  const audit = openAuditLog({
    directory: join(config.data, 'audit'),
    level: config.auditLog,
    clock: systemClock,
    fileBytesMax: config.auditFileMib * 1024 * 1024,
    filesMax: config.auditFiles,
    alarm: (sentence, error) => (error === undefined ? log.warn(sentence) : log.error({ err: error }, sentence)),
  })
  opened.defer(() => audit.close())
  await orStartError(undefined, () => createKeyFiles(config.data, config.account))
  return { tls, stores, audit }
}

/** Tells where a directory went that lay in the place of a file. */
export const setAsideTo = (log: Logger) => (path: string) =>
  log.warn(
    { path },
    'a directory lay in the place of a file; it was moved out of the way, and nothing of the registry is in it',
  )

/** Starts all that is done beside requests by the process that owns the directory. */
export function keepHouse(
  { config, log, onFatal }: AssembleOptions,
  { stores }: Base,
  serving: Serving,
  opened: AsyncDisposableStack,
): void {
  const housekeeping = startHousekeeping({
    services: serving.services,
    log,
    collectEveryMs: config.collectMinutes * 60_000,
    checkStore: stores.checkStore,
    metricsAreLoaded: serving.metrics.load,
    refillBallast: stores.refillBallast,
    logBytes: stores.logBytes,
    scrubEveryMs: config.scrubDays * 24 * 3_600_000,
    scrubBytesPerSecond: config.scrubMibPerSecond * 1024 * 1024,
    onChecked: serving.metrics.checked,
    onDamagedDatabase: onFatal,
  })
  opened.defer(() => housekeeping.stop())
  doChores(log, serving, opened)
}

/** And by each process that serves. */
export function doChores(log: Logger, serving: Serving, opened: AsyncDisposableStack): void {
  const { services, refreshIdentities, metrics } = serving
  const chores = startChores({ services, refreshIdentities, loadMetrics: metrics.load, log })
  opened.defer(() => chores.stop())
}

/** The same without any promise of durability, without a lock (the directory is the caller's own) and without work beside requests. */
export async function openVolatileStowage(options: VolatileOptions): Promise<VolatileStowage> {
  await using opened = new AsyncDisposableStack()
  const { config, onFatal } = options
  const stores = await openVolatileStores({ ...config, onFatal }, opened)
  await orStartError(undefined, () => createKeyFiles(config.data, config.account, false))
  const [rootKey] = readKeys(config.data)
  if (!rootKey) throw new StartError('no root key was made')
  const auditState = () => ({ lost: 0, waitingBytes: 0, isFailing: false })
  // Nobody comes after this process who could deliver what it leaves.
  const outbox = { ...createOutbox(), hasRoom: () => false }
  const serving = await serve({ ...options, tls: await readTls(config), stores, auditState, outbox }, opened)
  const { services, handlers } = serving
  const ports = options.isListening
    ? await listen(options, serving, opened)
    : { address: config.listen, port: config.port, publicPort: config.publicPort }
  const address = serving.place(ports)
  const kept = opened.move()
  return { address, services, handlers, rootKey, state: stores.state, close: closing(serving, kept) }
}

/** Certificate chain and key in PEM form. */
export interface Tls {
  readonly cert: Buffer
  readonly key: Buffer
}

interface ServeOptions extends Pick<AssembleOptions, 'config' | 'log'>, Partial<Pick<VolatileOptions, 'around'>> {
  readonly tls: Tls | undefined
  readonly stores: ServingStores
  readonly audit: Audit
  readonly outbox: Outbox
  /** Of the log that this process writes. */
  readonly auditState?: () => AuditState
  /** What this process leaves to the one that owns the directory, when that is another one. */
  readonly shared?: SharedParts
}

type ServingStores = Pick<Stores, 'metadata' | 'blobs' | 'logos' | 'logBytes'>

/** What counts for all processes that serve from one directory, wherever a request went. */
export interface SharedParts {
  readonly failedLogins: FailedLogins
  readonly publicFailedLogins: FailedLogins
  readonly pulls: PullBuckets
  /** The figures of all of them. */
  readonly figures: () => Promise<string>
  /** Answers while the process that owns the directory does. */
  readonly ping: () => Promise<void>
  /** Resolves when each of them answers by what was committed before. */
  readonly refreshIdentities: () => Promise<void>
  readonly collected: (collection: Collection) => void
}

/** What is ready to serve. */
export interface Serving {
  readonly services: Services
  readonly handlers: Handlers
  readonly metrics: Metrics
  /** Those that listen. */
  readonly servers: HttpServer[]
  readonly tls: Tls | undefined
  /** Reads identities again, for this process alone. */
  readonly refreshIdentities: () => Promise<void>
  /** Told where it is reached, before the first request. */
  readonly place: (ports: Ports) => ServerAddress
  /** From now on it finishes what it has and wants nothing new. */
  readonly stop: () => void
}

export interface Ports {
  readonly address: string
  readonly port: number
  readonly publicPort: number
}

export function closing(
  { stop, servers }: Pick<Serving, 'stop' | 'servers'>,
  kept: AsyncDisposableStack,
): Stowage['close'] {
  return async (graceMs) => {
    stop()
    await Promise.all(servers.map((each) => each.close(graceMs)))
    await kept.disposeAsync()
  }
}

/** Stores to services to handlers. */
export async function serve(options: ServeOptions, opened: AsyncDisposableStack): Promise<Serving> {
  const { config, log, tls, stores, audit, auditState, outbox, shared } = options
  const servers: HttpServer[] = []
  let { port, publicPort } = config
  const { blobs, logBytes } = stores
  const damagedLayers = () => stores.metadata.read.audit.countBad()
  const metrics = createMetrics({
    directory: auditState && { blobs, logBytes, damagedLayers, audit: auditState },
    activeRequests: () => servers.reduce((sum, each) => sum + each.activeRequests(), 0),
    clock: systemClock,
    all: shared?.figures,
  })
  const markdown = openMarkdown({ onError: (error) => log.error({ err: error }, 'rendering Markdown failed') })
  opened.defer(() => markdown.close())
  const { services, layerKey, accessKeys, refreshIdentities } = await buildServices(
    options,
    { metadata: stores.metadata, blobs, logos: stores.logos, markdown, audit, outbox },
    { port: () => port, publicPort: () => publicPort },
    metrics,
  )
  const left = shared ? 0 : await deliverLeftEvents(services)
  if (left > 0)
    log.warn(
      { events: left },
      'the server before this one ended without telling the audit log of changes; it is told now',
    )
  let isStopping = false
  const built = buildHandlers({ config, services, accessKeys, layerKey, metrics, shared, isStopping: () => isStopping })
  const { around = (handler) => handler } = options
  return {
    services,
    handlers: { private: around(built.private, 'private'), public: around(built.public, 'public') },
    metrics,
    servers,
    tls,
    refreshIdentities,
    place: (ports) => {
      ;({ port, publicPort } = ports)
      const { address } = ports
      return addressOf(
        config,
        { server: { address, port }, publicServer: { address, port: publicPort } },
        services,
        tls,
      )
    },
    stop: () => (isStopping = true),
  }
}

/** Opens the listeners. Throws ListenError. */
export async function listen(
  { config, log, logRequest }: Pick<AssembleOptions, 'config' | 'log' | 'logRequest'>,
  { handlers, metrics, servers, tls }: Serving,
  opened: AsyncDisposableStack,
): Promise<Ports> {
  const listener = {
    listen: config.listen,
    ...(tls && { tls }),
    ids: randomIds,
    log: (line: RequestLine) => {
      metrics.observe(line)
      logRequest(line)
    },
    onDefect: (error: unknown, requestId: string) =>
      log.error({ err: error, requestId }, 'a request failed inside the server'),
  }
  const open = async (handler: HttpHandler, port: number): Promise<HttpServer> => {
    const opening = await openHttpServer({ ...listener, handler, port })
    opened.defer(() => opening.close(0))
    servers.push(opening)
    return opening
  }
  const server = await open(handlers.private, config.port)
  const publicServer = await open(handlers.public, config.publicPort)
  return { address: server.address, port: server.port, publicPort: publicServer.port }
}

export async function readTls({ tlsCert, tlsKey }: Config): Promise<Tls | undefined> {
  if (tlsCert === undefined || tlsKey === undefined) return undefined
  return { cert: await readPem('certificate', tlsCert), key: await readPem('key', tlsKey) }
}

async function readPem(what: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (error) {
    throw new StartError(`cannot read the TLS ${what} ${file}: ${reasonOf(error)}`, { cause: error })
  }
}

interface Built {
  readonly services: Services
  /** The keys of roots, users and sessions alone: the ones whose signatures can be checked. */
  readonly accessKeys: AccessKeys
  readonly layerKey: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

interface BuiltServices extends Built, Pick<Serving, 'refreshIdentities'> {}

async function buildServices(
  { config, log, shared }: Pick<ServeOptions, 'config' | 'log' | 'shared'>,
  stores: Pick<Services, 'metadata' | 'blobs' | 'logos' | 'markdown' | 'audit' | 'outbox'>,
  ports: { readonly port: () => number; readonly publicPort: () => number },
  metrics: Metrics,
): Promise<BuiltServices> {
  const directory = config.data
  const warn = (sentence: string) => log.warn(sentence)
  const { rootKeys, secrets } = await orStartError(undefined, async () => ({
    rootKeys: openAccessKeys({ directory, clock: systemClock, warn }),
    secrets: readSecrets({ directory, warn }),
  }))
  // A key that no client knows: it signs layer URLs and opens nothing else.
  const derived = hkdfSync('sha256', secrets.pageKey, '', 'layer URLs', 32)
  const layerKey = { accessKeyId: 'STOWAGELAYERURLS', secretAccessKey: Buffer.from(derived).toString('base64url') }
  const defaultRegistry = { accountId: config.account, region: config.region }
  const links = createLinks({ ...config, defaultRegistry, ...ports, tls: config.tlsCert !== undefined, layerKey })
  const compiledPolicies = createCompiledPolicies()
  const onBackgroundError = (what: string, error: unknown) => log.error({ err: error }, what)
  const { identities, accessKeys: lasting } = await openIdentities({
    metadata: stores.metadata,
    clock: systemClock,
    rootKeys,
    secrets,
    compiledPolicies,
    onBackgroundError,
  })
  const issuers = config.dev ? withAnyKey(lasting, config.account) : lasting
  const accessKeys = withSessions({ lasting, issuers, secrets, identities })
  const services: Services = {
    ...stores,
    downloads: createDownloads(),
    clock: systemClock,
    ids: randomIds,
    limits: limitsOf(config, ecrLimits),
    publicLimits: limitsOf(config, ecrPublicLimits),
    publicRegions: config.publicRegions.split(','),
    secrets,
    accessKeys: config.dev ? withAnyKey(accessKeys, config.account) : accessKeys,
    identities: shared ? { ...identities, refresh: shared.refreshIdentities } : identities,
    links,
    compiledPolicies,
    keptLayers: createKeptLayers(),
    operatorAccount: config.account,
    ecrQuirks: config.ecrQuirks,
    onCollected: (collection) => {
      const count = shared?.collected ?? metrics.collected
      count(collection)
      const { deletedImages, memberships, layers, unlinked } = collection
      if (deletedImages + memberships + layers + unlinked > 0) log.info(collection, 'collected')
    },
    onDecision: log.isLevelEnabled('debug') ? (line) => log.debug(line, 'decision') : undefined,
    onBackgroundError,
  }
  return { services, accessKeys, layerKey, refreshIdentities: identities.refresh }
}

function limitsOf(config: Config, quotas: Limits): Limits {
  const hourMs = 3_600_000
  return {
    ...quotas,
    tokenLifeMs: config.tokenHours * hourMs,
    layerUrlLifeMs: config.layerUrlMinutes * 60_000,
    uploadLifeMs: config.uploadHours * hourMs,
    // Fractions are allowed; times are whole milliseconds.
    leaseMs: Math.round(config.leaseHours * hourMs),
    undeleteMs: Math.round(config.undeleteHours * hourMs),
  }
}

/** `--dev`: every id is a key. It has no secret, so that no signature of it can be checked. */
function withAnyKey(known: AccessKeys, defaultAccount: string): AccessKeys {
  return {
    find: (accessKeyId, sessionToken) =>
      known.find(accessKeyId, sessionToken) ?? {
        accessKeyId,
        secretAccessKey: '',
        principal: devPrincipal(accessKeyId, defaultAccount),
      },
  }
}

/** Whom any key or password stands for with `--dev`: the account it spells, or else the default one. */
function devPrincipal(text: string, defaultAccount: string): Caller {
  const isAccount = /^\d{12}$/.test(text)
  return isAccount ? rootPrincipal(text, text) : rootPrincipal(defaultAccount, defaultAccount)
}

interface HandlerOptions extends Built {
  readonly config: Config
  readonly metrics: Metrics
  readonly shared: SharedParts | undefined
  readonly isStopping: () => boolean
}

function buildHandlers(options: HandlerOptions): Handlers {
  const { config, services, accessKeys, layerKey, metrics, shared, isStopping } = options
  const { clock } = services
  const maxSkewMs = config.clockSkewMinutes * 60_000
  const keys = createSigV4Verifier<Caller>({
    clock,
    maxSkewMs,
    credentials: {
      secretFor: (accessKeyId, sessionToken) => {
        const key = accessKeys.find(accessKeyId, sessionToken)
        return key && { ...key, active: true }
      },
    },
  })
  const layerUrls = createSigV4Verifier<undefined>({
    clock,
    maxSkewMs,
    credentials: {
      secretFor: (accessKeyId) =>
        accessKeyId === layerKey.accessKeyId ? { ...layerKey, active: true, principal: undefined } : undefined,
    },
  })
  const anyone = config.dev ? (text: string) => devPrincipal(text, config.account) : undefined
  const ping = async () => {
    await Promise.all([services.metadata.ping(), shared?.ping()])
  }
  const health = createHealth({ metadata: { ping }, blobs: services.blobs, isStopping })
  const own = createFrontDoor({
    api: createApiHandler({
      services,
      authenticate: createAuthenticate({ verifier: keys, accessKeys, devPrincipal: anyone }),
    }),
    distribution: createDistributionHandler({
      services,
      defaultRegistry: { accountId: config.account, region: config.region },
      anyPassword: anyone,
      failedLogins: shared?.failedLogins,
    }),
    layerUrls: createLayerUrlHandler({ services, verifyQuery: layerUrls.verifyQuery }),
    healthz: health.healthz,
    readyz: health.readyz,
    metrics: metrics.handler,
  })
  const open = createPublicHandler({
    services,
    anyPassword: anyone,
    anonymousPerSecond: config.publicAnonymousPulls,
    accountPerSecond: config.publicPulls,
    pulls: shared?.pulls,
    failedLogins: shared?.publicFailedLogins,
    health,
  })
  return { private: own, public: open }
}
