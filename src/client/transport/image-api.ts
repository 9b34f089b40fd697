// The calls by which an image goes through the ECR API, the same for private and public registries, and what their errors mean here.

import type { Digest } from '../../lib/digest.ts'
import type { Ecr, EcrPublic } from '../ecr.ts'
import type { AnswerFacts, Result } from '../errors.ts'
import { TransientError } from './place.ts'
import { transportError } from './transport-error.ts'

/** An error of any operation; its `name` tells which. */
export interface ApiError extends Error, AnswerFacts {
  readonly code?: unknown
  readonly lastValidByteReceived?: unknown
}

type Answer<T> = Promise<Result<T, ApiError>>

export interface ImageApi {
  /** Fewer parts than that in one layer (service quotas). */
  readonly partsMax: number
  checkLayers(layerDigests: readonly string[]): Answer<{ readonly layers?: readonly CheckedLayer[] | undefined }>
  initiateUpload(): Answer<{ readonly uploadId?: string | undefined; readonly partSize?: number | undefined }>
  /** `signal` in place of the one that the others have. */
  uploadPart(part: LayerPart, signal?: AbortSignal): Answer<{ readonly lastByteReceived?: number | undefined }>
  completeUpload(uploadId: string, digest: Digest): Answer<unknown>
  putImage(image: ImageToPut): Answer<unknown>
}

interface CheckedLayer {
  readonly layerDigest?: string | undefined
  readonly layerAvailability?: string | undefined
}

export interface LayerPart {
  readonly uploadId: string
  readonly partFirstByte: number
  readonly partLastByte: number
  readonly layerPartBlob: Uint8Array
}

export interface ImageToPut {
  readonly imageManifest: string
  readonly imageManifestMediaType: string
  readonly imageDigest: string
  readonly imageTag?: string
}

/** The repository that calls are about. */
export interface ApiRepository {
  readonly registryId?: string
  readonly repositoryName: string
}

export function privateImageApi(ecr: Ecr, repository: ApiRepository, signal: AbortSignal | undefined): ImageApi {
  const options = { signal }
  return {
    partsMax: 4200,
    checkLayers: (layerDigests) => ecr.try('BatchCheckLayerAvailability', { ...repository, layerDigests }, options),
    initiateUpload: () => ecr.try('InitiateLayerUpload', repository, options),
    uploadPart: (part, own = signal) => ecr.try('UploadLayerPart', { ...repository, ...part }, { signal: own }),
    completeUpload: (uploadId, digest) =>
      ecr.try('CompleteLayerUpload', { ...repository, uploadId, layerDigests: [digest] }, options),
    putImage: (image) => ecr.try('PutImage', { ...repository, ...image }, options),
  }
}

export function publicImageApi(ecr: EcrPublic, repository: ApiRepository, signal: AbortSignal | undefined): ImageApi {
  const options = { signal }
  return {
    partsMax: 1000,
    checkLayers: (layerDigests) => ecr.try('BatchCheckLayerAvailability', { ...repository, layerDigests }, options),
    initiateUpload: () => ecr.try('InitiateLayerUpload', repository, options),
    uploadPart: (part, own = signal) => ecr.try('UploadLayerPart', { ...repository, ...part }, { signal: own }),
    completeUpload: (uploadId, digest) =>
      ecr.try('CompleteLayerUpload', { ...repository, uploadId, layerDigests: [digest] }, options),
    putImage: (image) => ecr.try('PutImage', { ...repository, ...image }, options),
  }
}

/** Throttles by the names that AWS's SDKs know: https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html */
const throttles = [
  'ThrottlingException',
  'TooManyRequestsException',
  'ThrottledException',
  'RequestLimitExceeded',
  'SlowDown',
]

/** Names under which AWS says that the caller is not who it must be. */
const strangers = [
  'ExpiredTokenException',
  'ExpiredToken',
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'CredentialsProviderError',
  'MissingAuthenticationTokenException',
]

/** The value of an answer. Throws a TransientError for what may be tried again, else a TransportError with ECR's error as `cause`. */
export function valueOf<T>(where: string, answer: Result<T, ApiError>): T {
  if (answer.ok) return answer.value
  throw apiFault(where, answer.error)
}

/** What an error of the API means to a transfer. */
export function apiFault(where: string, error: ApiError): Error {
  const { name, message: reason, httpStatus } = error
  const code = typeof error.code === 'string' ? error.code : name
  if (name === 'Aborted') return transportError('Aborted', undefined, error)
  if (name === 'Network') return new TransientError(transportError('Network', { where, reason }, error))
  if (strangers.includes(code)) return transportError('Unauthorized', { where, reason }, error)
  const refused = transportError('Refused', { where, reason }, error)
  const passing = throttles.includes(code) || (httpStatus !== undefined && (httpStatus >= 500 || httpStatus === 429))
  return passing ? new TransientError(refused) : refused
}
