// What a client of the private and of the public API is: every operation by name, its input and output, and exactly the errors it can have.

import type * as sdk from '@aws-sdk/client-ecr'
import type * as sdkPublic from '@aws-sdk/client-ecr-public'
import type { ecrErrors } from './declared/ecr-errors.ts'
import type { ecrPublicErrors } from './declared/ecr-public-errors.ts'
import type { EcrPublicTypes } from './declared/ecr-public-types.ts'
import type { EcrTypes } from './declared/ecr-types.ts'
import type { AnswerFacts, CommonError, Result } from './errors.ts'
import type { privateLists, publicLists } from './pages.ts'
import type { InputOf, OutputOf } from './values.ts'

export interface CallOptions {
  /** Ends the call: the error is `Aborted`. */
  readonly signal?: AbortSignal | undefined
}

type Instance<T> = T extends abstract new (...args: never) => infer I ? I : never
/** The members of an error besides those that every error of the SDK has. */
type MembersOf<T> = Omit<T, keyof sdk.ECRServiceException>
type Modelled<Module, N extends string> = N extends keyof Module
  ? Error & AnswerFacts & { readonly name: N } & Readonly<MembersOf<Instance<Module[N]>>>
  : never

export type EcrOperationName = keyof typeof ecrErrors
export type EcrInput<N extends EcrOperationName> = InputOf<EcrTypes[N]['input']>
export type EcrOutput<N extends EcrOperationName> = OutputOf<EcrTypes[N]['output']>
/** The errors of one operation, told apart by `name`: those that its model declares, and those that any call can have. */
export type EcrError<N extends EcrOperationName> = Modelled<typeof sdk, (typeof ecrErrors)[N][number]> | CommonError

export type EcrPublicOperationName = keyof typeof ecrPublicErrors
export type EcrPublicInput<N extends EcrPublicOperationName> = InputOf<EcrPublicTypes[N]['input']>
export type EcrPublicOutput<N extends EcrPublicOperationName> = OutputOf<EcrPublicTypes[N]['output']>
/** The errors of one operation of the public API, told apart by `name`. */
export type EcrPublicError<N extends EcrPublicOperationName> =
  | Modelled<typeof sdkPublic, (typeof ecrPublicErrors)[N][number]>
  | CommonError

type PagedName<N extends string, Outputs extends Record<N, object>> = {
  [K in N]: 'nextToken' extends keyof Outputs[K] ? K : never
}[N]
type ItemOf<Page, List extends string> = List extends keyof Page
  ? NonNullable<Page[List]> extends readonly (infer Item)[]
    ? Item
    : never
  : never

type EcrOutputs = { [N in EcrOperationName]: EcrOutput<N> }
type EcrPublicOutputs = { [N in EcrPublicOperationName]: EcrPublicOutput<N> }
/** The operations that answer in pages. */
export type EcrPagedName = PagedName<EcrOperationName, EcrOutputs>
export type EcrPublicPagedName = PagedName<EcrPublicOperationName, EcrPublicOutputs>
/** Those with one list in each page, and what is in it. */
export type EcrListName = keyof typeof privateLists
export type EcrItem<N extends EcrListName> = ItemOf<EcrOutput<N>, (typeof privateLists)[N]>
export type EcrPublicListName = keyof typeof publicLists
export type EcrPublicItem<N extends EcrPublicListName> = ItemOf<EcrPublicOutput<N>, (typeof publicLists)[N]>

/** A request of the private API as a value: see requests.ts. */
export type EcrRequest<N extends EcrOperationName = EcrOperationName> = {
  readonly [K in N]: { readonly service: 'ecr'; readonly operation: K; readonly input: EcrInput<K> }
}[N]
/** The same of the public API. */
export type EcrPublicRequest<N extends EcrPublicOperationName = EcrPublicOperationName> = {
  readonly [K in N]: { readonly service: 'ecr-public'; readonly operation: K; readonly input: EcrPublicInput<K> }
}[N]

/** A client of the private API. */
export interface Ecr {
  /** The value of a success; throws an `EcrError<N>` (what `try` gives as a value). */
  call<N extends EcrOperationName>(name: N, input: EcrInput<N>, options?: CallOptions): Promise<EcrOutput<N>>
  /** The outcome as a value. It never rejects. */
  try<N extends EcrOperationName>(
    name: N,
    input: EcrInput<N>,
    options?: CallOptions,
  ): Promise<Result<EcrOutput<N>, EcrError<N>>>
  /** `try` with a request that was made, stored or changed before. */
  send<N extends EcrOperationName>(
    request: EcrRequest<N>,
    options?: CallOptions,
  ): Promise<Result<EcrOutput<N>, EcrError<N>>>
  /** Page after page, each asked for when it is wanted. Throws what `call` throws. */
  pages<N extends EcrPagedName>(name: N, input: EcrInput<N>, options?: CallOptions): AsyncIterable<EcrOutput<N>>
  /** Item after item of all pages. Throws what `call` throws. */
  items<N extends EcrListName>(name: N, input: EcrInput<N>, options?: CallOptions): AsyncIterable<EcrItem<N>>
  /** The region that requests are signed for. Rejects when none is configured. */
  region(): Promise<string>
  /** The SDK's client, for its middleware and commands. It knows nothing of input checks and results. */
  readonly sdk: sdk.ECRClient
  /** Closes the connections that are kept open. */
  destroy(): void
}

/** A client of the public API; see `Ecr`. */
export interface EcrPublic {
  call<N extends EcrPublicOperationName>(
    name: N,
    input: EcrPublicInput<N>,
    options?: CallOptions,
  ): Promise<EcrPublicOutput<N>>
  try<N extends EcrPublicOperationName>(
    name: N,
    input: EcrPublicInput<N>,
    options?: CallOptions,
  ): Promise<Result<EcrPublicOutput<N>, EcrPublicError<N>>>
  send<N extends EcrPublicOperationName>(
    request: EcrPublicRequest<N>,
    options?: CallOptions,
  ): Promise<Result<EcrPublicOutput<N>, EcrPublicError<N>>>
  pages<N extends EcrPublicPagedName>(
    name: N,
    input: EcrPublicInput<N>,
    options?: CallOptions,
  ): AsyncIterable<EcrPublicOutput<N>>
  items<N extends EcrPublicListName>(
    name: N,
    input: EcrPublicInput<N>,
    options?: CallOptions,
  ): AsyncIterable<EcrPublicItem<N>>
  region(): Promise<string>
  readonly sdk: sdkPublic.ECRPUBLICClient
  destroy(): void
}
