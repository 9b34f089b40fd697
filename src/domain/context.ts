// What a domain function is given: who calls, where, and the ports. Built once per process (`Services`) and once per request.

import type { Clock } from '../lib/clock.ts'
import type { Digest } from '../lib/digest.ts'
import type { Ids } from '../lib/ids.ts'
import type { Blobs } from './ports/blobs.ts'
import type { Logos } from './ports/logos.ts'
import type { Markdown } from './ports/markdown.ts'
import type { Metadata, RegistryKey, Repository } from './ports/metadata.ts'
import type { Downloads } from './public/downloads.ts'

/** The principal of a request, as IAM names it. */
export interface Caller {
  readonly accountId: string
  /** For example `arn:aws:iam::123456789012:root`. */
  readonly arn: string
  /** As GetCallerIdentity gives it: the account id for a root key. */
  readonly userId: string
  readonly accessKeyId: string
}

/** Limits and leases: ECR's figures unless said otherwise. Bytes and milliseconds. */
export interface Limits {
  readonly repositoriesPerRegistry: number
  readonly imagesPerRepository: number
  readonly tagsPerImage: number
  readonly resourceTags: number
  readonly layerBytesMax: number
  readonly layerPartsMax: number
  readonly partBytesMin: number
  /** The part size that InitiateLayerUpload recommends. */
  readonly partBytesAdvised: number
  readonly manifestBytesMax: number
  readonly openUploadsPerAccount: number
  readonly uploadLifeMs: number
  /** How long a blob stays after it was uploaded, mounted, or told to exist, without an image that names it. */
  readonly leaseMs: number
  readonly tokenLifeMs: number
  readonly layerUrlLifeMs: number
}

/** An access key and whom it stands for. */
export interface AccessKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly principal: Caller
}

/** The access keys this server knows. A key that is inactive or gone is not found: tokens and signatures are judged at each request. */
export interface AccessKeys {
  readonly find: (accessKeyId: string) => AccessKey | undefined
}

export interface Secrets {
  /** 32 bytes: seals page tokens. */
  readonly pageKey: Uint8Array
  /** 32 bytes each, the first one signs, all verify: authorization tokens. */
  readonly tokenKeys: readonly Uint8Array[]
}

/** How this server is reached. */
export interface Links {
  /** Host (with port) of a registry's data plane, as `repositoryUri` begins; all public registries share one. */
  readonly registryHost: (registry: RegistryKey) => string
  /** `https://<host>` or `http://<host>`, no trailing slash. */
  readonly proxyEndpoint: (registry: RegistryKey) => string
  /** A URL that serves the bytes of a layer for `lifeMs` without any header. */
  readonly layer: (repository: Repository, digest: Digest, lifeMs: number, nowMs: number) => string
  /** A URL that serves a logo to everyone, for as long as it is kept. */
  readonly logo: (name: string) => string
}

export interface Services {
  readonly metadata: Metadata
  readonly blobs: Blobs
  readonly logos: Logos
  readonly markdown: Markdown
  readonly downloads: Downloads
  readonly clock: Clock
  readonly ids: Ids
  readonly limits: Limits
  /** Those of public registries (user guide of Amazon ECR Public, "Service quotas"). */
  readonly publicLimits: Limits
  /** Regions that offer the ECR Public API. */
  readonly publicRegions: readonly string[]
  readonly secrets: Secrets
  readonly accessKeys: AccessKeys
  readonly links: Links
  /** The account whose principals may run this server: aliases, collection, usage (the `stowage` service). */
  readonly operatorAccount: string
  /** ECR's deviations from the OCI specification instead of the specification (see docs/differences.md). */
  readonly ecrQuirks: boolean
  /** Told about work that failed after its request was answered. */
  readonly onBackgroundError: (what: string, error: unknown) => void
}

export interface Context extends Services {
  readonly caller: Caller
  /** Which door the request came through: the OCI specification and the ECR API differ in a few rules (docs/differences.md). */
  readonly plane: 'api' | 'distribution'
  readonly region: string
  readonly requestId: string
}
