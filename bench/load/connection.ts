// One connection to a server, on a bare socket: a client that costs less than node:http's, because it reads no more of an answer than its
// status, its length and what it is asked for.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface Answer {
  readonly status: number
  readonly head: string
  /** Empty unless it was asked to be kept. */
  readonly body: string
  /** Bytes of the body. */
  readonly bytes: number
}

export interface Connection {
  /** One request at a time: its head, and its body in pieces at the server's pace. */
  readonly ask: (head: string, body?: Iterable<Buffer>, keepBody?: boolean) => Promise<Answer>
  readonly close: () => void
}

interface Awaited {
  readonly isHead: boolean
  readonly keepBody: boolean
  readonly settle: PromiseWithResolvers<Answer>
  head: string | undefined
  status: number
  /** `undefined` for a body in chunks. */
  left: number | undefined
  bytes: number
  pieces: Buffer[]
  /** The last bytes: chunks end with an empty one. */
  end: string
}

const lastChunk = '0\r\n\r\n'

export async function openConnection(origin: string): Promise<Connection> {
  const { hostname, port } = new URL(origin)
  const socket = connect({ host: hostname, port: Number(port), noDelay: true })
  await once(socket, 'connect')
  let awaited: Awaited | undefined
  let begun: Buffer = Buffer.alloc(0)
  const fail = (error: Error) => awaited?.settle.reject(error)
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('the server closed the connection')))
  socket.on('data', (data: Buffer) => {
    if (awaited === undefined) return
    if (awaited.head !== undefined) return take(awaited, data)
    const all = begun.length === 0 ? data : Buffer.concat([begun, data])
    const end = all.indexOf('\r\n\r\n')
    if (end === -1) {
      begun = all
      return
    }
    begun = Buffer.alloc(0)
    readHead(awaited, all.toString('latin1', 0, end + 2))
    take(awaited, all.subarray(end + 4))
  })
  return {
    ask: async (head, body = [], keepBody = false) => {
      const settle = Promise.withResolvers<Answer>()
      const isHead = head.startsWith('HEAD ')
      awaited = { isHead, keepBody, settle, head: undefined, status: 0, left: 0, bytes: 0, pieces: [], end: '' }
      socket.write(head, 'latin1')
      await Promise.race([sendAll(socket, body), settle.promise])
      return settle.promise
    },
    close: () => socket.destroy(),
  }
}

async function sendAll(socket: Socket, body: Iterable<Buffer>): Promise<void> {
  for (const piece of body) if (!socket.write(piece) && socket.writableNeedDrain) await once(socket, 'drain')
}

function readHead(awaited: Awaited, head: string): void {
  awaited.head = head
  awaited.status = Number(head.slice(9, 12))
  const isWithoutBody = awaited.isHead || awaited.status === 204 || awaited.status === 304
  const length = /\r\ncontent-length: *(\d+)\r\n/i.exec(head)?.[1]
  if (isWithoutBody) awaited.left = 0
  else if (length !== undefined) awaited.left = Number(length)
  else awaited.left = /\r\ntransfer-encoding: *chunked/i.test(head) ? undefined : 0
}

function take(awaited: Awaited, data: Buffer): void {
  awaited.bytes += data.length
  if (awaited.keepBody) awaited.pieces.push(data)
  if (awaited.left === undefined) {
    awaited.end = (awaited.end + data.toString('latin1', Math.max(0, data.length - 5))).slice(-5)
    if (awaited.end !== lastChunk) return
  } else {
    awaited.left -= data.length
    if (awaited.left > 0) return
  }
  const { status, head = '', bytes, pieces } = awaited
  awaited.settle.resolve({ status, head, bytes, body: Buffer.concat(pieces).toString() })
}

/** The value of a header of an answer. */
export function headerOf({ head }: Answer, name: string): string | undefined {
  return new RegExp(`\\r\\n${name}: *([^\\r]*)\\r\\n`, 'i').exec(head)?.[1]
}

/** The head of a request. `length` `undefined` is a body in chunks. */
export function headOf(
  method: string,
  target: string,
  headers: Readonly<Record<string, string>>,
  length: number | undefined = 0,
  isChunked = false,
): string {
  const given = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const framing = isChunked ? 'Transfer-Encoding: chunked\r\n' : `Content-Length: ${length}\r\n`
  const host = 'Host' in headers ? '' : 'Host: 127.0.0.1\r\n'
  return `${method} ${target} HTTP/1.1\r\n${host}${given.join('')}${method === 'GET' || method === 'HEAD' ? '' : framing}\r\n`
}
