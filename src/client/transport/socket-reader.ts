// Bytes of a TCP connection as they come, in one buffer that is filled again and again. Reading stops until they are asked for. (A TLS socket can not do
// that: it gives what it has decrypted already even when it was told to stop.)

import { connect } from 'node:net'

export interface SocketReader {
  /** The next bytes, at most 512 KiB, or `undefined` at the end; of use until they are asked for again. Fails when the connection does. */
  next(): Promise<Uint8Array | undefined>
  destroy(): void
}

export interface ReaderOptions {
  readonly host: string
  readonly port: number
  readonly connectTimeoutMs: number
  /** Time without a byte while one is waited for. */
  readonly idleTimeoutMs: number
  readonly signal: AbortSignal | undefined
}

const pieceBytes = 512 * 1024

/** Connects and sends `request`. What fails is told by `next`. */
export function openSocketReader(request: string, options: ReaderOptions): SocketReader {
  const { host, port, connectTimeoutMs, idleTimeoutMs, signal } = options
  const buffer = Buffer.allocUnsafeSlow(pieceBytes)
  let waiting: PromiseWithResolvers<Uint8Array | undefined> | undefined
  let outcome: { readonly error: Error | undefined } | undefined
  const settle = () => {
    if (outcome?.error) waiting?.reject(outcome.error)
    else waiting?.resolve(undefined)
    waiting = undefined
  }
  const onread = {
    buffer,
    callback: (length: number): boolean => {
      waiting?.resolve(buffer.subarray(0, length))
      waiting = undefined
      return false // stop: the bytes are of use until more are asked for
    },
  }
  const socket = connect({ host, port, onread })
  const late = setTimeout(() => {
    socket.destroy(new Error(`the connection did not stand within ${connectTimeoutMs} ms`))
  }, connectTimeoutMs)
  if (connectTimeoutMs === 0) clearTimeout(late)
  const abort = () => socket.destroy()
  signal?.addEventListener('abort', abort)
  socket.once('connect', () => {
    clearTimeout(late)
    socket.write(request, 'latin1')
  })
  socket.on('timeout', () => {
    if (waiting) socket.destroy(new Error('it was silent for too long'))
  })
  socket.once('error', (error) => (outcome ??= { error }))
  socket.once('end', () => {
    outcome ??= { error: undefined }
    settle()
  })
  socket.once('close', () => {
    clearTimeout(late)
    signal?.removeEventListener('abort', abort)
    outcome ??= { error: new Error('the connection was closed') }
    settle()
  })
  if (signal?.aborted === true) abort()
  return {
    next: () => {
      waiting = Promise.withResolvers()
      const { promise } = waiting
      if (outcome || socket.destroyed) {
        outcome ??= { error: new Error('the connection was closed') }
        settle()
      } else {
        socket.setTimeout(idleTimeoutMs)
        socket.resume()
      }
      return promise
    },
    destroy: () => socket.destroy(),
  }
}
