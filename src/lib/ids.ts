import { randomBytes, randomUUID } from 'node:crypto'

/** Where randomness comes from, so that a simulation can own it. */
export interface Ids {
  /** 128 random bits in UUID form (lower case). */
  readonly uuid: () => string
  /** `bytes` random bytes as lower-case hex. */
  readonly hex: (bytes: number) => string
}

export const randomIds: Ids = {
  uuid: () => randomUUID(),
  hex: (bytes) => randomBytes(bytes).toString('hex'),
}
