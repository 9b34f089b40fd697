/** Where time comes from. Epoch milliseconds, whole numbers. */
export interface Clock {
  readonly now: () => number
}

export const systemClock: Clock = { now: () => Date.now() }
