/** Runs work handed to it, at most `max` pieces at a time, the others in the order they came. */
export function createTurns(max: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let running = 0
  return async (work) => {
    if (running < max) running++
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await work()
    } finally {
      // The turn is handed over, or given back.
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }
}
