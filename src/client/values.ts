// What may be given for a member of an input: the SDK's type, and what is turned into it before it is checked and sent.

import type { Readable } from 'node:stream'

/** Bytes, text (as UTF-8), or a stream of bytes, which is read up to what the member may hold. */
export type BlobInput = Uint8Array | string | Readable | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>

/** A time: a `Date`, seconds since 1970 (with a fraction), or ISO 8601 text. */
export type TimeInput = Date | number | string

/** The type of a member with what is turned into it: numbers may be text, times seconds, blobs streams. */
export type Coercible<T> = T extends Uint8Array
  ? BlobInput
  : T extends Date
    ? TimeInput
    : T extends number
      ? number | `${number}`
      : T extends readonly (infer Item)[]
        ? readonly Coercible<Item>[]
        : T extends object
          ? { readonly [K in keyof T]: Coercible<T[K]> }
          : T

type OptionalNames<T> = { [K in keyof T]-?: object extends Pick<T, K> ? K : never }[keyof T]

/** The members that have to be there. The SDK types them as "or undefined", which the service refuses: here they are not. */
export type RequiredMembers<T> = {
  readonly [K in Exclude<keyof T, OptionalNames<T>>]: Coercible<Exclude<T[K], undefined>>
}

/** The members that may be left out. */
export type OptionalMembers<T> = { readonly [K in OptionalNames<T>]?: Coercible<T[K]> }

/** An input as a caller writes it. */
export type InputOf<T> = RequiredMembers<T> & OptionalMembers<T>

/** An answer without the SDK's `$metadata`; what of it matters stands in the result. */
export type OutputOf<T> = Omit<T, '$metadata'>
