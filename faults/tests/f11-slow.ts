// F11: many connections that are slow or idle: headers, bodies and answers byte by byte, nothing at all, nothing after a first request. A
// client that behaves is served as ever; the others are cut in time, and leave nothing behind.

import { connect, type Socket } from 'node:net'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

import { seededBytes, sha256 } from '../../test/support/image-layout.ts'
import { ask, locationOf, type Target } from '../data-plane.ts'
import type { FaultContext, FaultResult, FaultTest } from '../fault-test.ts'
import { openLayerSource } from '../images.ts'
import { watchLatency } from '../latency.ts'
import { pushAll } from '../push-all.ts'
import type { Random } from '../random.ts'
import { openSession, type Session } from '../session.ts'
import { openFiles, whatStays } from '../what-stays.ts'

const MiB = 1024 * 1024
/** The kernel keeps up to a few MiB for a reader that does not read: so there are fewer of them. */
const counts = { quick: { many: 60, readers: 10 }, full: { many: 475, readers: 100 } } as const
const layerBytes = 12 * MiB
const p99MsMax = 200
const growthBytesMax = 256 * MiB
/** What the server allows, of its own limits (`defaultLimits` in src/protocol/http.ts), and a little for looking and for a busy machine. */
const slackMs = 20_000
const cutAfterMs = {
  headers: 15_000,
  silent: 15_000,
  body: 60_000,
  kept: 75_000,
  // Two windows: in the first one the kernel takes more than a slow reader has to.
  reader: 2 * 300_000,
} as const
type Kind = keyof typeof cutAfterMs

export const f11Slow: FaultTest = {
  id: 'F11',
  title: 'Slow and idle clients',
  needs: {},
  // The full form waits for the last of them to be cut.
  seconds: { quick: 4, full: 640 },
  run: async (context) => {
    const session = await openSession(context, { name: 'slow' })
    try {
      return await amongSlowOnes(context, session)
    } finally {
      await session.close()
    }
  },
}

/** A slow connection. */
interface Slow {
  readonly kind: Kind
  readonly socket: Socket
  readonly openedMs: number
  closedMs: number | undefined
}

async function amongSlowOnes(context: FaultContext, session: Session): Promise<FaultResult> {
  const { quick, seconds, seed, random, say } = context
  const { registry, problems } = session
  const { target } = registry
  const report = (text: string) => problems.push({ rule: 'F11', text })
  const { many, readers } = counts[quick ? 'quick' : 'full']
  const [image] = await pushAll(context, session, { count: 1, layers: openLayerSource(`${seed}/slow`, 0, 64 * 1024) })
  const layer = await pushLayer(target, seededBytes(`${seed}/large`, layerBytes))
  const path = `/v2/${image?.repository}/manifests/${image?.tag}`
  const before = { files: openFiles(session), bytes: rssOf(session) }
  const over = new AbortController()
  const opened: Slow[] = []
  const uploads: string[] = []
  const open = async (kind: Kind, count: number) => {
    for (let index = 0; index < count; index++) {
      const upload = kind === 'body' ? await beginUpload(target) : ''
      if (kind === 'body') uploads.push(upload)
      opened.push(
        await openSlow(target, kind, kind === 'body' ? upload : layer, random.fork(`${kind}-${index}`), over.signal),
      )
    }
  }
  const watching = watchLatency(target, path, quick ? 20 : 50)
  const mostBytes = watchMost(() => rssOf(session), over.signal)
  await Promise.all([
    ...(['headers', 'silent', 'body', 'kept'] as const).map((kind) => open(kind, many)),
    open('reader', readers),
  ])
  say(`${opened.length} slow connections`)
  const deadlineMs = Date.now() + seconds * 1000
  while (Date.now() < deadlineMs && opened.some(({ closedMs }) => closedMs === undefined)) await sleep(100)
  const healthy = await watching.stop()
  over.abort()
  // In the short form nobody is cut: they go by themselves then.
  for (const { socket } of opened) socket.destroy()
  const slowest = quick ? {} : judgeCuts(opened, report)
  for (const failure of new Set(healthy.failures)) report(`a client that behaves: ${failure}`)
  // A handful of requests of a machine that runs other tests says nothing of the slowest hundredth.
  if (!quick && healthy.p99Ms > p99MsMax) report(`a client that behaves waited for ${healthy.p99Ms} ms (p99)`)
  const grownBytes = (await mostBytes) - before.bytes
  if (grownBytes > growthBytesMax) report(`the server grew by ${Math.round(grownBytes / MiB)} MiB`)
  // What was cut may go on or be given up, as its client likes.
  for (const upload of uploads) await ask(target, { method: 'DELETE', path: upload }, 204)
  const left = await whatStays(session, 'F11', before.files)
  await session.check('all')
  return {
    figures: {
      ...session.figures(),
      'slow connections': opened.length,
      ...slowest,
      'requests beside them': healthy.requests,
      'p99 beside them in ms': healthy.p99Ms,
      'MiB that the server grew by': Math.round(grownBytes / MiB),
      ...left,
    },
    problems,
  }
}

