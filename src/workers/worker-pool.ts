// The processes that serve: started, started again when one dies, and stopped together. They share their listening sockets, of which node:cluster
// hands out the connections in turn.

import cluster, { type Worker } from 'node:cluster'
import { getCompileCacheDir } from 'node:module'

import type { Logger } from 'pino'

import { type Calls, openCalls } from '../lib/calls.ts'
import { ListenError } from '../protocol/listen-error.ts'
import type { Config } from '../settings.ts'
import { StartError } from '../start-error.ts'
import type { PrimaryFace, StartFailure, WorkerFace, WorkerOrders, WorkerPorts } from './faces.ts'

/** What a worker asks for while it starts; the pool answers it. */
type Starting = 'hello' | 'join' | 'listens' | 'failed'

export interface WorkerPoolOptions {
  readonly config: Config
  /** The program of a worker. */
  readonly program: string
  readonly log: Logger
  /** Whole lines of what workers log. */
  readonly onLines: (text: string) => void
  /** What a worker may ask for, by its number: never used twice. */
  readonly faceOf: (worker: number) => Omit<PrimaryFace, Starting>
  readonly onGone: (worker: number) => void
  /** Told once when there can be no workers any more; the process is expected to end. */
  readonly onFatal: (error: Error) => void
}

export interface PoolWorker {
  readonly number: number
  readonly calls: Calls<WorkerFace>
  readonly kill: () => void
}

export interface WorkerPool {
  /**
   * Resolves when all workers listen. Rejects with what one of them could not do at first, or when the pool is stopped before.
   */
  readonly started: Promise<WorkerPorts>
  /** Those that are told of changes. */
  readonly joined: () => readonly PoolWorker[]
  readonly find: (worker: number) => PoolWorker | undefined
  /** Lets them finish what is in flight for `graceMs`. */
  readonly stop: (graceMs: number) => Promise<void>
}

/** How a worker ends that found the database not to be trusted: sysexits.h, an internal software error. */
export const fatalCode = 70
/** So many ends of workers within a minute are no accident. */
const endsMax = 10
const endsWithinMs = 60_000
const restartMs = 100
/** What a worker may need beside the time for requests in flight. */
const closingMs = 15_000

interface Running extends PoolWorker {
  readonly exited: Promise<void>
  hasJoined: boolean
  isListening: boolean
}

/** Starts them. The caller waits for `started` and, whatever came of it, stops them. */
export function openWorkerPool(options: WorkerPoolOptions): WorkerPool {
  const { config, log } = options
  const running = new Set<Running>()
  const started = Promise.withResolvers<WorkerPorts>()
  const ends: number[] = []
  let ports: WorkerPorts | undefined
  // As they were asked for, 0 maybe; once no worker keeps the sockets open, as they were found.
  let asked = config
  let isStopping = false

  cluster.setupPrimary({
    exec: options.program,
    args: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })

  const orders = (worker: number): WorkerOrders => {
    if (ports && ![...running].some(({ isListening }) => isListening))
      asked = { ...config, port: ports.port, publicPort: ports.publicPort }
    return { config: asked, number: worker }
  }

  const listens = (worker: Running, found: WorkerPorts) => {
    ports ??= found
    // The last of the others ended just then, and the sockets with it: the next one asks for the ports that are known.
    if (found.port !== ports.port || found.publicPort !== ports.publicPort) return worker.kill()
    worker.isListening = true
    if ([...running].filter(({ isListening }) => isListening).length === config.workers) started.resolve(ports)
  }

  const onExit = (worker: Running, code: number | null, signal: string | null) => {
    running.delete(worker)
    worker.calls.end(new Error('the worker ended'))
    options.onGone(worker.number)
    if (isStopping) return
    const how = signal ?? `code ${code}`
    if (code === fatalCode) return options.onFatal(new Error('a worker can not trust the database any more'))
    log.error({ worker: worker.number, end: how }, 'a worker ended; another one takes its place')
    const now = performance.now()
    ends.push(now)
    while ((ends[0] ?? now) < now - endsWithinMs) ends.shift()
    if (ends.length >= endsMax)
      return options.onFatal(new Error(`${endsMax} workers ended within a minute, the last one with ${how}`))
    setTimeout(() => isStopping || start(), restartMs * ends.length)
  }

  function start(): void {
    // The channel of the start script is not the workers'.
    const child = cluster.fork({ STOWAGE_TETHER: undefined, NODE_COMPILE_CACHE: compileCache() })
    const exited = Promise.withResolvers<void>()
    const face: PrimaryFace = {
      ...options.faceOf(child.id),
      hello: () => orders(child.id),
      join: () => void (worker.hasJoined = true),
      listens: (found) => listens(worker, found),
      failed: (failure) => started.reject(toError(failure)),
    }
    const worker: Running = {
      number: child.id,
      calls: openCalls<WorkerFace>(face, (messages) => give(child, messages)),
      kill: () => void child.process.kill('SIGKILL'),
      exited: exited.promise,
      hasJoined: false,
      isListening: false,
    }
    running.add(worker)
    passLines(child, options.onLines)
    child.on('message', (messages: unknown) => worker.calls.receive(messages))
    child.on('error', (error) =>
      log.error({ err: error, worker: child.id }, 'a worker could not be started or reached'),
    )
    child.once('exit', (code: number | null, signal: string | null) => {
      onExit(worker, code, signal)
      exited.resolve()
    })
  }

  const stop = async (graceMs: number) => {
    isStopping = true
    const late = setTimeout(() => running.forEach(({ kill }) => kill()), graceMs + closingMs)
    for (const { calls } of running) calls.tell('stop', graceMs)
    await Promise.all([...running].map(({ exited }) => exited))
    clearTimeout(late)
  }

  for (let count = 0; count < config.workers; count++) start()
  return {
    started: started.promise,
    joined: () => [...running].filter(({ hasJoined }) => hasJoined),
    find: (number) => [...running].find((worker) => worker.number === number),
    stop,
  }
}

function give(child: Worker, messages: readonly unknown[]): void {
  // Its end is told by 'exit'.
  if (child.isConnected()) child.send(messages, () => {})
}

function compileCache(): string | undefined {
  return process.env['NODE_COMPILE_CACHE'] ?? getCompileCacheDir()
}

/** Several workers write: what goes on is cut at the ends of lines. */
function passLines({ process: { stderr } }: Worker, pass: (text: string) => void): void {
  let rest = ''
  stderr?.setEncoding('utf8')
  stderr?.on('data', (text: string) => {
    const end = text.lastIndexOf('\n') + 1
    if (end > 0) pass(rest + text.slice(0, end))
    rest = end > 0 ? text.slice(end) : rest + text
  })
  stderr?.on('end', () => {
    if (rest !== '') pass(`${rest}\n`)
  })
}

function toError(failure: StartFailure): Error {
  if (failure.kind === 'listen')
    return new ListenError(failure.reason ?? 'other', failure.message, undefined, failure.port)
  return failure.kind === 'start' ? new StartError(failure.message) : new Error(failure.message)
}
