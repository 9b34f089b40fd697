// A request that is sent but for its end: the service has all else of it by the time at which it may be answered. So a layer part is on its way while the
// one before it is being stored, and parts still come in order.

import { Readable } from 'node:stream'
import type { DeserializeMiddleware, InitializeMiddleware, MetadataBearer, MiddlewareStack } from '@smithy/types'
import { layerPartOf } from './part-memory.ts'
import { type HttpRequest, withStream } from './watch-wire.ts'

const endBytes = 1024

export interface Hold {
  /** The request begins then: two at once would share the bandwidth, and each have half of it in its time. Must not fail. */
  readonly begins: Promise<unknown>
  /** Its end goes then. When this fails, nothing more of it goes: the call has to be aborted. */
  readonly ends: Promise<unknown>
  /** Called when all but the end is on its way. */
  readonly onHeld: () => void
}

const holds = new WeakMap<Uint8Array, Hold>()

/** Calls that send `layerPart` keep to `hold`. */
export function holdEnd(layerPart: Uint8Array, hold: Hold): void {
  hold.ends.catch(() => undefined) // met where it is waited for
  holds.set(layerPart, hold)
}

/** To be added after everything that looks at what is sent. */
export function holdEnds<I extends object, O extends MetadataBearer>(stack: MiddlewareStack<I, O>): void {
  const held = new WeakMap<object, Hold>()

  const note: InitializeMiddleware<I, O> = (next, context) => (args) => {
    const bytes = layerPartOf(args.input)
    const its = bytes && holds.get(bytes)
    if (its !== undefined) held.set(context, its)
    return next(args)
  }

  const hold: DeserializeMiddleware<I, O> = (next, context) => async (args) => {
    const its = held.get(context)
    if (its === undefined) return next(args)
    await its.begins
    const request = args.request as HttpRequest // what the serializer of an HTTP protocol makes
    const { body } = request
    if (body instanceof Uint8Array) {
      const stream = Readable.from(inTwo(body, its), { objectMode: false })
      return next({ ...args, request: withStream(request, stream, body.byteLength) })
    }
    // A stream, of which hooks are told each piece.
    await its.ends
    its.onHeld()
    return next(args)
  }

  stack.add(note, { name: 'stowageNoteHold', step: 'initialize', priority: 'high' })
  stack.add(hold, { name: 'stowageHoldEnd', step: 'deserialize', priority: 'low' })
}

async function* inTwo(body: Uint8Array, { ends, onHeld }: Hold): AsyncGenerator<Uint8Array> {
  const end = Math.max(body.byteLength - endBytes, 0)
  yield body.subarray(0, end)
  onHeld()
  // A failure here would be an error of the stream, for which nobody listens.
  await ends.catch(() => new Promise(() => {}))
  yield body.subarray(end)
}
