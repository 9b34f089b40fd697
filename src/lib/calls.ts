// Calls between two processes of one program: a channel that carries messages in order, and on either side functions by name. What a function
// is given and what it gives back travels by structured clone.

/** Functions that the other side may call. */
export type Callable<F> = { readonly [K in keyof F]: (...args: never[]) => unknown }

/** What a call failed with on the other side; classes do not survive the way. */
export class CallFailure extends Error {
  /** The name of the error as it was thrown. */
  readonly kind: string
  readonly code: number | undefined
  constructor({ kind, message, code }: Failure) {
    super(message)
    this.kind = kind
    this.code = code
  }
}

interface Failure {
  readonly kind: string
  readonly message: string
  /** A number that the error had, where it had one. */
  readonly code: number | undefined
}

type Message =
  | { readonly kind: 'call'; readonly id: number; readonly name: string; readonly args: readonly unknown[] }
  | { readonly kind: 'tell'; readonly name: string; readonly args: readonly unknown[] }
  | { readonly kind: 'done'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: Failure }

export interface Calls<Theirs extends Callable<Theirs>> {
  /** Rejects with `CallFailure`, or with the error of `end`. */
  readonly call: <K extends keyof Theirs & string>(
    name: K,
    ...args: Parameters<Theirs[K]>
  ) => Promise<Awaited<ReturnType<Theirs[K]>>>
  /** Without an answer: the function must not fail. It runs before what is called or told later. */
  readonly tell: <K extends keyof Theirs & string>(name: K, ...args: Parameters<Theirs[K]>) => void
  /** Give it all that comes from the other side. */
  readonly receive: (messages: unknown) => void
  /** The other side is gone: whatever waits for it fails. */
  readonly end: (error: Error) => void
}

/**
 * @param mine called in the order in which the other side did; an answer goes when it is there
 * @param send gives a list of messages to the channel; all that is said in one go is one list, since a list costs more than what is in it
 */
export function openCalls<Theirs extends Callable<Theirs>>(
  mine: object,
  send: (messages: readonly unknown[]) => void,
): Calls<Theirs> {
  const functions = new Map(Object.entries(mine))
  const waiting = new Map<
    number,
    { readonly resolve: (value: never) => void; readonly reject: (error: Error) => void }
  >()
  let ended: Error | undefined
  let nextId = 0
  let outgoing: Message[] = []
  const flush = () => {
    const messages = outgoing
    outgoing = []
    send(messages)
  }
  const say = (message: Message) => {
    if (ended === undefined && outgoing.push(message) === 1) process.nextTick(flush)
  }
  const run = (name: string, args: readonly unknown[]): unknown => {
    // Both sides are of one version and typed by the same interfaces.
    const target = functions.get(name) as ((...args: readonly unknown[]) => unknown) | undefined
    if (!target) throw new Error(`nothing is called ${name}`)
    return target(...args)
  }
  const answer = async (id: number, name: string, args: readonly unknown[]) => {
    try {
      say({ kind: 'done', id, value: await run(name, args) })
    } catch (error) {
      say({ kind: 'failed', id, failure: toFailure(error) })
    }
  }
  const handle = (message: Message) => {
    if (message.kind === 'tell') return void run(message.name, message.args)
    if (message.kind === 'call') return void answer(message.id, message.name, message.args)
    const waiter = waiting.get(message.id)
    waiting.delete(message.id)
    if (message.kind === 'failed') waiter?.reject(new CallFailure(message.failure))
    // As the other side's function is typed.
    else waiter?.resolve(message.value as never)
  }
  return {
    call: (name, ...args) => {
      if (ended) return Promise.reject(ended)
      const id = nextId++
      const { promise, resolve, reject } = Promise.withResolvers<never>()
      waiting.set(id, { resolve, reject })
      say({ kind: 'call', id, name, args })
      return promise
    },
    tell: (name, ...args) => say({ kind: 'tell', name, args }),
    receive: (messages) => {
      // As `flush` makes them.
      for (const message of messages as readonly Message[]) handle(message)
    },
    end: (error) => {
      ended ??= error
      for (const waiter of waiting.values()) waiter.reject(ended)
      waiting.clear()
    },
  }
}

function toFailure(error: unknown): Failure {
  if (!(error instanceof Error)) return { kind: 'Error', message: String(error), code: undefined }
  const code = 'code' in error && typeof error.code === 'number' ? error.code : undefined
  return { kind: error.name, message: error.message, code }
}
