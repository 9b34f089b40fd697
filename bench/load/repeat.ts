import { type Answer, headOf, openConnection } from './connection.ts'
import type { CountTask, Outcome, RepeatTask } from './tasks.ts'
import { startTiming } from './timing.ts'

export async function measureRepeat(task: RepeatTask): Promise<Outcome> {
  let endAtMs = Infinity
  return measure(
    { method: 'GET', ...task },
    () => {
      endAtMs = performance.now() + task.seconds * 1000
    },
    () => performance.now() < endAtMs,
  )
}

export async function measureCount(task: CountTask): Promise<Outcome> {
  const { member, times } = task
  let left = times
  const found: string[] = []
  const outcome = await measure(
    task,
    () => {},
    () => left-- > 0,
    // Bodies are kept for whoever looks at them, and one of 1 GiB is no text.
    member === undefined ? undefined : (answer) => found.push(memberOf(answer, member)),
  )
  return { ...outcome, found }
}

async function measure(
  task: Omit<CountTask, 'kind' | 'times'>,
  begin: () => void,
  goesOn: () => boolean,
  look?: (answer: Answer) => unknown,
): Promise<Outcome> {
  const { method, paths, headers, body } = task
  const bytes = body === undefined ? undefined : Buffer.from(body)
  const heads = paths.map((path) => headOf(method, path, headers, bytes?.length))
  const connections = await Promise.all(Array.from({ length: task.connections }, () => openConnection(task.origin)))
  const timing = startTiming()
  begin()
  let nr = 0
  await Promise.all(
    connections.map(async (connection) => {
      while (goesOn()) {
        const startedAtMs = performance.now()
        const answer = await connection.ask(heads[nr++ % heads.length] ?? '', bytes && [bytes], look !== undefined)
        if (answer.status < 200 || answer.status > 299) throw new Error(`${method} ${paths[0]}: ${answer.status}`)
        timing.add(startedAtMs, answer.bytes)
        look?.(answer)
      }
      connection.close()
    }),
  )
  return timing.outcome()
}

function memberOf({ body }: Answer, member: string): string {
  const parsed: unknown = JSON.parse(body)
  const value =
    typeof parsed === 'object' && parsed !== null ? Object.entries(parsed).find(([name]) => name === member) : undefined
  return String(value?.[1])
}
