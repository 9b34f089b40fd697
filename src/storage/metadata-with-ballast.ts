import type { Metadata } from '../domain/ports/metadata.ts'
import { StorageFullError } from '../domain/ports/storage-errors.ts'
import type { Ballast } from './ballast.ts'

/**
 * Metadata on a disk that may be full: a write that makes room takes the ballast's when it has none, and then every other write is refused
 * until the ballast is whole again. Without that, pushes would eat what deletes need.
 */
export function withBallast(metadata: Metadata, ballast: Pick<Ballast, 'missing' | 'release'>): Metadata {
  return {
    ...metadata,
    write: async (work, purpose) => {
      if (purpose === undefined) {
        if ((await ballast.missing()) > 0) throw new StorageFullError('what room is left is for deletes')
        return metadata.write(work)
      }
      try {
        return await metadata.write(work, purpose)
      } catch (error) {
        if (!(error instanceof StorageFullError) || !(await ballast.release())) throw error
        return metadata.write(work, purpose)
      }
    },
  }
}
