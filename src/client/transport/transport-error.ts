// Everything that can go wrong with an image on its way, in one class, and every sentence of it in one table.

import { errorCode } from '../../lib/error-code.ts'

/** What each code tells, and what its sentence needs to be said. */
const sentences = {
  Aborted: () => 'The transfer was aborted.',
  AlreadyExists: (p: { what: string }) => `${p.what} exists already, and an archive is never added to.`,
  BlobMissing: (p: { digest: string; where: string }) => `${p.where} does not hold the blob ${p.digest}.`,
  CredentialsUnreadable: (p: { what: string; reason: string }) =>
    `The credentials could not be read from ${p.what}: ${p.reason}.`,
  DigestMismatch: (p: { digest: string; found: string; where: string }) =>
    `${p.where} gave bytes with the digest ${p.found} for ${p.digest}.`,
  DiskFull: (p: { path: string }) => `There is no room left on the disk for ${p.path}.`,
  EmptyBlobRefused: (p: { where: string }) => `${p.where} refuses the empty blob, which this image names.`,
  FileFailed: (p: { path: string; reason: string }) => `${p.path} could not be read or written: ${p.reason}.`,
  ImageMissing: (p: { reference: string; where: string }) => `${p.where} holds no image ${p.reference}.`,
  InvalidArchive: (p: { path: string; reason: string }) => `${p.path} is not a usable archive: ${p.reason}.`,
  InvalidLayout: (p: { path: string; reason: string }) => `${p.path} is not a usable OCI image layout: ${p.reason}.`,
  InvalidManifest: (p: { digest: string; where: string; reason: string }) =>
    `The manifest ${p.digest} in ${p.where} is not usable: ${p.reason}.`,
  InvalidReference: (p: { text: string; reason: string }) => `'${p.text}' is not a reference to an image: ${p.reason}.`,
  Network: (p: { where: string; reason: string }) => `${p.where} could not be reached: ${p.reason}.`,
  PlatformMissing: (p: { platform: string; offered: readonly string[] }) =>
    `The image is not there for ${p.platform}; it is there for ${p.offered.join(', ') || 'no platform'}.`,
  Refused: (p: { where: string; reason: string }) => `${p.where} refused: ${p.reason}`,
  SizeMismatch: (p: { digest: string; expected: number; found: number; where: string }) =>
    `${p.where} holds ${p.found} bytes for ${p.digest}, not ${p.expected}.`,
  TooLarge: (p: { what: string; limit: number }) => `${p.what} is larger than ${p.limit} bytes.`,
  TooManyManifests: (p: { limit: number }) => `The image has more than ${p.limit} manifests.`,
  TooDeep: (p: { limit: number }) => `The image nests more than ${p.limit} indexes.`,
  Unauthorized: (p: { where: string; reason: string }) => `${p.where} wants other credentials: ${p.reason}`,
  Unsupported: (p: { where: string; what: string }) => `${p.where} cannot hold ${p.what}.`,
} as const

export type TransportErrorCode = keyof typeof sentences

/** What a transfer fails with. `cause` is what was met underneath: an error of ECR, of the disk or of a connection. */
export class TransportError extends Error {
  override readonly name = 'TransportError'
  readonly code: TransportErrorCode

  constructor(code: TransportErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}

type Params<C extends TransportErrorCode> = Parameters<(typeof sentences)[C]>[0]

/** Makes the error of a code with its sentence. */
export function transportError<C extends TransportErrorCode>(
  code: C,
  params: Params<C>,
  cause?: unknown,
): TransportError {
  // The table gives each code the parameters that its own sentence takes; TypeScript cannot follow that through an index.
  const sentence = sentences[code] as (p: Params<C>) => string
  return new TransportError(code, sentence(params), cause)
}

/** Throws the error of a code. */
export function transportFail<C extends TransportErrorCode>(code: C, params: Params<C>, cause?: unknown): never {
  throw transportError(code, params, cause)
}

/** What the disk said of `path`, as an error of ours. One of ours passes through. */
export function fileError(path: string, error: unknown): TransportError {
  if (error instanceof TransportError) return error
  const code = errorCode(error)
  if (code === 'ENOSPC' || code === 'EDQUOT') return transportError('DiskFull', { path }, error)
  return transportError('FileFailed', { path, reason: reasonOf(error) }, error)
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error)
}

/** Fails with Aborted once `signal` has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw transportError('Aborted', undefined, signal.reason)
}
