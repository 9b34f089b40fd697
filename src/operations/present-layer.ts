import type { LayerAvailability } from '../domain/layers.ts'

/** What ECR calls a layer whose manifest nobody has put yet (the sample of the API reference). */
const unnamedMediaType = 'application/vnd.docker.container.image.rootfs.diff+x-gtar'

/** A well-formed digest as BatchCheckLayerAvailability answers it: an unknown layer is UNAVAILABLE, not a failure. */
export function presentLayer({ digest, layer }: Extract<LayerAvailability, { readonly digest: unknown }>) {
  if (!layer) return { layerDigest: digest, layerAvailability: 'UNAVAILABLE' as const }
  return {
    layerDigest: digest,
    layerAvailability: 'AVAILABLE' as const,
    layerSize: layer.size,
    mediaType: layer.mediaType ?? unnamedMediaType,
  }
}
