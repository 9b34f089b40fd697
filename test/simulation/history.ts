// The reference model: what each image, tag and repository may be, as the answers say that clients have heard. An operation takes effect
// at some moment between its beginning and its answer; one that was cut may have taken effect before the cut, or not at all; one that
// answered a failure has not.

/** What a key may become. A value of `undefined` is absence. */
export interface Effect {
  readonly key: string
  readonly value: string | undefined
  /** It takes effect only on this value. */
  readonly from?: string
  /** It may also have had no effect. */
  readonly perhaps?: true
}

export interface Running {
  /** It succeeded; `effects` replace what it was expected to do, now that the answer is known. */
  readonly done: (effects?: readonly Effect[]) => void
  readonly failed: () => void
}

export interface History {
  readonly begin: (expected: readonly Effect[]) => Running
  /** The server is dead: whatever runs has happened by now, or never will. */
  readonly cut: () => void
  /** The values that `key` may have when nothing runs. */
  readonly allowed: (key: string) => ReadonlySet<string | undefined>
  /** Whether something that may give `value` to `key` was running at any time after `since`. */
  readonly mayHaveBecome: (key: string, value: string | undefined, since: number) => boolean
  /** The present moment. */
  readonly now: () => number
}

interface Operation {
  readonly start: number
  end: number
  outcome: 'running' | 'unknown' | 'done' | 'failed'
  effects: readonly Effect[]
}

export function createHistory(): History {
  const operations: Operation[] = []
  let clock = 0

  const isSure = (operation: Operation, effect: Effect) =>
    operation.outcome === 'done' && effect.perhaps === undefined && effect.from === undefined

  /** Effects on `key` that nothing has certainly replaced. */
  function standing(key: string): readonly { readonly operation: Operation; readonly effect: Effect }[] {
    const all = operations
      .filter((operation) => operation.outcome !== 'failed')
      .flatMap((operation) =>
        operation.effects.filter((effect) => effect.key === key).map((effect) => ({ operation, effect })),
      )
    const sure = all.filter(({ operation, effect }) => isSure(operation, effect))
    return all.filter(({ operation }) => !sure.some((later) => later.operation.start > operation.end))
  }

  return {
    begin: (expected) => {
      const operation: Operation = { start: ++clock, end: Infinity, outcome: 'running', effects: expected }
      operations.push(operation)
      const end = (outcome: Operation['outcome'], effects: readonly Effect[]) => {
        if (operation.outcome !== 'running') return
        operation.end = ++clock
        operation.outcome = outcome
        operation.effects = effects
      }
      return { done: (effects = expected) => end('done', effects), failed: () => end('failed', []) }
    },
    cut: () => {
      clock++
      for (const operation of operations) {
        if (operation.outcome !== 'running') continue
        operation.outcome = 'unknown'
        operation.end = clock
      }
    },
    allowed: (key) => {
      const effects = standing(key)
      const values = new Set(
        effects.filter(({ effect }) => effect.from === undefined).map(({ effect }) => effect.value),
      )
      // Nothing is certain to have happened since the beginning, when there was nothing.
      if (!effects.some(({ operation, effect }) => isSure(operation, effect))) values.add(undefined)
      for (const { effect } of effects)
        if (effect.from !== undefined && values.has(effect.from)) values.add(effect.value)
      return values
    },
    mayHaveBecome: (key, value, since) =>
      operations.some(
        (operation) =>
          operation.outcome !== 'failed' &&
          operation.end > since &&
          operation.effects.some((effect) => effect.key === key && effect.value === value),
      ),
    now: () => clock,
  }
}
