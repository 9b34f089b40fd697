// The bytes of a layer part on their way into JSON. The SDK encodes them byte by byte in JavaScript, into a buffer that it grows: a second
// for 50 MiB, and twice a part of garbage each time. Here it is written into buffers that are used again.

import type { BuildMiddleware, InitializeMiddleware, MetadataBearer, MiddlewareStack } from '@smithy/types'
import { base64Bytes, encodeInPlace, layerPartOf, writeBase64 } from './part-memory.ts'

/** Smaller ones are the SDK's. */
const bytesMin = 64 * 1024
/** As many parts as are usually on their way at once. */
const buffersMax = 4
/** Buffers are a multiple of it: the next part has a figure more in its JSON, and is to fit as well. */
const bufferStep = 64 * 1024
const place = '"layerPartBlob":""'

/**
 * Takes the encoding of large layer parts over from the SDK. The bytes are read when the call is made, and not after it has ended; those of `allocatePart` are its own
 * from then on.
 */
export function encodeParts<I extends object, O extends MetadataBearer>(stack: MiddlewareStack<I, O>): void {
  const waiting = new WeakMap<object, Uint8Array>()
  const free: Buffer[] = []

  const holdBack: InitializeMiddleware<I, O> = (next, context) => (args) => {
    const bytes = layerPartOf(args.input)
    if (bytes === undefined || bytes.byteLength < bytesMin) return next(args)
    waiting.set(context, bytes)
    return next({ ...args, input: { ...args.input, layerPartBlob: new Uint8Array() } })
  }

  const putBack: BuildMiddleware<I, O> = (next, context) => async (args) => {
    const bytes = waiting.get(context)
    const { request } = args
    if (bytes === undefined || typeof request !== 'object' || request === null || !('body' in request))
      return next(args)
    const json = bytesOf(request.body)
    const at = json.indexOf(place)
    if (at === -1) throw new Error('the SDK serialised a layer part in another form than was expected')
    const [head, tail] = [json.subarray(0, at + place.length - 1), json.subarray(at + place.length - 1)]
    const inPlace = encodeInPlace(bytes, head, tail)
    if (inPlace !== undefined) {
      request.body = inPlace
      return next(args)
    }
    const size = json.byteLength + base64Bytes(bytes.byteLength)
    const buffer = takeBuffer(free, size)
    buffer.set(head)
    buffer.set(tail, writeBase64(buffer, head.byteLength, bytes))
    request.body = buffer.subarray(0, size)
    try {
      return await next(args)
    } finally {
      if (free.length < buffersMax) free.push(buffer)
    }
  }

  stack.add(holdBack, { name: 'stowageHoldPartBack', step: 'initialize', priority: 'low' })
  // Before the length is counted and the body signed.
  stack.add(putBack, { name: 'stowagePutPartBack', step: 'build', priority: 'high' })
}

/** As the SDK's serialiser gives it; its bytes warn when they are asked for what only text has. */
function bytesOf(body: unknown): Buffer {
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  return Buffer.from(typeof body === 'string' ? body : '')
}

function takeBuffer(free: Buffer[], size: number): Buffer {
  const index = free.findIndex((buffer) => buffer.byteLength >= size)
  const [found] = index === -1 ? [] : free.splice(index, 1)
  if (index === -1) free.shift() // too small for what comes now
  return found ?? Buffer.allocUnsafeSlow(Math.ceil(size / bufferStep) * bufferStep)
}
