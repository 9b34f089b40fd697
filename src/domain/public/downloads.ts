// How often public repositories were downloaded: counted in memory, because a pull must not wait for a write, and added to the tables from
// time to time. What was not added yet is lost with the process.

import type { Metadata } from '../ports/metadata.ts'

export interface Downloads {
  /** Counts one. */
  readonly count: (repositoryId: string) => void
  /** Resolves when there is something to flush, at once or later. */
  readonly some: () => Promise<void>
  /**
   * Adds what was counted to the tables. One at a time. When it fails, what was not added is kept for the next one. Throws what
   * `metadata.write` throws.
   */
  readonly flush: (metadata: Pick<Metadata, 'write'>) => Promise<void>
}

/** Repositories in one transaction: pushes wait for it. */
const batch = 100

/** @param repositoriesMax those remembered between two flushes; pulls of further ones are not counted */
export function createDownloads(repositoriesMax = 100_000): Downloads {
  let counts = new Map<string, number>()
  let waiting = Promise.withResolvers<void>()
  const add = (repositoryId: string, by: number) => {
    const before = counts.get(repositoryId)
    if (before === undefined && counts.size >= repositoriesMax) return
    counts.set(repositoryId, (before ?? 0) + by)
    waiting.resolve()
  }
  return {
    count: (repositoryId) => add(repositoryId, 1),
    some: () => waiting.promise,
    flush: async (metadata) => {
      const left = [...counts]
      counts = new Map()
      waiting = Promise.withResolvers()
      try {
        while (left.length > 0) {
          const some = left.slice(0, batch)
          await metadata.write(async (tx) => {
            for (const [repositoryId, by] of some) await tx.gallery.addDownloads(repositoryId, by)
          })
          left.splice(0, batch)
        }
      } catch (error) {
        for (const [repositoryId, by] of left) add(repositoryId, by)
        throw error
      }
    },
  }
}
