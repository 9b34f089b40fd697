// The `Range` header of a read. https://www.rfc-editor.org/rfc/rfc9110#section-14

import type { ByteRange } from '../../domain/ports/blobs.ts'

/**
 * What a `Range` header asks of `size` bytes. A header that is malformed, of another unit, or of several ranges asks for everything: the
 * RFC lets a server ignore it, a client that may ask for several must be ready for that, and an answer in parts is never worth its cost
 * (row D19).
 */
export function selectRange(header: string | undefined, size: number): ByteRange | 'whole' | 'unsatisfiable' {
  const [, first, last] = /^bytes=[ \t]*([0-9]{0,15})-([0-9]{0,15})[ \t]*$/.exec(header ?? '') ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return 'whole'
  if (first === '') {
    const length = Math.min(Number(last), size)
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 }
  }
  const start = Number(first)
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  // The RFC calls a reversed range invalid, to be ignored; the OCI conformance suite of 2026 wants it refused.
  return start > end ? 'unsatisfiable' : { start, end }
}

/** Whether an `If-None-Match` header names `etag` (weakly compared), or anything at all. */
export function noneMatchFails(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  return header.split(',').some((item) => {
    const candidate = item.trim().replace(/^W\//, '')
    return candidate === '*' || candidate === etag
  })
}
