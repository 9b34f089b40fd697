// What a domain function is given: who calls, where, and the ports. Built once per process (`Services`) and once per request.

import type { Clock } from '../lib/clock.ts'
import type { Digest } from '../lib/digest.ts'
import type { Ids } from '../lib/ids.ts'
import type { DecisionLine } from './authorisation/decision-log.ts'
import type { CompiledPolicies } from './authorisation/compiled-policies.ts'
import type { Collection } from './collection.ts'
import type { KeptLayers } from './kept-layers.ts'
import type { Outbox } from './outbox.ts'
import type { Audit } from './ports/audit.ts'
import type { Blobs } from './ports/blobs.ts'
import type { Logos } from './ports/logos.ts'
import type { Markdown } from './ports/markdown.ts'
import type { NamedPolicy } from './authorisation/policies/policy.ts'
import type { EveryIdentity } from './ports/identities.ts'
import type { Metadata, RegistryKey, Repository, ResourceTag } from './ports/metadata.ts'
import type { Downloads } from './public/downloads.ts'

/** The principal of a request, as IAM names it. */
export interface Caller {
  readonly kind: 'root' | 'user' | 'session' | 'anonymous'
  readonly accountId: string
  /** `arn:aws:iam::<account>:root`, `...:user/<path><name>`, `arn:aws:sts::<account>:assumed-role/<role>/<session>`. */
  readonly arn: string
  /** As GetCallerIdentity gives it: the account id for a root key, `AIDA...` for a user, `AROA...:<session>` for a session. */
  readonly userId: string
  readonly accessKeyId: string
  /** Set when the credentials are temporary: of a session, or of a user or root after GetSessionToken. */
  readonly temporary?: TemporaryCredentials
}

/** What temporary credentials carry beside whose they are. */
export interface TemporaryCredentials {
  readonly issuedAtMs: number
  readonly expiresAtMs: number
  /** Of GetSessionToken: the access key that asked, with which they end. */
  readonly issuedBy?: string
  /** Of a session: `arn:aws:iam::<account>:role/<path><name>`. */
  readonly roleArn?: string
  /** Texts of session policies; without these and without `policyArns` nothing is limited. */
  readonly policies?: readonly string[]
  /** Managed policies that limit the session, as they are now; one that is gone allows nothing. */
  readonly policyArns?: readonly string[]
  /** Session tags: `aws:PrincipalTag/...`, before those of the role. */
  readonly tags?: readonly ResourceTag[]
  /** Keys of those tags that sessions opened by this one have, too. */
  readonly transitiveTagKeys?: readonly string[]
  readonly sourceIdentity?: string
}

/** What is said of a caller beside its credentials, as it is now. */
export interface Identity {
  /** Of the user and its groups, or of the role; none for a root, which needs none. */
  readonly policies: readonly NamedPolicy[]
  readonly boundary: NamedPolicy | undefined
  /** `aws:PrincipalTag/...`. */
  readonly tags: readonly ResourceTag[]
  readonly userName: string | undefined
  /** `aws:PrincipalOrgID`. */
  readonly organizationId: string | undefined
}

/** A role, as those ask who open sessions of it. */
export interface Role {
  /** `AROA...`: the user id of its sessions begins with it. */
  readonly id: string
  readonly accountId: string
  readonly name: string
  /** `arn:aws:iam::<account>:role<path><name>`. */
  readonly arn: string
  /** Compiles as `policyKinds.trust`; users and roles of accounts that this server knows stand in it by their ids. */
  readonly trustPolicy: string
  readonly maxSessionSeconds: number
  readonly tags: readonly ResourceTag[]
}

/** Users, roles and policies as they are now, answered from memory. */
export interface Identities {
  /** `undefined` when the user or role is gone, or the session was revoked: then the caller may do nothing. */
  readonly of: (caller: Caller) => Identity | undefined
  /** The ARN of the user or role with this unique id; of `AROA...:<session>` that of the session. */
  readonly arnOf: (id: string) => string | undefined
  /** The unique id of the user or role that an ARN names; of an `assumed-role` ARN `AROA...:<session>`, whether it is open or not. */
  readonly idOf: (arn: string) => string | undefined
  readonly roleOf: (arn: string) => Role | undefined
  /** The text of a managed policy. */
  readonly policyOf: (arn: string) => string | undefined
  /** Whether an account's users and roles are known here: it was made by the operator, or has a root key. */
  readonly knowsAccount: (accountId: string) => boolean
  /** All of it, as of the version that answers now. */
  readonly everything: () => EveryIdentity
  /** Reads it again when it was changed, here or by another process. Whoever changes something waits for this before it answers. */
  readonly refresh: () => Promise<void>
  /** Notes that a key was used: after the answer, at most once a minute for a key. */
  readonly noteUse: (accessKeyId: string) => void
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
  /** How long a deleted image may be restored; 0 for not at all. */
  readonly undeleteMs: number
  readonly tokenLifeMs: number
  readonly layerUrlLifeMs: number
}

/** An access key and whom it stands for. */
export interface AccessKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly principal: Caller
  /** Of temporary credentials, which are known by this. */
  readonly sessionToken?: string
  readonly expiresAtMs?: number
}

/**
 * The access keys this server knows. A key that is inactive or gone is not found, nor are temporary credentials whose user, role or key is:
 * tokens and signatures are judged at each request.
 */
export interface AccessKeys {
  /** With a session token only the temporary credentials that it stands for, expired or not. */
  readonly find: (accessKeyId: string, sessionToken?: string) => AccessKey | undefined
}

/** Keys of roots: they may do everything in their account. */
export interface RootKeys extends AccessKeys {
  /** Whether there is a key of the account. */
  readonly hasAccount: (accountId: string) => boolean
}

export interface Secrets {
  /** 32 bytes: seals page tokens. */
  readonly pageKey: Uint8Array
  /** 32 bytes each, the first one signs, all verify: authorization tokens. */
  readonly tokenKeys: readonly Uint8Array[]
  /** 32 bytes: seals the secrets of users' access keys in the database. */
  readonly identityKey: Uint8Array
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
  readonly audit: Audit
  readonly outbox: Outbox
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
  readonly identities: Identities
  readonly links: Links
  readonly compiledPolicies: CompiledPolicies
  readonly keptLayers: KeptLayers
  /** The account whose principals may run this server: aliases, collection, usage (the `stowage` service). */
  readonly operatorAccount: string
  /** ECR's deviations from the OCI specification instead of the specification (see docs/differences.md). */
  readonly ecrQuirks: boolean
  /** Told about each collection that came to its end. */
  readonly onCollected: (collection: Collection) => void
  /** Told about each decision, for the log; `undefined` when it does not ask for them. */
  readonly onDecision?: ((line: DecisionLine) => void) | undefined
  /** Told about work that failed after its request was answered. */
  readonly onBackgroundError: (what: string, error: unknown) => void
}

/** Where a request comes from, for conditions of policies. */
export interface Client {
  readonly address: string
  readonly userAgent: string | undefined
  /** True when the connection is TLS. */
  readonly isSecure: boolean
}

export interface Context extends Services {
  readonly caller: Caller
  readonly client: Client
  /** Which door the request came through: the OCI specification and the ECR API differ in a few rules (docs/differences.md). */
  readonly plane: 'api' | 'distribution'
  readonly region: string
  readonly requestId: string
}
