import { long, optional, string, struct } from '../schema.ts'
import { mediaType } from './common.ts'

export const layerDigest = string({ pattern: '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+' })
/** A digest in a batch may be anything: a malformed one is a failure of its own, not of the call. */
export const batchedLayerDigest = string({ min: 0, max: 1000 })
export const uploadId = string({
  pattern: '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}',
})
/** Byte positions and sizes. */
export const partSize = long({ min: 0 })

export const layer = struct({
  layerDigest: optional(layerDigest),
  layerAvailability: optional(string({ values: ['AVAILABLE', 'UNAVAILABLE', 'ARCHIVED'] })),
  layerSize: optional(long()),
  mediaType: optional(mediaType),
})

export const layerFailure = struct({
  layerDigest: optional(batchedLayerDigest),
  failureCode: optional(string({ values: ['InvalidLayerDigest', 'MissingLayerDigest'] })),
  failureReason: optional(string()),
})
