// One HTTP request to the running server, on a connection of its own. With TLS, what answers must be the server of the data directory.

import type { IncomingMessage, RequestOptions } from 'node:http'
import { TLSSocket } from 'node:tls'

import { request, requestTls } from '../lib/node-http.ts'
import { CommandError } from './command-error.ts'
import type { RunningServer } from './server-file.ts'

/** For the whole of an answer. */
const patienceMs = 30_000

export interface Outgoing {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** A longer answer is an error. */
  readonly answerBytesMax: number
}

/**
 * The body of the answer, whatever its status, from one of the server's two addresses. Throws a CommandError when there is none, when it is
 * too long, or when it is another server's.
 */
export function sendRequest(
  server: RunningServer,
  origin: string,
  { body, answerBytesMax, ...rest }: Outgoing,
): Promise<Buffer> {
  const isTls = new URL(origin).protocol === 'https:'
  const options: RequestOptions = { ...rest, agent: false, signal: AbortSignal.timeout(patienceMs) }
  return new Promise((resolve, reject) => {
    const silent = (error: Error) =>
      reject(new CommandError(`the server at ${origin} does not answer: ${error.message}`, 1, error))
    const onAnswer = (incoming: IncomingMessage) => {
      if (isOther(server, incoming)) {
        incoming.destroy()
        reject(new CommandError(`what answers at ${origin} is not the server of this data directory`))
      } else {
        readAnswer(incoming, answerBytesMax).then(resolve, (error: Error) =>
          error instanceof CommandError ? reject(error) : silent(error),
        )
      }
    }
    // The certificate need not name this address: it is compared with the one that the server says it has.
    const outgoing = isTls
      ? requestTls(origin, { ...options, rejectUnauthorized: false }, onAnswer)
      : request(origin, options, onAnswer)
    outgoing.once('error', silent)
    outgoing.end(body)
  })
}

function isOther({ fingerprint }: RunningServer, { socket }: IncomingMessage): boolean {
  if (fingerprint === undefined) return false
  return !(socket instanceof TLSSocket) || socket.getPeerCertificate().fingerprint256 !== fingerprint
}

async function readAnswer(incoming: AsyncIterable<Buffer>, bytesMax: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of incoming) {
    length += piece.byteLength
    if (length > bytesMax) throw new CommandError('the answer of the server is too long')
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}
