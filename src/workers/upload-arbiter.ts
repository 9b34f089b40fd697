// Which worker an upload is with. One at a time works on it; the requests of one upload may come to any of them.

import type { ClaimAnswer } from './faces.ts'

export interface UploadArbiter {
  readonly claim: (worker: number, uploadId: string) => Promise<ClaimAnswer>
  readonly release: (worker: number, uploadId: string) => void
  /** The worker is gone, and works on nothing any more. */
  readonly forget: (worker: number) => void
}

interface Place {
  readonly worker: number
  isHeld: boolean
}

/**
 * @param settle resolves when all that a worker told before has been heard: a client may have its answer, and ask another worker, before
 * word of the end of its request came here
 * @param rememberedMax uploads of which is known who had them last; about the others nobody may rely on what it remembers
 */
export function createUploadArbiter(settle: (worker: number) => Promise<void>, rememberedMax = 10_000): UploadArbiter {
  const places = new Map<string, Place>()
  let held = 0

  const take = (worker: number, uploadId: string): ClaimAnswer => {
    const before = places.get(uploadId)
    // Put back at the end: a Map gives its entries in the order they were put.
    places.delete(uploadId)
    places.set(uploadId, { worker, isHeld: true })
    held++
    return before?.worker === worker ? 'granted' : 'moved'
  }
  const forgetOldest = () => {
    for (const [uploadId, place] of places) if (!place.isHeld) return places.delete(uploadId)
    return false
  }
  return {
    claim: async (worker, uploadId) => {
      const place = places.get(uploadId)
      if (place?.isHeld !== true) return take(worker, uploadId)
      await settle(place.worker)
      return places.get(uploadId)?.isHeld === true ? 'busy' : take(worker, uploadId)
    },
    release: (worker, uploadId) => {
      const place = places.get(uploadId)
      if (place?.worker !== worker || !place.isHeld) return
      place.isHeld = false
      held--
      if (places.size - held > rememberedMax) forgetOldest()
    },
    forget: (worker) => {
      for (const [uploadId, place] of places) {
        if (place.worker !== worker) continue
        if (place.isHeld) held--
        places.delete(uploadId)
      }
    },
  }
}
