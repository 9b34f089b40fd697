// Numbers from a seed: the same seed, the same choices. Not for secrets.

import { createHash } from 'node:crypto'

export interface Random {
  /** At least 0 and below 1. */
  readonly next: () => number
  /** A whole number, at least 0 and below `limit`. */
  readonly below: (limit: number) => number
  /** A number, at least `low` and below `high`. */
  readonly between: (low: number, high: number) => number
  readonly chance: (probability: number) => boolean
  /** One of `items`, or undefined when there is none. */
  readonly pick: <T>(items: readonly T[]) => T | undefined
  /** A stream of its own for a part of the work, so that what one part draws does not move the others. */
  readonly fork: (name: string) => Random
}

/** The generator sfc32 (Chris Doty-Humphrey, PractRand), started from the digest of the seed. */
export function createRandom(seed: string): Random {
  const start = createHash('sha256').update(seed).digest()
  let [a, b, c, counter] = [start.readInt32LE(0), start.readInt32LE(4), start.readInt32LE(8), 1]
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return (sum >>> 0) / 2 ** 32
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  return {
    next,
    below,
    between: (low, high) => low + next() * (high - low),
    chance: (probability) => next() < probability,
    pick: (items) => items[below(items.length)],
    fork: (name) => createRandom(`${seed}/${name}`),
  }
}
