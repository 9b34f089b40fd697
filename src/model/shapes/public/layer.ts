import { long, optional, string, struct } from '../../schema.ts'
import { mediaType } from '../common.ts'

export const layerDigest = string({ pattern: '^[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+$' })
export const uploadId = string({
  pattern: '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$',
})

export const layer = struct({
  layerDigest: optional(layerDigest),
  layerAvailability: optional(string({ values: ['AVAILABLE', 'UNAVAILABLE'] })),
  layerSize: optional(long()),
  mediaType: optional(mediaType),
})
