import { setTimeout as sleep } from 'node:timers/promises'

const pauseMs = 20

/** What `work` gives. While it throws what `passes` by itself it is done again, until `patienceMs` are over. */
export async function withPatience<T>(
  patienceMs: number,
  passes: (error: unknown) => boolean,
  work: () => Promise<T>,
): Promise<T> {
  const endMs = performance.now() + patienceMs
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!passes(error) || performance.now() >= endMs) throw error
    }
    await sleep(pauseMs)
  }
}
