// Config to a running server. It opens everything in order and closes it in reverse; which stores there are, stores.ts knows.

import { X509Certificate, hkdfSync } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { Logger } from 'pino'

import { createCompiledPolicies } from './domain/authorisation/compiled-policies.ts'
import type { AccessKeys, Caller, Limits, Services } from './domain/context.ts'
import { openIdentities } from './domain/identities/open-identities.ts'
import { ecrLimits, ecrPublicLimits } from './domain/limits.ts'
import { createOutbox, deliverLeftEvents } from './domain/outbox.ts'
import type { Markdown } from './domain/ports/markdown.ts'
import { createDownloads } from './domain/public/downloads.ts'
import { publicRegistryOf } from './domain/references.ts'
import { withSessions } from './domain/sts/sessions.ts'
import { type Housekeeping, startHousekeeping } from './housekeeping.ts'
import { systemClock } from './lib/clock.ts'
import { randomIds } from './lib/ids.ts'
import { createAuthenticate } from './protocol/authenticate.ts'
import { createApiHandler } from './protocol/aws-api.ts'
import { createDistributionHandler } from './protocol/distribution/handler.ts'
import { createFrontDoor } from './protocol/front.ts'
import { createHealth } from './protocol/health.ts'
import { type HttpServer, openHttpServer } from './protocol/http.ts'
import { createLayerUrlHandler } from './protocol/layer-urls.ts'
import { createLinks } from './protocol/links.ts'
import { createMetrics, type Metrics } from './protocol/metrics.ts'
import type { HttpHandler } from './protocol/message.ts'
import { createPublicHandler } from './protocol/public/public-handler.ts'
import type { RequestLine } from './protocol/request-log.ts'
import { createSigV4Verifier } from './protocol/sigv4/verify.ts'
import { openMarkdown } from './rendering/markdown.ts'
import type { Config } from './settings.ts'
import { orStartError, reasonOf, StartError } from './start-error.ts'
import { type AuditLog, openAuditLog } from './storage/audit-log.ts'
import { createKeyFiles, openAccessKeys, readSecrets, rootPrincipal } from './storage/key-file.ts'
import { lockForServer, openStores, type Stores, type StoresOptions } from './stores.ts'

/** The access keys of a data directory, for commands beside the server. Throws, in a sentence, when they cannot be read. */
export { readKeys } from './storage/key-file.ts'

export interface AssembleOptions {
  readonly config: Config
  /** The file that settings came from: it may lie in the data directory. */
  readonly configFile?: string | undefined
  readonly log: Logger
  /** Told once when the database can not be trusted any more; the process is expected to end. */
  readonly onFatal: (error: Error) => void
  /** For tests that end the process at a point of a write. */
  readonly diskHooks?: StoresOptions['diskHooks']
}

/** Where a server is, and who it is by default. */
export interface ServerAddress {
  /** Scheme, host and port that this machine reaches it at. */
  readonly origin: string
  /** The same for AWS clients: named as the certificate says, when the server has a name. */
  readonly endpoint: string
  /** What `docker login` takes. */
  readonly registryHost: string
  /** Scheme, host and port that this machine reaches the public registries at. */
  readonly publicOrigin: string
  /** What stands before `/<alias>/<repository>` for `docker pull`. */
  readonly publicHost: string
  readonly account: string
  readonly region: string
  /** A region that the API of public registries is offered in. */
  readonly publicRegion: string
  /** SHA-256 fingerprint of the certificate, when it speaks TLS. */
  readonly fingerprint?: string | undefined
}

/** A server that serves. */
export interface Stowage {
  readonly address: ServerAddress
  /** Finishes what is in flight for `graceMs`, then closes everything. */
  readonly close: (graceMs: number) => Promise<void>
}

