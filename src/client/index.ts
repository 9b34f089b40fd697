// The library `stowage/client`: everything that may be imported of it.

export { createEcrPublic, type EcrPublicOptions } from './create-ecr-public.ts'
export { createEcr, type EcrOptions } from './create-ecr.ts'
export type { CallRecord, LogFormat, Logger, LogLevel } from './call-log.ts'
export type {
  CallOptions,
  Ecr,
  EcrError,
  EcrInput,
  EcrItem,
  EcrListName,
  EcrOperationName,
  EcrOutput,
  EcrPagedName,
  EcrPublic,
  EcrPublicError,
  EcrPublicInput,
  EcrPublicItem,
  EcrPublicListName,
  EcrPublicOperationName,
  EcrPublicOutput,
  EcrPublicPagedName,
  EcrPublicRequest,
  EcrRequest,
} from './ecr.ts'
export type {
  AbortedError,
  CommonError,
  CommonErrorName,
  InputFault,
  InvalidInputError,
  NetworkError,
  NotJsonError,
  Result,
  UnmodelledError,
} from './errors.ts'
export { quotaErrors } from './quota-retry.ts'
export { ecrPublicRequest, ecrRequest, readRequest, sameRequest, storeRequest, withMembers } from './requests.ts'
export * from './transport/index.ts'
export type { BlobInput, TimeInput } from './values.ts'
export { imagePresent, repositoryGone, WaitTimeoutError, type WaitOptions } from './wait.ts'
export type { ChunkEvent } from './watch-wire.ts'
