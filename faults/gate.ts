/** Keeps clients still: while the server is away, and while the checker looks. */
export interface Gate {
  /** Resolves at once while the gate is open. */
  readonly turn: () => Promise<void>
  readonly open: () => void
  readonly shut: () => void
  /** Resolves when `count` callers stand before the shut gate. */
  readonly waitFor: (count: () => number) => Promise<void>
}

export function createGate(): Gate {
  let waiting: (() => void)[] = []
  let isOpen = true
  let look: (() => void) | undefined
  return {
    turn: () => {
      if (isOpen) return Promise.resolve()
      const { promise, resolve } = Promise.withResolvers<void>()
      waiting.push(resolve)
      look?.()
      return promise
    },
    open: () => {
      isOpen = true
      const all = waiting
      waiting = []
      for (const goOn of all) goOn()
    },
    shut: () => {
      isOpen = false
    },
    waitFor: async (count) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      look = () => {
        if (waiting.length >= count()) resolve()
      }
      // A client that ends while it is waited for never comes to the gate.
      const timer = setInterval(() => look?.(), 20)
      look()
      await promise
      clearInterval(timer)
      look = undefined
    },
  }
}