/** Opens everything and serves. Throws `StartError` or `ListenError`; then nothing is left open. */
export async function openStowage(options: AssembleOptions): Promise<Stowage> {
  await using opened = new AsyncDisposableStack()
  const { config, log } = options
  const tls = await readTls(config)
  const named = [options.configFile, config.tlsCert, config.tlsKey].filter((path) => path !== undefined)
  await lockForServer(config.data, opened, named)
  const { onFatal, diskHooks } = options
  const onSetAside = (path: string) =>
    log.warn(
      { path },
      'a directory lay in the place of a file; it was moved out of the way, and nothing of the registry is in it',
    )
  const stores = await openStores({ ...config, onFatal, onSetAside, diskHooks }, opened)
  const servers: HttpServer[] = []
  let publicPort = config.publicPort
  const ports = { port: () => server.port, publicPort: () => publicPort }
  const audit = openAuditLog({
    directory: join(config.data, 'audit'),
    level: config.auditLog,
    clock: systemClock,
    fileBytesMax: config.auditFileMib * 1024 * 1024,
    filesMax: config.auditFiles,
    alarm: (sentence, error) => (error === undefined ? log.warn(sentence) : log.error({ err: error }, sentence)),
  })
  opened.defer(() => audit.close())
  const metrics = createMetrics({
    blobs: stores.blobs,
    logBytes: stores.logBytes,
    damagedLayers: () => stores.metadata.read.audit.countBad(),
    audit: audit.state,
    activeRequests: () => servers.reduce((sum, each) => sum + each.activeRequests(), 0),
    clock: systemClock,
  })
  const markdown = openMarkdown({ onError: (error) => log.error({ err: error }, 'rendering Markdown failed') })
  opened.defer(() => markdown.close())
  const { services, layerKey, accessKeys } = await buildServices(
    options,
    { ...stores, markdown, audit },
    ports,
    metrics,
  )
  const left = await deliverLeftEvents(services)
  if (left > 0)
    log.warn(
      { events: left },
      'the server before this one ended without telling the audit log of changes; it is told now',
    )
  let isStopping = false
  const handlers = buildHandlers({ config, services, accessKeys, layerKey, metrics, isStopping: () => isStopping })
  const listener = {
    listen: config.listen,
    ...(tls && { tls }),
    ids: randomIds,
    log: (line: RequestLine) => {
      metrics.observe(line)
      log.info(line, 'request')
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
  const server: HttpServer = await open(handlers.private, config.port)
  const publicServer = await open(handlers.public, config.publicPort)
  publicPort = publicServer.port
  const housekeeping: Housekeeping = startHousekeeping({
    services,
    log,
    loadMetrics: metrics.load,
    collectEveryMs: config.collectMinutes * 60_000,
    checkStore: stores.checkStore,
    refillBallast: stores.refillBallast,
    logBytes: stores.logBytes,
    scrubEveryMs: config.scrubDays * 24 * 3_600_000,
    scrubBytesPerSecond: config.scrubMibPerSecond * 1024 * 1024,
    onChecked: metrics.checked,
    onDamagedDatabase: options.onFatal,
  })
  opened.defer(() => housekeeping.stop())
  const address = addressOf(config, { server, publicServer }, services, tls)

  const kept = opened.move()
  return {
    address,
    close: async (graceMs) => {
      isStopping = true
      await Promise.all(servers.map((each) => each.close(graceMs)))
      await kept.disposeAsync()
    },
  }
}

async function readTls({
  tlsCert,
  tlsKey,
}: Config): Promise<{ readonly cert: Buffer; readonly key: Buffer } | undefined> {
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

async function buildServices(
  { config, log }: AssembleOptions,
  stores: Stores & { readonly markdown: Markdown; readonly audit: AuditLog },
  ports: { readonly port: () => number; readonly publicPort: () => number },
  metrics: Metrics,
): Promise<Built> {
  const directory = config.data
  const warn = (sentence: string) => log.warn(sentence)
  const { rootKeys, secrets } = await orStartError(undefined, async () => {
    await createKeyFiles(directory, config.account)
    return {
      rootKeys: openAccessKeys({ directory, clock: systemClock, warn }),
      secrets: readSecrets({ directory, warn }),
    }
  })
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
    outbox: createOutbox(),
    clock: systemClock,
    ids: randomIds,
    limits: limitsOf(config, ecrLimits),
    publicLimits: limitsOf(config, ecrPublicLimits),
    publicRegions: config.publicRegions.split(','),
    secrets,
    accessKeys: config.dev ? withAnyKey(accessKeys, config.account) : accessKeys,
    identities,
    links,
    compiledPolicies,
    operatorAccount: config.account,
    ecrQuirks: config.ecrQuirks,
    onCollected: (collection) => {
      metrics.collected(collection)
      const { deletedImages, memberships, layers, unlinked } = collection
      if (deletedImages + memberships + layers + unlinked > 0) log.info(collection, 'collected')
    },
    onDecision: log.isLevelEnabled('debug') ? (line) => log.debug(line, 'decision') : undefined,
    onBackgroundError,
  }
  return { services, accessKeys, layerKey }
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
  readonly isStopping: () => boolean
}

interface Handlers {
  readonly private: HttpHandler
  readonly public: HttpHandler
}

function buildHandlers(options: HandlerOptions): Handlers {
  const { config, services, accessKeys, layerKey, metrics, isStopping } = options
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
  const health = createHealth({ metadata: services.metadata, blobs: services.blobs, isStopping })
  const own = createFrontDoor({
    api: createApiHandler({
      services,
      authenticate: createAuthenticate({ verifier: keys, accessKeys, devPrincipal: anyone }),
    }),
    distribution: createDistributionHandler({
      services,
      defaultRegistry: { accountId: config.account, region: config.region },
      anyPassword: anyone,
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
    health,
  })
  return { private: own, public: open }
}

function addressOf(
  config: Config,
  { server, publicServer }: { readonly server: HttpServer; readonly publicServer: HttpServer },
  services: Services,
  tls: { readonly cert: Buffer } | undefined,
): ServerAddress {
  const { account, region } = config
  const registry = { kind: 'private', accountId: account, region } as const
  const originOf = ({ address, port }: HttpServer) => `${tls ? 'https' : 'http'}://${reachable(address)}:${port}`
  const origin = originOf(server)
  const isNamed = config.domain !== undefined || config.registryHost !== undefined
  return {
    origin,
    endpoint: isNamed ? services.links.proxyEndpoint(registry) : origin,
    registryHost: services.links.registryHost(registry),
    publicOrigin: originOf(publicServer),
    publicHost: services.links.registryHost(publicRegistryOf(account)),
    account,
    region,
    publicRegion: services.publicRegions[0] ?? region,
    ...(tls && { fingerprint: new X509Certificate(tls.cert).fingerprint256 }),
  }
}

/** An address to connect to: a wildcard is one to listen on only. */
function reachable(address: string): string {
  if (address === '0.0.0.0') return '127.0.0.1'
  if (address === '::') return '[::1]'
  return address.includes(':') ? `[${address}]` : address
}
