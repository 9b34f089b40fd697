// What an operation is: one value that router, codec, validator, authoriser, error mapper, recorder, pages and tests all read.

import type { Circumstances } from '../domain/authorisation/circumstances.ts'
import type { Context } from '../domain/context.ts'
import type { ErrorName } from '../model/errors.ts'
import type { StructSchema } from '../model/schema.ts'

/** A service of AWS as its clients address it. */
export interface Service {
  /** Signing name and IAM prefix. */
  readonly name: 'ecr' | 'ecr-public' | 'sts' | 'stowage' | 'gallery'
  /** The prefix of `X-Amz-Target`; `undefined` where nothing of the kind is sent. */
  readonly targetPrefix: string | undefined
  readonly apiVersion: string
}

export const ecr: Service = {
  name: 'ecr',
  targetPrefix: 'AmazonEC2ContainerRegistry_V20150921',
  apiVersion: '2015-09-21',
}
export const ecrPublic: Service = {
  name: 'ecr-public',
  targetPrefix: 'SpencerFrontendService',
  apiVersion: '2020-10-30',
}
export const sts: Service = { name: 'sts', targetPrefix: undefined, apiVersion: '2011-06-15' }

/** The operator's own API, which AWS does not have. */
export const stowage: Service = { name: 'stowage', targetPrefix: 'Stowage_20261121', apiVersion: '2026-11-21' }

/** What the gallery of public registries asks its server: nobody signs, and a path names the operation. AWS documents no version of it. */
export const gallery: Service = { name: 'gallery', targetPrefix: undefined, apiVersion: '2020-10-30' }

/** What has to be allowed: an IAM action on a resource. */
export interface Permission<I> {
  readonly action: string
  /** Anyone may, signed in or not, and no policy can change it. */
  readonly anyone?: true
  /** The ARN of the repository the input names, or `*` where IAM knows no resource. A public registry's alias has to be looked up first. */
  resource(ctx: Context, input: I): string | Promise<string>
  /** Decides in place of the policies of identities and repositories: fails with AccessDenied. */
  judge?(ctx: Context, input: I): void
  /** What else of the input conditions may ask for. */
  circumstances?(input: I): Circumstances
  /** What has to be allowed besides, such as tagging what is created. */
  also?(input: I): readonly string[]
}

export interface Operation<I = unknown, O = unknown> {
  readonly service: Service
  readonly name: string
  readonly input: StructSchema<I>
  readonly output: StructSchema<O>
  /** The errors that AWS's model declares for it, ServerException included. */
  readonly errors: readonly string[]
  readonly allow: Permission<I>
  /** What is kept or accepted but not acted upon yet: the coverage page says it in these words. */
  readonly note?: string
  // A method, so that lists may hold operations of any input as `Operation`: only values decoded by `input` are ever passed.
  handle(ctx: Context, input: I): Promise<O>
}

/** Declares an operation. */
export function operation<I, O>(declaration: {
  readonly service: Service
  readonly name: string
  readonly input: StructSchema<I>
  readonly output: StructSchema<O>
  readonly errors: readonly string[]
  readonly allow: Permission<NoInfer<I>>
  readonly note?: string
  readonly handle: (ctx: Context, input: NoInfer<I>) => Promise<NoInfer<O>>
}): Operation<I, O> {
  return declaration
}

/** The names that may be raised beside the declared ones, by the layers around the handler. */
export const undeclared: readonly ErrorName[] = ['AccessDeniedException', 'ServerException']
