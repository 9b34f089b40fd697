import { type ImageApi, valueOf } from './image-api.ts'
import { withRetries } from './with-retries.ts'

/** Which of the layers, at most as many as one call takes, the repository has: their digests. ARCHIVED ones are there too: PutImage takes them. */
export async function findAvailable(
  api: ImageApi,
  where: string,
  digests: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const { layers = [] } = await withRetries(async () => valueOf(where, await api.checkLayers(digests)), { signal })
  return layers
    .filter(({ layerAvailability }) => layerAvailability !== 'UNAVAILABLE')
    .map(({ layerDigest }) => layerDigest ?? '')
}
