// The calls of the distribution specification that a client needs, over plain HTTP: one answer or none, and nothing hidden by a library.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md

import { Agent, request } from 'node:http'

/** A registry that is pushed to and checked. */
export interface Target {
  readonly origin: string
  /** The value of `Authorization`, when it wants one. */
  readonly authorization: string | undefined
  /** Is shown every body that is no layer. */
  readonly onBody: (where: string, body: Buffer) => void
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

/** The connection ended before an answer did: what was asked may have happened or not. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError'
}

/** An answer that is not the one a client needs to go on. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
  readonly status: number
  /** The codes of an OCI error, or nothing when it is none. */
  readonly codes: readonly string[]

  constructor(what: string, { status, body }: Answer) {
    super(`${what}: ${status} ${body.toString('utf8', 0, 400).trim()}`)
    this.status = status
    this.codes = codesIn(body)
  }
}

interface Sending {
  readonly method: string
  /** A path, or what a `Location` header said. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer
}

const patienceMs = 60_000
const agent = new Agent({ keepAlive: true, maxSockets: 256 })

/** Throws NoAnswerError. Bodies are held in memory: layers of these tests are small. */
export async function send(target: Target, { method, path, headers = {}, body }: Sending): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const authorization = target.authorization === undefined ? {} : { authorization: target.authorization }
  const length = body === undefined && method === 'GET' ? {} : { 'content-length': String(body?.length ?? 0) }
  const lost = (error: Error) => reject(new NoAnswerError(`${method} ${path}: ${error.message}`, { cause: error }))
  const outgoing = request(new URL(path, target.origin), {
    method,
    agent,
    headers: { ...authorization, ...length, ...headers },
    signal: AbortSignal.timeout(patienceMs),
  })
  // A connection that breaks may say so more than once.
  outgoing.on('error', lost)
  outgoing.once('response', (incoming) => {
    const pieces: Buffer[] = []
    incoming.on('data', (piece: Buffer) => pieces.push(piece))
    incoming.on('error', lost)
    incoming.once('end', () => {
      if (!incoming.complete) return lost(new Error('the answer was cut'))
      const answer = { status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(pieces) }
      if (answer.status >= 400 || !path.includes('/blobs/')) target.onBody(`${method} ${path}`, answer.body)
      resolve(answer)
    })
  })
  outgoing.end(body)
  return promise
}

/** As `send`, and throws RefusedError for every status but `expected`. */
export async function ask(target: Target, sending: Sending, ...expected: readonly number[]): Promise<Answer> {
  const answer = await send(target, sending)
  if (!expected.includes(answer.status)) throw new RefusedError(`${sending.method} ${sending.path}`, answer)
  return answer
}

/** The address of the upload that an answer says to go on at, with `query` added. */
export function locationOf({ headers }: Answer, target: Target, query: Readonly<Record<string, string>> = {}): string {
  const location = new URL(String(headers['location']), target.origin)
  for (const [name, value] of Object.entries(query)) location.searchParams.set(name, value)
  return `${location.pathname}${location.search}`
}

/** All tags of a repository, page by page; none when there is no such repository. Throws RefusedError. */
export async function listTags(target: Target, repository: string): Promise<readonly string[]> {
  const tags: string[] = []
  let path: string | undefined = `/v2/${repository}/tags/list?n=1000`
  while (path !== undefined) {
    const answer = await send(target, { method: 'GET', path })
    if (answer.status === 404) return []
    if (answer.status !== 200) throw new RefusedError(`GET ${path}`, answer)
    // Both registries answer what the specification says.
    const { tags: page } = JSON.parse(answer.body.toString()) as { readonly tags: readonly string[] | null }
    tags.push(...(page ?? []))
    path = /^<([^>]+)>/.exec(String(answer.headers['link'] ?? ''))?.[1]
  }
  return tags
}

function codesIn(body: Buffer): readonly string[] {
  try {
    // The form of the specification; anything else throws.
    const { errors } = JSON.parse(body.toString()) as { readonly errors: readonly { readonly code: string }[] }
    return errors.map((error) => error.code)
  } catch {
    return []
  }
}
