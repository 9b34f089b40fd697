import type { RefusedError } from './data-plane.ts'

/** Refusals of a manifest whose layers went in the meantime, as the data plane and the API call them. */
const collected = new Set(['BLOB_UNKNOWN', 'MANIFEST_BLOB_UNKNOWN', 'LayersNotFoundException'])

/** What a push may be told whose lease was over before its end: it is to send its layers again. */
export const isCollected = (error: RefusedError): boolean =>
  error.codes.length > 0 && error.codes.every((code) => collected.has(code))
