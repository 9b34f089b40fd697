// Stands before the handlers of a registry: every request passes it, and the whole state can be exchanged while none is inside.

import { setTimeout as sleep } from 'node:timers/promises'

export interface Gate {
  /** Waits while somebody is alone. */
  readonly pass: <T>(work: () => Promise<T>) => Promise<T>
  /** Waits until what is inside is done, and holds back what comes. Throws when that takes too long. */
  readonly alone: <T>(work: () => Promise<T>) => Promise<T>
}

/** Far longer than any request of a test takes that somebody waits for. */
const patienceMs = 10_000

export function createGate(): Gate {
  const inside = new Set<Promise<unknown>>()
  // Whoever is alone, and those who want to be after it, one after another.
  const closures: Promise<void>[] = []
  const pass: Gate['pass'] = async (work) => {
    // Nothing is awaited between the last look and the entry.
    for (let last = closures.at(-1); last; last = closures.at(-1)) await last
    const working = work()
    inside.add(working)
    try {
      return await working
    } finally {
      inside.delete(working)
    }
  }
  return {
    pass,
    alone: async (work) => {
      const before = closures.at(-1)
      const { promise, resolve } = Promise.withResolvers<void>()
      closures.push(promise)
      await before
      try {
        await allDone(inside)
        return await work()
      } finally {
        // The first of them: they come in turn.
        void closures.shift()
        resolve()
      }
    },
  }
}

async function allDone(inside: ReadonlySet<Promise<unknown>>): Promise<void> {
  const waiting = new AbortController()
  const late = sleep(patienceMs, 'late', { signal: waiting.signal }).catch(() => 'ended')
  try {
    const done = Promise.allSettled(inside).then(() => 'done')
    if ((await Promise.race([done, late])) === 'late')
      throw new Error(`${inside.size} requests are still running: wait for them before the state is exchanged`)
  } finally {
    waiting.abort()
  }
}
