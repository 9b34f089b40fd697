// The body of a request as pieces pulled by whoever wants them, and what becomes of a body nobody wanted.

import { type Exchange, startWaiting, stopWaiting } from './http-exchange.ts'
import { ClientGoneError } from './read-body.ts'

const finished: IteratorReturnResult<undefined> = { done: true, value: undefined }

/** The body of a request that has none. */
export const emptyBody: AsyncIterable<Uint8Array> = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve(finished) }),
}

/**
 * The body, pulled. Leaving the loop early does not break the connection, unlike node's own iterator: there is an
 * answer to give. A piece joins what arrived since the last one, 320 KiB at most, and is never written to again.
 */
export function bodyOf(exchange: Exchange): AsyncIterable<Uint8Array> {
  return { [Symbol.asyncIterator]: () => piecesOf(exchange) }
}

function piecesOf(exchange: Exchange): AsyncIterator<Uint8Array> {
  const { incoming } = exchange
  let listening = false
  let stopped = false
  let wake: (() => void) | undefined

  const onEvent = () => wake?.()
  const listen = () => {
    listening = true
    incoming.on('readable', onEvent)
    incoming.on('end', onEvent)
    incoming.on('close', onEvent)
  }
  const stop = () => {
    stopped = true
    incoming.off('readable', onEvent)
    incoming.off('end', onEvent)
    incoming.off('close', onEvent)
  }

  return {
    async next() {
      if (!listening) {
        listen()
        sendContinue(exchange)
      }
      for (;;) {
        if (exchange.bodyAbandoned) {
          stop()
          throw new Error('the body was read on after the request was answered')
        }
        if (stopped) return finished
        const piece: Uint8Array | null = incoming.read()
        if (piece !== null) {
          exchange.bytesIn += piece.byteLength
          exchange.pace.movedBytes += piece.byteLength
          return { done: false, value: piece }
        }
        if (incoming.readableEnded || (incoming.complete && incoming.readableLength === 0 && !incoming.destroyed)) {
          exchange.bodyEnded = true
          stop()
          return finished
        }
        if (exchange.gone || incoming.destroyed) {
          stop()
          throw new ClientGoneError()
        }
        startWaiting(exchange, 'upload')
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        stopWaiting(exchange)
      }
    },
    return() {
      stop()
      wake?.()
      return Promise.resolve(finished)
    },
  }
}

// Only now: a request refused before anyone wants its body never gets one sent (row D31).
function sendContinue(exchange: Exchange): void {
  if (!exchange.expectsContinue || exchange.gone) return
  exchange.expectsContinue = false
  exchange.outgoing.writeContinue()
}

/** Reads the rest of a body away, up to `bytesMax` and for `ms` at most. True when that was all of it. */
export function drain(exchange: Exchange, bytesMax: number, ms: number): Promise<boolean> {
  const { incoming } = exchange
  return new Promise((resolve) => {
    let bytes = 0
    const onData = (piece: Uint8Array) => {
      bytes += piece.byteLength
      exchange.bytesIn += piece.byteLength
      if (bytes > bytesMax) settle(false)
    }
    const onEnd = () => settle(true)
    const onGone = () => settle(incoming.complete)
    const timer = setTimeout(onGone, ms)
    const settle = (whole: boolean) => {
      clearTimeout(timer)
      incoming.off('data', onData)
      incoming.off('end', onEnd)
      incoming.off('close', onGone)
      if (!whole) incoming.pause()
      resolve(whole)
    }
    incoming.on('end', onEnd)
    incoming.on('close', onGone)
    incoming.on('data', onData)
    incoming.resume()
    if (incoming.readableEnded || incoming.destroyed) onGone()
  })
}
