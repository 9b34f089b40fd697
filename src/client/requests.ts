// Requests as plain values: made of their required members, changed by copying, compared, kept as text and sent later (`ecr.send`).

import { isDeepStrictEqual } from 'node:util'
import { decode, encode } from '../model/wire.ts'
import { checkInput } from './check-input.ts'
import { ecrInputs } from './declared/ecr-inputs.ts'
import { ecrPublicInputs } from './declared/ecr-public-inputs.ts'
import type { EcrPublicTypes } from './declared/ecr-public-types.ts'
import type { EcrTypes } from './declared/ecr-types.ts'
import type { EcrOperationName, EcrPublicOperationName, EcrPublicRequest, EcrRequest } from './ecr.ts'
import { invalidInput } from './to-failure.ts'
import type { OptionalMembers, RequiredMembers } from './values.ts'

/** A request of the private API, from the members that have to be there. */
export function ecrRequest<N extends EcrOperationName>(
  operation: N,
  required: RequiredMembers<EcrTypes[N]['input']>,
): EcrRequest<N> {
  return { service: 'ecr', operation, input: required } as unknown as EcrRequest<N> // all of it that must be there
}

/** A request of the public API, from the members that have to be there. */
export function ecrPublicRequest<N extends EcrPublicOperationName>(
  operation: N,
  required: RequiredMembers<EcrPublicTypes[N]['input']>,
): EcrPublicRequest<N> {
  return { service: 'ecr-public', operation, input: required } as unknown as EcrPublicRequest<N> // as above
}

/** The same request with optional members set, or taken away again with `undefined`. The given one stays as it is. */
export function withMembers<R extends EcrRequest | EcrPublicRequest>(request: R, members: OptionalMembersOf<R>): R {
  const plain: { readonly input: object } = request
  return { ...plain, input: { ...plain.input, ...members } } as R // the same operation, with members of its input
}

type OptionalMembersOf<R> = R extends { readonly service: 'ecr'; readonly operation: infer N extends EcrOperationName }
  ? OptionalMembers<EcrTypes[N]['input']>
  : R extends { readonly service: 'ecr-public'; readonly operation: infer N extends EcrPublicOperationName }
    ? OptionalMembers<EcrPublicTypes[N]['input']>
    : never

/** Whether two requests ask for the same; members that are `undefined` are absent. */
export function sameRequest(a: EcrRequest | EcrPublicRequest, b: EcrRequest | EcrPublicRequest): boolean {
  return isDeepStrictEqual(present(a), present(b))
}

/**
 * The request as JSON, to be kept. Bytes become base64; streams in it are read. It holds what the request holds: layer bytes too.
 * Throws an `InvalidInputError` for an input that could not be sent.
 */
export async function storeRequest(request: EcrRequest | EcrPublicRequest): Promise<string> {
  const schema = inputsOf(request.service)[request.operation]
  if (schema === undefined) throw unknown(request)
  const { value, faults } = await checkInput(schema, request.input)
  if (faults.length > 0) throw invalidInput(request.operation, faults)
  const { service, operation } = request
  return JSON.stringify({ service, operation, input: encode(schema, value) })
}

/** The request of a stored text. Throws a TypeError for text that is none. */
export function readRequest(text: string): EcrRequest | EcrPublicRequest {
  const { service, operation, input } = JSON.parse(text) as Readonly<Record<string, unknown>> // checked below
  const schema = typeof operation === 'string' ? inputsOf(service)[operation] : undefined
  if (schema === undefined) throw unknown({ service, operation })
  return { service, operation, input: decode(schema, input) } as EcrRequest | EcrPublicRequest // by the schema of that operation
}

function inputsOf(service: unknown): Readonly<Record<string, (typeof ecrInputs)['PutImage']>> {
  return service === 'ecr' ? ecrInputs : service === 'ecr-public' ? ecrPublicInputs : {}
}

function unknown({ service, operation }: { readonly service: unknown; readonly operation: unknown }): TypeError {
  return new TypeError(`There is no operation ${String(operation)} in an API called ${String(service)}`)
}

function present(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(present)
  // The same bytes, whichever class holds them.
  if (value instanceof Uint8Array) return Buffer.from(value)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  return Object.fromEntries(entries.map(([name, item]) => [name, present(item)]))
}
