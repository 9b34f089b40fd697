import { setImmediate } from 'node:timers/promises'

/** Lets whatever else waits for this thread go first: for long work made of short steps that never wait by themselves. */
export async function letOthersRun(): Promise<void> {
  await setImmediate()
}
