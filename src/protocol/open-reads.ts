// How many answers with the bytes of one thing are under way at once.

/** One reader's turn; `end` gives it back, more than once is once. */
interface Turn {
  readonly end: () => void
}

/** Lets at most `max` readers of one key in at a time. Memory is bounded by the readers there are. */
export function createOpenReads(max: number): (key: string) => Turn | undefined {
  const open = new Map<string, number>()
  return (key) => {
    const count = open.get(key) ?? 0
    if (count >= max) return undefined
    open.set(key, count + 1)
    let ended = false
    return {
      end: () => {
        if (ended) return
        ended = true
        const left = (open.get(key) ?? 1) - 1
        if (left > 0) open.set(key, left)
        else open.delete(key)
      },
    }
  }
}

/** The same pieces; `onEnd` runs when the last one was pulled, when the source fails, or when the reader gives up, however early. */
export function endingWith(pieces: AsyncIterable<Uint8Array>, onEnd: () => void): AsyncIterableIterator<Uint8Array> {
  const source = pieces[Symbol.asyncIterator]()
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next: async () => {
      try {
        const step = await source.next()
        if (step.done === true) onEnd()
        return step
      } catch (error) {
        onEnd()
        throw error
      }
    },
    return: async () => {
      onEnd()
      await source.return?.()
      return { done: true, value: undefined }
    },
  }
}
