// A whole registry in this process: real SQLite, a real directory, a clock that tests move. No socket: tests perform operations, or
// hand requests to handlers as values.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Collection } from '../../src/domain/collection.ts'
import { createCompiledPolicies } from '../../src/domain/authorisation/compiled-policies.ts'
import { createKeptLayers } from '../../src/domain/kept-layers.ts'
import type { AccessKey, Caller, Context, Limits, RootKeys, Secrets, Services } from '../../src/domain/context.ts'
import { openIdentities } from '../../src/domain/identities/open-identities.ts'
import { ecrLimits, ecrPublicLimits } from '../../src/domain/limits.ts'
import { createOutbox } from '../../src/domain/outbox.ts'
import type { AuditEvent, AuditLevel } from '../../src/domain/ports/audit.ts'
import { createDownloads } from '../../src/domain/public/downloads.ts'
import type { RegistryKey } from '../../src/domain/ports/metadata.ts'
import { withSessions } from '../../src/domain/sts/sessions.ts'
import { digestOf, type Digest } from '../../src/lib/digest.ts'
import { randomIds } from '../../src/lib/ids.ts'
import type { Operation } from '../../src/operations/operation.ts'
import { perform } from '../../src/operations/perform.ts'
import { completeLayerUpload } from '../../src/operations/private/complete-layer-upload.ts'
import { createRepository } from '../../src/operations/private/create-repository.ts'
import { initiateLayerUpload } from '../../src/operations/private/initiate-layer-upload.ts'
import { putImage } from '../../src/operations/private/put-image.ts'
import { uploadLayerPart } from '../../src/operations/private/upload-layer-part.ts'
import { openMarkdown } from '../../src/rendering/markdown.ts'
import { openDiskBlobs } from '../../src/storage/disk.ts'
import { openDiskLogos } from '../../src/storage/logos.ts'
import { openSqliteMetadata } from '../../src/storage/sql/sqlite/open-sqlite-metadata.ts'

export const account = '123456789012'
export const otherAccount = '210987654321'
export const region = 'us-east-1'

/** The root principal of an account, as the server makes it. */
export function rootOf(accountId: string): Caller {
  return {
    kind: 'root',
    accountId,
    arn: `arn:aws:iam::${accountId}:root`,
    userId: accountId,
    accessKeyId: `AKIATEST${accountId}`,
  }
}

export interface TestRegistry {
  readonly services: Services
  readonly directory: string
  /** Moves the clock. */
  advance(ms: number): void
  /** A context of the API for the default account's root, or for another caller, region or plane. */
  ctx(change?: Partial<Pick<Context, 'caller' | 'client' | 'region' | 'plane' | 'ecrQuirks'>>): Context
  perform<I, O>(operation: Operation<I, O>, input: I, ctx?: Context): Promise<O>
  /** Work that failed after its request was answered: empty at the end of a good test. */
  readonly backgroundErrors: readonly string[]
  /** Collections that came to their end. */
  readonly collections: readonly Collection[]
  /** What the audit log was given. */
  readonly audited: readonly AuditEvent[]
  close(): Promise<void>
}

export interface TestRegistryOptions {
  readonly ecrQuirks?: boolean
  readonly limits?: Partial<Limits>
  /** What the audit log asks for: everything, so that every test makes its events. */
  readonly auditLevel?: AuditLevel
  /** Epoch milliseconds; the clock stands still until `advance`. */
  readonly now?: number
  /** An earlier registry's directory, to open it again. */
  readonly directory?: string
  /** Where clients are told that the data plane is. */
  readonly origin?: string
  /** Where that of public registries is: the default port of the same host. */
  readonly publicHost?: string
}

