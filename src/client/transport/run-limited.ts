/** Runs `work` for each item, at most `max` at once, in their order. The first failure is thrown once what is under way has ended. */
export async function runLimited<T>(max: number, items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const failures: unknown[] = []
  let next = 0
  const run = async (): Promise<void> => {
    while (next < items.length && failures.length === 0) {
      const item = items[next++] as T // within bounds, and `undefined` where T has it
      try {
        await work(item)
      } catch (error) {
        failures.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(max, items.length) }, run))
  if (failures.length > 0) throw failures[0]
}
