// F15: many clients with large layers, and little memory. The kernel ends nothing, the server's memory does not grow with what passes
// through it, and every byte comes back.

import { createHash, type Hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

import { seededBytes } from '../../test/support/image-layout.ts'
import { type Cgroup, cgroupReason, openCgroup } from '../cgroup.ts'
import { ask, locationOf, type Target } from '../data-plane.ts'
import type { FaultContext, FaultResult, FaultTest } from '../fault-test.ts'
import { openSession, type Session } from '../session.ts'

const MiB = 1024 * 1024
const limitBytes = 256 * MiB
const sizes = { quick: { clients: 16, layerMib: 24 }, full: { clients: 64, layerMib: 200 } } as const
const pieceBytes = MiB
const repository = 'faults/one'
/** Of its own memory; what the kernel keeps of files in the limit is given back when it is wanted. */
const growthBytesMax = 128 * MiB

export const f15Memory: FaultTest = {
  id: 'F15',
  title: 'Little memory, large layers',
  needs: { root: true, reason: () => cgroupReason('memory') },
  seconds: { quick: 1, full: 1 },
  run: async (context) => {
    const group = openCgroup({ kind: 'memory', bytes: limitBytes })
    try {
      const session = await openSession(context, { name: 'memory', server: { prefix: group.prefix } })
      try {
        return await pushAndPull(context, session, group)
      } finally {
        await session.close()
      }
    } finally {
      await group.remove()
    }
  },
}

async function pushAndPull(context: FaultContext, session: Session, group: Cgroup): Promise<FaultResult> {
  const { clients, layerMib } = sizes[context.quick ? 'quick' : 'full']
  const { problems, registry } = session
  const report = (text: string) => problems.push({ rule: 'F15', text })
  // The same for all but for its beginning: 12 GiB of numbers take longer to make than to send.
  const common = seededBytes(`${context.seed}/common`, pieceBytes)
  const rss = watchRss(registry.process().pid)
  const layers = Array.from({ length: clients }, (_, index) => ({
    index,
    pieces: () => piecesOf(`${context.seed}/${index}`, layerMib, common),
  }))
  const startMs = performance.now()
  const failures = await Promise.all(
    layers.map(async ({ pieces }) => {
      try {
        await pushAndPullOne(session, pieces, layerMib * MiB)
        return undefined
      } catch (error) {
        return String(error)
      }
    }),
  )
  const seconds = (performance.now() - startMs) / 1000
  const { firstBytes, mostBytes } = await rss.stop()
  const failed = failures.filter((each) => each !== undefined)
  if (failed.length > 0) report(`${failed.length} of ${clients} clients failed, the first: ${failed[0]}`)
  if (group.outOfMemoryKills() > 0) report('the kernel ended the server for want of memory')
  if (mostBytes - firstBytes > growthBytesMax)
    report(`the server's memory grew by ${Math.round((mostBytes - firstBytes) / MiB)} MiB`)
  // What was sent twice is not read again: every layer has been, by whoever pushed it.
  await session.check('recent')
  return {
    figures: {
      'limit in MiB': limitBytes / MiB,
      clients,
      'MiB of each layer': layerMib,
      'layers pushed and pulled': clients - failed.length,
      'MiB in a second, both ways': Math.round((2 * clients * layerMib) / seconds),
      'resident MiB before': Math.round(firstBytes / MiB),
      'resident MiB at most': Math.round(mostBytes / MiB),
      'ended by the kernel': group.outOfMemoryKills(),
    },
    problems,
  }
}

function* piecesOf(seed: string, mebibytes: number, common: Buffer): Generator<Buffer> {
  yield Buffer.concat([Buffer.from(seed.padEnd(256)), common.subarray(256)])
  for (let count = 1; count < mebibytes; count++) yield common
}

async function pushAndPullOne({ registry }: Session, pieces: () => Iterable<Buffer>, size: number): Promise<void> {
  const { target } = registry
  const hash = createHash('sha256')
  for (const piece of pieces()) {
    hash.update(piece)
    // Others have their turn.
    await new Promise((resolve) => setImmediate(resolve))
  }
  const digest = `sha256:${hash.digest('hex')}`
  const begun = await ask(target, { method: 'POST', path: `/v2/${repository}/blobs/uploads/` }, 202)
  const status = await sendPieces(target, locationOf(begun, target, { digest }), pieces(), size)
  if (status !== 201) throw new Error(`the push was answered ${status}`)
  const found = await hashOf(target, `/v2/${repository}/blobs/${digest}`)
  if (found !== digest) throw new Error(`${digest} came back as ${found}`)
}

async function sendPieces(target: Target, path: string, pieces: Iterable<Buffer>, size: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const outgoing = request(new URL(path, target.origin), {
    method: 'PUT',
    agent: false,
    headers: {
      authorization: target.authorization,
      'content-type': 'application/octet-stream',
      'content-length': size,
    },
  })
  outgoing.once('response', (incoming) => {
    incoming.resume()
    resolve(incoming.statusCode ?? 0)
  })
  outgoing.on('error', reject)
  await Promise.all([promise, pipeline(Readable.from(pieces), outgoing)])
  return promise
}

async function hashOf(target: Target, path: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<Hash>()
  const outgoing = request(new URL(path, target.origin), {
    agent: false,
    headers: { authorization: target.authorization },
  })
  outgoing.on('error', reject)
  outgoing.once('response', (incoming) => {
    const hash = createHash('sha256')
    pipeline(incoming, hash).then(() => resolve(hash), reject)
  })
  outgoing.end()
  return `sha256:${(await promise).digest('hex')}`
}

/** Its own pages, by https://docs.kernel.org/filesystems/proc.html: those of files are the kernel's. */
function residentBytes(pid: number): number {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024
}

function watchRss(pid: number) {
  const stopping = new AbortController()
  const firstBytes = residentBytes(pid)
  let mostBytes = firstBytes
  const done = (async () => {
    while (!stopping.signal.aborted) {
      // Gone, when the kernel has ended it.
      try {
        mostBytes = Math.max(mostBytes, residentBytes(pid))
      } catch {
        return
      }
      await sleep(100)
    }
  })()
  return {
    stop: async () => {
      stopping.abort()
      await done
      return { firstBytes, mostBytes }
    },
  }
}
