// A client that sends exactly the bytes it is told to, for requests no HTTP library would send.

import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

export interface RawConnection {
  readonly socket: Socket
  readonly send: (bytes: string | Uint8Array) => void
  /** Everything received so far, one character a byte. */
  readonly received: () => string
  /** Resolves when `part` has been received; throws after five seconds or when the connection closes first. */
  readonly until: (part: string) => Promise<void>
  /** Resolves when the connection is closed, by a reset too, with everything received. */
  readonly closed: Promise<string>
  readonly destroy: () => void
}

export async function openRaw(
  port: number,
  settings: { readonly allowHalfOpen?: boolean } = {},
): Promise<RawConnection> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: settings.allowHalfOpen ?? false })
  let text = ''
  let isClosed = false
  socket.on('data', (piece: Buffer) => {
    text += piece.toString('latin1')
  })
  socket.on('error', () => {})
  const closed = new Promise<string>((resolve) => {
    socket.on('close', () => {
      isClosed = true
      resolve(text)
    })
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', () => resolve())
    socket.once('error', reject)
  })
  return {
    socket,
    send: (bytes) => {
      socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
    },
    received: () => text,
    until: async (part) => {
      const deadline = Date.now() + 5_000
      while (!text.includes(part)) {
        if (isClosed)
          throw new Error(`closed before ${JSON.stringify(part)} came, after ${JSON.stringify(text.slice(-400))}`)
        if (Date.now() > deadline)
          throw new Error(`${JSON.stringify(part)} did not come, only ${JSON.stringify(text.slice(-400))}`)
        await delay(5)
      }
    },
    closed,
    destroy: () => socket.destroy(),
  }
}

/** Sends the bytes and returns what came until the server closed the connection. */
export async function exchangeRaw(port: number, bytes: string | Uint8Array): Promise<string> {
  const connection = await openRaw(port)
  connection.send(bytes)
  return connection.closed
}

/** The status codes of the answers in what was received, in their order. */
export function statusesOf(received: string): readonly number[] {
  return [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]))
}