async function pushLayer(target: Target, bytes: Buffer): Promise<string> {
  const digest = sha256(bytes)
  const begun = await ask(target, { method: 'POST', path: '/v2/faults/one/blobs/uploads/' }, 202)
  await ask(target, { method: 'PUT', path: locationOf(begun, target, { digest }), body: bytes }, 201)
  return `/v2/faults/one/blobs/${digest}`
}

async function beginUpload(target: Target): Promise<string> {
  return locationOf(await ask(target, { method: 'POST', path: '/v2/faults/one/blobs/uploads/' }, 202), target)
}

/** `path` is what the request is about: an upload to go on with, or a layer to read. */
async function openSlow(
  { origin, authorization }: Target,
  kind: Kind,
  path: string,
  random: Random,
  signal: AbortSignal,
): Promise<Slow> {
  const { hostname, port } = new URL(origin)
  const socket = connect({ host: hostname, port: Number(port), noDelay: true })
  // Cut is how most of them end.
  socket.on('error', () => undefined)
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  const slow: Slow = { kind, socket, openedMs: performance.now(), closedMs: undefined }
  const head = `host: ${hostname}\r\nauthorization: ${authorization}\r\n`
  const drip = (bytes: string, everyMs: number) => void dripInto(socket, bytes, everyMs, signal)
  socket.once('close', () => (slow.closedMs = performance.now()))
  switch (kind) {
    case 'headers':
      drip(`GET /v2/ HTTP/1.1\r\n${head}x-slow: ${'y'.repeat(200)}`, random.between(1_000, 2_000))
      break
    case 'silent':
      break
    case 'body':
      socket.write(`PATCH ${path} HTTP/1.1\r\n${head}content-length: ${MiB}\r\n\r\n`)
      drip('b'.repeat(1000), 1_000)
      break
    case 'kept':
      socket.write(`GET /v2/ HTTP/1.1\r\n${head}\r\n`)
      break
    case 'reader':
      socket.write(`GET ${path} HTTP/1.1\r\n${head}\r\n`)
  }
  if (kind === 'reader') watchEnd(slow, signal)
  else socket.resume()
  return slow
}

async function dripInto(socket: Socket, bytes: string, everyMs: number, signal: AbortSignal): Promise<void> {
  for (const byte of bytes) {
    if (signal.aborted || socket.destroyed || !socket.writable) return
    socket.write(byte)
    await sleep(everyMs)
  }
}

/** The end of a connection of which nobody reads is not told to its client, behind all that was not read: the kernel knows. */
function watchEnd(slow: Slow, signal: AbortSignal): void {
  const { localPort = 0, remotePort = 0 } = slow.socket
  slow.socket.pause()
  const timer = setInterval(() => {
    if (signal.aborted) clearInterval(timer)
    else if (!isEstablished(remotePort, localPort)) {
      clearInterval(timer)
      slow.closedMs = performance.now()
    }
  }, 5_000)
}

/** By https://docs.kernel.org/networking/proc_net_tcp.html, the end of the server: its port, the client's, and 01 while it stands. */
function isEstablished(server: number, client: number): boolean {
  const [local, remote] = [server, client].map((port) => port.toString(16).toUpperCase().padStart(4, '0'))
  return new RegExp(`^ *\\d+: [0-9A-F]{8}:${local} [0-9A-F]{8}:${remote} 01 `, 'm').test(
    readFileSync('/proc/net/tcp', 'utf8'),
  )
}

/** Each was cut, and not late. Gives the latest of each kind. */
function judgeCuts(opened: readonly Slow[], report: (text: string) => void): Record<string, number> {
  const slowest: Record<string, number> = {}
  for (const [kind, all] of Map.groupBy(opened, (each) => each.kind)) {
    const kept = all.filter(({ closedMs }) => closedMs === undefined).length
    if (kept > 0) report(`${kept} of ${all.length} slow connections (${kind}) were never cut`)
    const lastMs = Math.max(0, ...all.map(({ closedMs, openedMs }) => (closedMs ?? openedMs) - openedMs))
    if (lastMs > cutAfterMs[kind] + slackMs)
      report(`a slow connection (${kind}) was cut after ${Math.round(lastMs)} ms`)
    slowest[`slowest cut (${kind}) in s`] = Math.round(lastMs / 1000)
  }
  return slowest
}

function rssOf({ registry }: Session): number {
  const text = readFileSync(`/proc/${registry.process().pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024
}

async function watchMost(read: () => number, signal: AbortSignal): Promise<number> {
  let most = read()
  while (!signal.aborted) {
    await sleep(200)
    most = Math.max(most, read())
  }
  return most
}
