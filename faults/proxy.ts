// A TCP proxy that does to a connection what networks do: it resets it after so many bytes, closes one half, stalls, trickles, or loses the
// answer alone.

import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** What happens to one connection. */
export interface Trouble {
  /** Which bytes are counted. */
  readonly direction: 'request' | 'answer'
  /** So many pass, then it happens; `Infinity` for never. */
  readonly afterBytes: number
  /** How fast they pass after the first `slowFrom`; `Infinity` for as they come. */
  readonly bytesPerSecond: number
  readonly slowFrom: number
  /** `reset` both sides; close the half that the bytes went to; let nothing pass for `stallMs`, then reset. */
  readonly ends: 'reset' | 'half-close' | 'stall'
}

export const noTrouble: Trouble = {
  direction: 'request',
  afterBytes: Infinity,
  bytesPerSecond: Infinity,
  slowFrom: 0,
  ends: 'reset',
}

const stallMs = 1_500
/** A half that was closed is answered or not; then it is over. */
const halfClosedMs = 2_000
/** How often a slow connection lets something pass. */
const tickMs = 50

export interface Proxy {
  readonly origin: string
  /** How many troubles have come over a connection. */
  readonly troubles: () => number
  readonly close: () => Promise<void>
}

/** Listens on the loopback, and treats one connection after the other as `next` says. */
export async function openProxy(targetOrigin: string, next: () => Trouble): Promise<Proxy> {
  const { hostname, port } = new URL(targetOrigin)
  const sockets = new Set<Socket>()
  let troubles = 0
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const upstream = createConnection({ host: hostname, port: Number(port), allowHalfOpen: true, noDelay: true })
    const trouble = next()
    const cut = () => {
      client.resetAndDestroy()
      upstream.resetAndDestroy()
    }
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      // An error of one side is the end of both.
      socket.on('error', cut)
    }
    const inTrouble = async (to: Socket) => {
      troubles++
      if (trouble.ends === 'half-close') to.end()
      if (trouble.ends === 'half-close') await sleep(halfClosedMs)
      if (trouble.ends === 'stall') await sleep(stallMs)
      cut()
    }
    const { direction } = trouble
    void pass(client, upstream, direction === 'request' ? trouble : noTrouble, inTrouble)
    void pass(upstream, client, direction === 'answer' ? trouble : noTrouble, inTrouble)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A server that listens on a port has an address of this kind.
  const address = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${address.port}`,
    troubles: () => troubles,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Lets bytes pass until the trouble comes; what comes behind it is lost. */
async function pass(
  from: Socket,
  to: Socket,
  { afterBytes, bytesPerSecond, slowFrom }: Trouble,
  inTrouble: (to: Socket) => Promise<void>,
): Promise<void> {
  let passed = 0
  try {
    for await (const piece of from.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      const mayPass = piece.subarray(0, afterBytes - passed)
      const fast = mayPass.subarray(0, Math.max(0, slowFrom - passed))
      await write(to, fast, Infinity)
      await write(to, mayPass.subarray(fast.length), bytesPerSecond)
      passed += mayPass.length
      if (passed < afterBytes) continue
      await inTrouble(to)
      return
    }
    to.end()
  } catch {
    // The connection has ended, on purpose or not: `cut` sees to both sides.
    from.destroy()
    to.destroy()
  }
}

async function write(to: Socket, bytes: Buffer, bytesPerSecond: number): Promise<void> {
  const atOnce = bytesPerSecond === Infinity ? bytes.length : Math.max(1, Math.floor((bytesPerSecond * tickMs) / 1000))
  for (let at = 0; at < bytes.length; at += atOnce) {
    const piece = bytes.subarray(at, at + atOnce)
    await new Promise<void>((resolve, reject) => to.write(piece, (error) => (error ? reject(error) : resolve())))
    if (bytesPerSecond !== Infinity) await sleep((piece.length / bytesPerSecond) * 1000)
  }
}
