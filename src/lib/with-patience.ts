import { setTimeout as sleep } from 'node:timers/promises'

const pauseMs = 20

/** What `work` gives. While it throws what `passes` by itself it is done again, until `patienceMs` are over. */
export async function withPatience<T>(
  patienceMs: number,
  passes: (error: unknown) => boolean,
  work: () => Promise<T>,
): Promise<T> {
  for (let pauses = 0; ; pauses++) {
    try {
      return await work()
    } catch (error) {
      if (!passes(error) || pauses * pauseMs >= patienceMs) throw error
    }
    await sleep(pauseMs)
  }
}
