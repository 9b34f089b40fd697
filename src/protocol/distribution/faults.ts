// Refusals in the form of the OCI distribution specification, and the only table that turns ECR's errors into them.
// Codes: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes, and those of Docker's registry that ECR
// was seen to use (TAG_INVALID) or that have no equal there (UNAVAILABLE, UNKNOWN, RANGE_INVALID, PAGINATION_NUMBER_INVALID).

import { UploadTooLargeError } from '../../domain/ports/storage-errors.ts'
import { defectSentence, EcrError, type SentenceKey } from '../../model/errors.ts'
import { asDeclared } from '../../operations/perform.ts'
import type { HttpResponse } from '../message.ts'
import type { Route } from './route.ts'

type OciCode =
  | 'BLOB_UNKNOWN'
  | 'BLOB_UPLOAD_INVALID'
  | 'BLOB_UPLOAD_UNKNOWN'
  | 'DIGEST_INVALID'
  | 'MANIFEST_BLOB_UNKNOWN'
  | 'MANIFEST_INVALID'
  | 'MANIFEST_UNKNOWN'
  | 'NAME_INVALID'
  | 'NAME_UNKNOWN'
  | 'SIZE_INVALID'
  | 'DENIED'
  | 'UNSUPPORTED'
  | 'TOOMANYREQUESTS'
  | 'TAG_INVALID'
  | 'UNAVAILABLE'
  | 'UNKNOWN'
  | 'RANGE_INVALID'
  | 'PAGINATION_NUMBER_INVALID'

/** A refusal, not yet a response. */
export interface Fault {
  readonly status: number
  readonly code: OciCode
  readonly message: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A request that breaks a rule of the distribution protocol itself. Raised by `refuse` only, answered in one place. */
class RefusedError extends Error {
  override readonly name = 'RefusedError'
  readonly fault: Fault
  constructor(fault: Fault) {
    super(fault.message)
    this.fault = fault
  }
}

export function refuse(
  status: number,
  code: OciCode,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): never {
  throw new RefusedError({ status, code, message, headers })
}

export function answerFault(fault: Fault): HttpResponse {
  return {
    status: fault.status,
    headers: { 'Content-Type': 'application/json; charset=utf-8', ...fault.headers },
    body: JSON.stringify({ errors: [{ code: fault.code, message: fault.message }] }),
    log: { error: fault.code },
  }
}

type Row = readonly [status: number, code: OciCode]

/** By sentence where one name has several, else by name. */
const rows: Partial<Record<SentenceKey | EcrError['name'], Row>> = {
  AccessDeniedException: [403, 'DENIED'],
  EmptyUploadException: [400, 'BLOB_UPLOAD_INVALID'],
  ImageDigestDoesNotMatchException: [400, 'DIGEST_INVALID'],
  ImageNotFoundException: [404, 'MANIFEST_UNKNOWN'],
  ImageTagAlreadyExistsException: [400, 'TAG_INVALID'],
  InvalidLayerException: [400, 'DIGEST_INVALID'],
  InvalidLayerPartException: [416, 'BLOB_UPLOAD_INVALID'],
  KmsException: [403, 'DENIED'],
  LayerPartTooSmallException: [400, 'BLOB_UPLOAD_INVALID'],
  LayersNotFoundException: [400, 'MANIFEST_BLOB_UNKNOWN'],
  'LayersNotFoundException/download': [404, 'BLOB_UNKNOWN'],
  // A quota that is full: not 429, which clients retry at once.
  LimitExceededException: [403, 'DENIED'],
  'LimitExceededException/layerSize': [413, 'SIZE_INVALID'],
  ReferencedImagesNotFoundException: [400, 'MANIFEST_BLOB_UNKNOWN'],
  RepositoryNotFoundException: [404, 'NAME_UNKNOWN'],
  ServerException: [500, 'UNKNOWN'],
  'ServerException/busy': [503, 'UNAVAILABLE'],
  'ServerException/storageFull': [507, 'UNAVAILABLE'],
  'ServerException/tooManyUploads': [429, 'TOOMANYREQUESTS'],
  UploadNotFoundException: [404, 'BLOB_UPLOAD_UNKNOWN'],
}

/** ECR's own choices where the specification makes another one (docs/differences.md). */
const quirkRows: typeof rows = {
  InvalidLayerException: [400, 'BLOB_UPLOAD_INVALID'],
  InvalidParameterException: [405, 'UNSUPPORTED'],
}

/** What an argument that a rule forbids is called, by what the request was about. */
const invalidArgument: Record<Route['kind'], Row> = {
  version: [400, 'UNSUPPORTED'],
  catalog: [400, 'UNSUPPORTED'],
  manifest: [400, 'MANIFEST_INVALID'],
  // Only a DELETE of a layer that an image names comes here.
  blob: [405, 'UNSUPPORTED'],
  uploads: [400, 'DIGEST_INVALID'],
  upload: [400, 'DIGEST_INVALID'],
  tags: [400, 'UNSUPPORTED'],
  referrers: [400, 'UNSUPPORTED'],
}

export const defectFault: Fault = { status: 500, code: 'UNKNOWN', message: defectSentence }

/** The refusal that an error means; `undefined` for a defect, which the adapter logs and answers. */
export function faultOf(thrown: unknown, kind: Route['kind'], ecrQuirks: boolean): Fault | undefined {
  if (thrown instanceof RefusedError) return thrown.fault
  if (thrown instanceof UploadTooLargeError)
    return { status: 413, code: 'SIZE_INVALID', message: 'The layer is larger than a layer may be' }
  // Storage's own failures in the streaming part, which no operation surrounds, become what `perform` makes of them.
  const error = thrown instanceof EcrError ? thrown : asDeclared({ name: kind, errors: [] }, thrown)
  if (!(error instanceof EcrError)) return undefined
  const row = rowOf(error, kind, ecrQuirks)
  if (row === undefined) return undefined
  const [status, code] = row
  const fault = { status, code, message: error.message }
  return status === 429 || status === 503 ? { ...fault, headers: { 'Retry-After': '1' } } : fault
}

function rowOf(error: EcrError, kind: Route['kind'], ecrQuirks: boolean): Row | undefined {
  const quirk = ecrQuirks ? quirkRows[error.name] : undefined
  if (quirk) return quirk
  if (error.name === 'InvalidParameterException') return invalidArgument[kind]
  return rows[error.sentence] ?? rows[error.name]
}