export async function openTestRegistry(options: TestRegistryOptions = {}): Promise<TestRegistry> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'stowage-test-')))
  let now = options.now ?? Date.UTC(2026, 10, 21, 12)
  const backgroundErrors: string[] = []
  const collections: Collection[] = []
  const audited: AuditEvent[] = []
  const metadata = await openSqliteMetadata({
    file: join(directory, 'metadata.db'),
    onFatal: (error: Error) => {
      throw error
    },
  })
  const blobs = await openDiskBlobs({ directory, reserveBytes: 0 })
  // Other tests may have the processors just now.
  const markdown = openMarkdown({ limitMs: 10_000, onError: (error) => backgroundErrors.push(String(error)) })
  const keys = new Map<string, AccessKey>(
    [account, otherAccount].map((id) => {
      const principal = rootOf(id)
      return [
        principal.accessKeyId,
        { accessKeyId: principal.accessKeyId, secretAccessKey: `secret-of-${id}`, principal },
      ]
    }),
  )
  const origin = options.origin ?? 'http://localhost:4510'
  const publicHost = options.publicHost ?? `${new URL(origin).hostname}:4511`
  const hostOf = (registry: RegistryKey) =>
    registry.kind === 'public'
      ? publicHost
      : registry.accountId === account && registry.region === region
        ? new URL(origin).host
        : `${registry.accountId}.dkr.ecr.${registry.region}.${new URL(origin).host}`
  const secrets: Secrets = {
    pageKey: Buffer.alloc(32, 7),
    tokenKeys: [Buffer.alloc(32, 8)],
    identityKey: Buffer.alloc(32, 9),
  }
  const clock = { now: () => now }
  const compiledPolicies = createCompiledPolicies()
  const onBackgroundError = (what: string, error: unknown) => void backgroundErrors.push(`${what}: ${String(error)}`)
  const rootKeys: RootKeys = {
    find: (accessKeyId) => keys.get(accessKeyId),
    hasAccount: (accountId) => accountId === account || accountId === otherAccount,
  }
  const { identities, accessKeys: lasting } = await openIdentities({
    metadata,
    clock,
    rootKeys,
    secrets,
    compiledPolicies,
    onBackgroundError,
  })
  const services: Services = {
    metadata,
    blobs,
    logos: await openDiskLogos(directory),
    audit: { level: options.auditLevel ?? 'all', record: (event) => audited.push(event) > 0, flush: async () => true },
    outbox: createOutbox(),
    clock,
    markdown,
    downloads: createDownloads(),
    ids: randomIds,
    limits: { ...ecrLimits, ...options.limits },
    publicLimits: { ...ecrPublicLimits, ...options.limits },
    publicRegions: ['us-east-1', 'us-west-2'],
    secrets,
    accessKeys: withSessions({ lasting, issuers: lasting, secrets, identities }),
    compiledPolicies,
    keptLayers: createKeptLayers(),
    identities,
    links: {
      registryHost: hostOf,
      proxyEndpoint: (registry) => `${new URL(origin).protocol}//${hostOf(registry)}`,
      layer: (repository, digest, lifeMs, nowMs) =>
        `${origin}/layers/${repository.id}/${digest}?until=${nowMs + lifeMs}`,
      logo: (name) => `http://${publicHost}/logo/${name}.png`,
    },
    operatorAccount: account,
    ecrQuirks: options.ecrQuirks ?? false,
    onCollected: (collection) => collections.push(collection),
    onBackgroundError,
  }
  const ctx: TestRegistry['ctx'] = (change) => ({
    ...services,
    caller: rootOf(account),
    client: { address: '127.0.0.1', userAgent: 'test', isSecure: false },
    region,
    requestId: randomIds.uuid(),
    plane: 'api',
    ...change,
  })
  return {
    services,
    directory,
    advance: (ms) => {
      now += ms
    },
    ctx,
    perform: (operation, input, context = ctx()) => perform(operation, context, input),
    backgroundErrors,
    collections,
    audited,
    close: async () => {
      await markdown.close()
      await metadata.close()
      await blobs.close()
      if (options.directory === undefined) await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Creates a repository of the default account. */
export async function givenRepository(registry: TestRegistry, repositoryName: string): Promise<void> {
  await registry.perform(createRepository, { repositoryName })
}

/** Uploads a layer in parts and gives its digest. */
export async function givenLayer(
  registry: TestRegistry,
  repositoryName: string,
  content: string | Uint8Array,
): Promise<Digest> {
  const bytes = Buffer.from(content)
  const { uploadId = '' } = await registry.perform(initiateLayerUpload, { repositoryName })
  const part = { partFirstByte: 0, partLastByte: bytes.length - 1, layerPartBlob: bytes }
  await registry.perform(uploadLayerPart, { repositoryName, uploadId, ...part })
  const digest = digestOf(bytes)
  await registry.perform(completeLayerUpload, { repositoryName, uploadId, layerDigests: [digest] })
  return digest
}

export const ociManifestType = 'application/vnd.oci.image.manifest.v1+json'
export const ociIndexType = 'application/vnd.oci.image.index.v1+json'

/** An OCI manifest of layers that were uploaded as these contents; the config is the first. */
export function manifestOf(contents: readonly string[], more: Readonly<Record<string, unknown>> = {}): string {
  const [config, ...layers] = contents.map((content, index) => ({
    mediaType: index === 0 ? 'application/vnd.oci.image.config.v1+json' : 'application/vnd.oci.image.layer.v1.tar',
    digest: digestOf(content),
    size: Buffer.byteLength(content),
  }))
  return JSON.stringify({ schemaVersion: 2, mediaType: ociManifestType, config, layers, ...more })
}

/** Pushes an image of a config and one layer; gives its digest and manifest. */
export async function givenImage(
  registry: TestRegistry,
  repositoryName: string,
  imageTag: string | undefined,
  seed = 'one',
  more: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly digest: Digest; readonly manifest: string }> {
  const contents = [`{"config":"${seed}"}`, `layer of ${seed}`]
  for (const content of contents) {
    await givenLayer(registry, repositoryName, content).catch((error: unknown) => {
      if (!(error instanceof Error && error.name === 'LayerAlreadyExistsException')) throw error
    })
  }
  const manifest = manifestOf(contents, more)
  await registry.perform(putImage, { repositoryName, imageManifest: manifest, imageTag })
  return { digest: digestOf(manifest), manifest }
}
