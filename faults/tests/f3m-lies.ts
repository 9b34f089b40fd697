// F3m: does F3 find anything at all? A server whose syncs of one kind of file are lies must lose something that F3 sees; a kind for which it
// does not is a hole in F3.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

import type { FaultContext, FaultResult, FaultTest } from '../fault-test.ts'
import { powerPrograms } from '../power-disk.ts'
import { merge } from '../turns.ts'
import { apart, f3WithLie, together } from './f3-power.ts'

/** Before it is said that nothing was noticed; and so many times as long as was meant. */
const [leastCuts, patience] = [10, 6]

/** What is never synced, the part of the paths by which it is known, and where F3 must see it. */
const lies = [
  { what: 'the bytes of layers', part: '/uploads/', place: together },
  { what: 'the log of the database', part: '/metadata.db-wal', place: together },
  { what: 'the names of layers', part: '/data/blobs/', place: apart },
] as const

export const f3mLies: FaultTest = {
  id: 'F3m',
  title: 'Power cut of a server that does not sync',
  needs: { root: true, programs: [...powerPrograms, 'cc'] },
  seconds: { quick: 10, full: 240 },
  run: async (context) => {
    let sum: FaultResult = { figures: {}, problems: [] }
    // The last one is the hardest to see.
    for (const lie of context.quick ? lies.slice(-1) : lies) sum = merge(sum, await mustFail(context, lie))
    return sum
  },
}

async function mustFail(context: FaultContext, { what, part, place }: (typeof lies)[number]): Promise<FaultResult> {
  const seconds = context.quick ? context.seconds : context.seconds / lies.length
  const lastMs = Date.now() + patience * seconds * 1000
  let { figures, problems } = await f3WithLie({ ...context, seconds }, part, place)
  // On a busy machine there may be one cut in that time, or none that was aimed well.
  for (
    let again = 1;
    problems.length === 0 && Number(figures['power cuts']) < leastCuts && Date.now() < lastMs;
    again++
  ) {
    const directory = join(context.directory, `again-${again}`)
    mkdirSync(directory)
    const more = merge({ figures, problems }, await f3WithLie({ ...context, directory, seconds: 1 }, part, place))
    figures = more.figures
    problems = more.problems
  }
  const [first] = problems
  const cuts = figures['power cuts'] ?? 0
  context.say(`without a sync of ${what}: ${first ? `${first.rule} ${first.text}` : 'nothing was noticed'}`)
  return first?.rule.startsWith('C') === true
    ? { figures: { [`cuts until the loss of ${what} was seen`]: cuts }, problems: [] }
    : {
        figures: {},
        problems: [{ rule: 'F3m', text: `${cuts} cuts without a sync of ${what}: ${first?.text ?? 'not noticed'}` }],
      }
}
