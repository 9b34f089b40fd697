import type { VolatileStowage } from '../assemble.ts'
import type { Gate } from './gate.ts'

type State = VolatileStowage['state']
type KeptState = Awaited<ReturnType<State['take']>>

/** The content of a registry at one moment. It can be restored until the registry is closed. */
export interface Snapshot {
  readonly takenAtMs: number
}

export interface Snapshots {
  readonly take: () => Promise<Snapshot>
  readonly restore: (snapshot: Snapshot) => Promise<void>
  /** To what was there at first. */
  readonly reset: () => Promise<void>
}

export async function createSnapshots({ state, services }: VolatileStowage, gate: Gate): Promise<Snapshots> {
  const kept = new WeakMap<Snapshot, KeptState>()
  const empty = await state.take()
  const put = (content: KeptState) =>
    gate.alone(async () => {
      // Downloads that wait belong to repositories that may be gone soon.
      await services.downloads.flush(services.metadata)
      await state.put(content)
      await services.identities.refresh()
    })
  return {
    take: () =>
      gate.alone(async () => {
        await services.downloads.flush(services.metadata)
        const snapshot = { takenAtMs: services.clock.now() }
        kept.set(snapshot, await state.take())
        return snapshot
      }),
    restore: async (snapshot) => {
      const content = kept.get(snapshot)
      if (!content) throw new TypeError('this is not a snapshot of this registry')
      await put(content)
    },
    reset: () => put(empty),
  }
}
