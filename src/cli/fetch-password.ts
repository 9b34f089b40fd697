// A signed GetAuthorizationToken call to the running server: the command line asks as any AWS client does.

import { hash } from 'node:crypto'
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { TLSSocket } from 'node:tls'

import type { AccessKey } from '../domain/context.ts'
import { systemClock } from '../lib/clock.ts'
import { ecr } from '../operations/operation.ts'
import { algorithm, signatureOf } from '../protocol/sigv4/canonical.ts'
import { deriveSigningKey } from '../protocol/sigv4/credentials.ts'
import { formatAmzDate } from '../protocol/sigv4/time.ts'
import type { RunningServer } from './server-file.ts'
import { CommandError } from './command-error.ts'

const patienceMs = 10_000
const answerBytesMax = 65_536

/** The password of user AWS for this key. */
export async function fetchPassword(server: RunningServer, key: AccessKey): Promise<string> {
  const body = '{}'
  const answer = parse(await call(server, signedHeaders(server, key, body), body))
  const password = passwordIn(answer)
  if (password === undefined)
    throw new CommandError(`the server at ${server.origin} gave no password: ${reasonIn(answer)}`)
  return password
}

function signedHeaders({ origin, region }: RunningServer, key: AccessKey, body: string): Record<string, string> {
  const amzDate = formatAmzDate(systemClock.now())
  const scope = { date: amzDate.slice(0, 8), region, service: ecr.name }
  const headers = {
    'content-type': 'application/x-amz-json-1.1',
    host: new URL(origin).host,
    'x-amz-date': amzDate,
    'x-amz-target': `${ecr.targetPrefix}.GetAuthorizationToken`,
  }
  const signature = signatureOf(
    {
      pathRule: 'service',
      method: 'POST',
      path: '/',
      query: {},
      headers,
      payloadHash: hash('sha256', body),
      amzDate,
      scope,
    },
    deriveSigningKey(key.secretAccessKey, scope),
  )
  const credential = `${key.accessKeyId}/${scope.date}/${scope.region}/${scope.service}/aws4_request`
  const names = Object.keys(headers).join(';')
  return {
    ...headers,
    authorization: `${algorithm} Credential=${credential}, SignedHeaders=${names}, Signature=${signature.toString('hex')}`,
  }
}

function call(server: RunningServer, headers: Record<string, string>, body: string): Promise<string> {
  const url = new URL(server.origin)
  const options: RequestOptions = { method: 'POST', headers, signal: AbortSignal.timeout(patienceMs) }
  return new Promise((resolve, reject) => {
    const onAnswer = (incoming: IncomingMessage) => {
      if (isOther(server, incoming)) {
        incoming.destroy()
        reject(new CommandError(`what answers at ${server.origin} is not the server of this data directory`))
      } else {
        resolve(readAnswer(incoming))
      }
    }
    // The certificate need not name this address: it is compared with the one that the server says it has.
    const outgoing =
      url.protocol === 'https:'
        ? httpsRequest(url, { ...options, rejectUnauthorized: false, agent: false }, onAnswer)
        : httpRequest(url, { ...options, agent: false }, onAnswer)
    outgoing.once('error', (error) =>
      reject(new CommandError(`the server at ${server.origin} does not answer: ${error.message}`, 1, error)),
    )
    outgoing.end(body)
  })
}

function isOther({ fingerprint }: RunningServer, { socket }: IncomingMessage): boolean {
  if (fingerprint === undefined) return false
  return !(socket instanceof TLSSocket) || socket.getPeerCertificate().fingerprint256 !== fingerprint
}

async function readAnswer(incoming: IncomingMessage): Promise<string> {
  let text = ''
  incoming.setEncoding('utf8')
  for await (const piece of incoming) {
    text += String(piece)
    if (text.length > answerBytesMax) throw new CommandError('the answer of the server is too long')
  }
  return text
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function reasonIn(answer: unknown): string {
  if (typeof answer === 'object' && answer !== null && 'message' in answer) return String(answer.message)
  return 'it said nothing of use'
}

function passwordIn(answer: unknown): string | undefined {
  if (typeof answer !== 'object' || answer === null || !('authorizationData' in answer)) return undefined
  const [first]: readonly unknown[] = Array.isArray(answer.authorizationData) ? answer.authorizationData : []
  if (typeof first !== 'object' || first === null || !('authorizationToken' in first)) return undefined
  const [user, password] = Buffer.from(String(first.authorizationToken), 'base64').toString().split(':')
  return user === 'AWS' ? password : undefined
}
