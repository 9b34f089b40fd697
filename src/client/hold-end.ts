// A request that is sent but for its end: the service has all else of it by the time at which it may be answered. So a layer part is on its way while the
// one before it is being stored, and parts still come in order.

import { Readable } from 'node:stream'
import type { DeserializeMiddleware, InitializeMiddleware, MetadataBearer, MiddlewareStack } from '@smithy/types'
import { type HttpRequest, withStream } from './watch-wire.ts'

const endBytes = 1024
const holds = new WeakMap<Uint8Array, Promise<unknown>>()

/** Calls that send `layerPart` do not end their request before `until`. When it never comes, abort them. */
export function holdEnd(layerPart: Uint8Array, until: Promise<unknown>): void {
  holds.set(layerPart, until)
}

/** To be added after everything that looks at what is sent. */
export function holdEnds<I extends object, O extends MetadataBearer>(stack: MiddlewareStack<I, O>): void {
  const held = new WeakMap<object, Promise<unknown>>()

  const note: InitializeMiddleware<I, O> = (next, context) => (args) => {
    const bytes = 'layerPartBlob' in args.input ? args.input.layerPartBlob : undefined
    const until = bytes instanceof Uint8Array ? holds.get(bytes) : undefined
    if (until !== undefined) held.set(context, until)
    return next(args)
  }

  const hold: DeserializeMiddleware<I, O> = (next, context) => async (args) => {
    const until = held.get(context)
    if (until === undefined) return next(args)
    const request = args.request as HttpRequest // what the serializer of an HTTP protocol makes
    const { body } = request
    if (body instanceof Uint8Array) {
      const stream = Readable.from(inTwo(body, until), { objectMode: false })
      return next({ ...args, request: withStream(request, stream, body.byteLength) })
    }
    // A stream, of which hooks are told each piece.
    await until
    return next(args)
  }

  stack.add(note, { name: 'stowageNoteHold', step: 'initialize', priority: 'high' })
  stack.add(hold, { name: 'stowageHoldEnd', step: 'deserialize', priority: 'low' })
}

async function* inTwo(body: Uint8Array, until: Promise<unknown>): AsyncGenerator<Uint8Array> {
  const end = Math.max(body.byteLength - endBytes, 0)
  yield body.subarray(0, end)
  await until
  yield body.subarray(end)
}
