// A server of two workers, and clients whose requests go to the one or the other.

import { readFileSync } from 'node:fs'
import { Agent, request, type IncomingHttpHeaders } from 'node:http'
import { Readable } from 'node:stream'
import type { TestContext } from 'node:test'

import { type Server, serve } from '../cli/program.ts'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

export interface Connection {
  /** On this one connection, and so to one worker. */
  readonly send: (
    method: string,
    path: string,
    body?: string | Uint8Array | Readable,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Answer>
}

export interface WorkersServer extends Server {
  /** Two connections that different workers have. */
  readonly both: readonly [Connection, Connection]
  readonly connect: () => Connection
  /** Process ids of its workers. */
  readonly workers: () => readonly number[]
}

const login = `Basic ${Buffer.from('AWS:anything').toString('base64')}`

/** With `--dev`: any key and any password will do. */
export async function serveWithWorkers(t: TestContext, args: readonly string[] = []): Promise<WorkersServer> {
  const server = await serve(t, ['--workers', '2', '--dev', ...args])
  const agents: Agent[] = []
  t.after(() => agents.forEach((agent) => agent.destroy()))
  const connect = (): Connection => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    agents.push(agent)
    return { send: (...how) => send(server.origin, agent, how) }
  }
  const whose = async (connection: Connection) => {
    const target = `/v2/?who=${Math.random()}`
    await connection.send('GET', target)
    return workerOf(server, target)
  }
  const one = connect()
  let other = connect()
  const first = await whose(one)
  // They are handed out in turn, but for a worker that is late to take one.
  while ((await whose(other)) === first) other = connect()
  return { ...server, both: [one, other], connect, workers: () => childrenOf(server.child.pid) }
}

/** The number of the worker that answered, by the log. */
async function workerOf(server: Server, target: string): Promise<number> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await new Promise((done) => setTimeout(done, 10))) {
    const line = server
      .stderr()
      .split('\n')
      .find((text) => text.startsWith('{') && text.includes(target))
    // A line of the server's own.
    if (line !== undefined) return (JSON.parse(line) as { worker: number }).worker
  }
  throw new Error(`no line of ${target}`)
}

function childrenOf(pid: number | undefined): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)
}

async function send(
  origin: string,
  agent: Agent,
  [method, path, body, headers = {}]: Parameters<Connection['send']>,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const sending = request(new URL(path, origin), {
    method,
    agent,
    headers: {
      authorization: login,
      ...(body !== undefined && !(body instanceof Readable) && { 'content-length': Buffer.byteLength(body) }),
      ...headers,
    },
  })
  sending.once('error', reject)
  sending.once('response', (response) => {
    let text = ''
    response.setEncoding('utf8')
    response.on('data', (piece: string) => (text += piece))
    response.once('error', reject)
    response.once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
  })
  if (body instanceof Readable) body.pipe(sending)
  else sending.end(body)
  return promise
}
