// A place holds images: a directory, an archive, a registry. The one interface between the copying and whatever it copies from and to.
// A place knows how its bytes are kept; what an image is made of, and in which order it must arrive, it does not know.

import type { Digest } from '../../lib/digest.ts'

export interface Platform {
  readonly os: string
  readonly architecture: string
  readonly variant?: string | undefined
}

/** What a manifest says of something it names: https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md */
export interface Descriptor {
  readonly mediaType: string
  readonly digest: Digest
  /** Bytes. */
  readonly size: number
  readonly platform?: Platform | undefined
  readonly artifactType?: string | undefined
  readonly annotations?: Readonly<Record<string, string>> | undefined
}

export interface Manifest {
  readonly digest: Digest
  readonly mediaType: string
  /** As they are kept: never parsed and printed again. */
  readonly bytes: Buffer
}

/** A transient fault of a place: what was begun may be tried again. Its `cause` is the TransportError to end with. */
export class TransientError extends Error {
  override readonly name = 'TransientError'
  /** How long the place asks to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined

  constructor(cause: Error, retryAfterMs?: number) {
    super(cause.message, { cause })
    this.retryAfterMs = retryAfterMs
  }
}

/** The bytes of a blob, to be read from a position on, as often as needed. */
export interface BlobSource {
  /** The bytes from `offset` to the end, checked against the digest when they are read from 0. A piece is of use until the next is asked for. */
  read(offset: number): AsyncIterable<Uint8Array>
  /** Whether reading again costs no network. */
  readonly isLocal: boolean
  /** The repository at a registry that holds it, for one that can mount. */
  readonly origin: Origin | undefined
}

/** A repository at a registry. */
export interface Origin {
  /** `host:port` of the data plane. */
  readonly host: string
  readonly repository: string
}

export type BlobOutcome = 'written' | 'mounted'

export interface WriteBlobOptions {
  readonly signal: AbortSignal | undefined
  /** Is told how many bytes of the blob are at the target, whenever that changes. It may go back. */
  readonly onBytes: (done: number) => void
}

export interface Place {
  /** For messages: what a user would call it. */
  readonly name: string
  readonly isLocal: boolean
  readonly origin?: Origin | undefined
  /** What the reference this place was opened by names: a tag, a digest, or neither. */
  readonly tag: string | undefined
  readonly digest: Digest | undefined

  /** The manifest under a tag or digest, or `undefined`. With neither: the only image there is. Not yet checked against its digest. */
  findManifest(reference: string | undefined, signal?: AbortSignal): Promise<Manifest | undefined>
  /** The bytes of a blob from `offset` on. Fails with BlobMissing; throws TransientError for what may be tried again. Checks nothing. A piece is of use until the next is asked for. */
  openBlob(blob: Descriptor, offset: number, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>>
  /** The manifests whose subject is `digest`. */
  listReferrers(digest: Digest, signal?: AbortSignal): Promise<readonly Descriptor[]>

  /** Says before any byte goes whether it can take these manifests, and that now: fails with Unsupported, AlreadyExists, InvalidLayout, Refused. */
  prepare(manifests: readonly PlannedManifest[], signal?: AbortSignal): Promise<void>
  /** Those of `blobs` that it has already. */
  findExisting(blobs: readonly Descriptor[], signal?: AbortSignal): Promise<ReadonlySet<Digest>>
  writeBlob(blob: Descriptor, source: BlobSource, options: WriteBlobOptions): Promise<BlobOutcome>
  /** What it names must be there. `tags` are given to it. */
  writeManifest(manifest: Manifest, tags: readonly string[], options: WriteManifestOptions): Promise<void>

  /** Ends the writing: what was written is now to be seen, whole. Not called when something failed. */
  finish(): Promise<void>
  /** Lets go of everything, and of what was half-written. */
  close(): Promise<void>
}

/** What a manifest is to the copy: what it is about, a part of that, or something that refers to one of the two. */
export type ManifestRole = 'root' | 'child' | 'referrer'

export interface PlannedManifest {
  readonly manifest: Manifest
  readonly role: ManifestRole
}

export interface WriteManifestOptions {
  readonly role: ManifestRole
  readonly signal?: AbortSignal | undefined
}
