// The real domain in simulated histories, as `npm test` does it with fewer: a seed decides who goes on when, and where the power fails.

import { simulate } from '../../test/simulation/simulate.ts'
import type { FaultTest } from '../fault-test.ts'

const histories = { quick: 40, full: 10_000 } as const
const commands = 60

export const f4Simulation: FaultTest = {
  id: 'F4',
  title: 'simulated histories',
  needs: {},
  seconds: { quick: 30, full: 900 },
  run: async ({ random, seconds, quick, say }) => {
    const seed = random.below(2 ** 31)
    const runs = quick ? histories.quick : histories.full
    say(`${runs} histories of up to ${commands} commands from seed ${seed}`)
    try {
      const done = await simulate({ runs, commands, seed, stopAfterMs: seconds * 1000 })
      return { figures: { histories: done, 'commands in one, at most': commands, seed }, problems: [] }
    } catch (error) {
      // It tells the history, made as short as it could be.
      const text = error instanceof Error ? `${error.message}\n${String(error.cause)}` : String(error)
      return { figures: { seed }, problems: [{ rule: 'F4', text }] }
    }
  },
}
