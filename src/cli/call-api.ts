// Signed calls of the running server's API: the command line asks as any AWS client does, by the operations' own declarations.

import { hash } from 'node:crypto'

import type { AccessKey } from '../domain/context.ts'
import { systemClock } from '../lib/clock.ts'
import { decode, encode, WireTypeError } from '../model/wire.ts'
import { ecrPublic, type Operation, type Service } from '../operations/operation.ts'
import { algorithm, headersToSign, signatureOf } from '../protocol/sigv4/canonical.ts'
import { deriveSigningKey } from '../protocol/sigv4/credentials.ts'
import { formatAmzDate } from '../protocol/sigv4/time.ts'
import { CommandError } from './command-error.ts'
import { sendRequest } from './send-request.ts'
import type { RunningServer } from './server-file.ts'

/** Room for a page of a thousand repositories, and for the longest catalog data. */
const answerBytesMax = 8 * 1024 * 1024
/** Of an answer that makes no sense. */
const shownCharacters = 200

/** The server refused, with a name and a sentence of AWS's. */
export class RefusalError extends CommandError {
  /** Such as `RepositoryNotFoundException`. */
  readonly errorName: string
  constructor(errorName: string, sentence: string) {
    super(`${errorName}: ${sentence}`)
    this.errorName = errorName
  }
}

/**
 * Calls an operation of a service that speaks AWS JSON. Throws RefusalError with the server's answer, CommandError when there is none of use.
 * Input that breaks a constraint is the server's to refuse.
 */
export async function callApi<I, O>(
  server: RunningServer,
  key: AccessKey,
  operation: Operation<I, O>,
  input: I,
): Promise<O> {
  const body = JSON.stringify(encode(operation.input, input))
  const headers = signedHeaders(server, key, operation, body)
  const outgoing = { method: 'POST', path: '/', headers, body, answerBytesMax } as const
  const text = (await sendRequest(server, server.origin, outgoing)).toString()
  try {
    const answer: unknown = JSON.parse(text)
    const refusal = refusalIn(answer)
    if (refusal) throw refusal
    const output: unknown = decode(operation.output, answer)
    return output as O // what a StructSchema<O> describes
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof WireTypeError)) throw error
    // No operation gave this: a proxy did, or a part of the server that failed.
    const said = text === '' ? 'nothing: its log may tell why' : JSON.stringify(text.slice(0, shownCharacters))
    const sentence = `the server at ${server.origin} did not answer ${operation.name} as its API does; it said ${said}`
    throw new CommandError(sentence, 1, error)
  }
}

function signedHeaders(
  server: RunningServer,
  key: AccessKey,
  { service, name }: Pick<Operation, 'service' | 'name'>,
  body: string,
): Record<string, string> {
  const amzDate = formatAmzDate(systemClock.now())
  const scope = { date: amzDate.slice(0, 8), region: regionOf(server, service), service: service.name }
  const headers = {
    'content-type': 'application/x-amz-json-1.1',
    host: new URL(server.origin).host,
    'x-amz-date': amzDate,
    'x-amz-target': `${service.targetPrefix}.${name}`,
  }
  const signature = signatureOf(
    {
      pathRule: 'service',
      method: 'POST',
      path: '/',
      query: {},
      headers: headersToSign(headers),
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

/** ECR Public is offered in few regions, and the server's own need not be among them. */
function regionOf({ region, publicRegion }: RunningServer, service: Service): string {
  return service.name === ecrPublic.name ? publicRegion : region
}

/** Errors have a `__type`, which no output has. */
function refusalIn(answer: unknown): RefusalError | undefined {
  if (typeof answer !== 'object' || answer === null || !('__type' in answer)) return undefined
  const sentence = 'message' in answer ? String(answer.message) : 'the server gave no reason'
  return new RefusalError(String(answer.__type), sentence)
}
