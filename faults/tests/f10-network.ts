// F10: connections that break, close by halves, stall, trickle, or lose the answer alone, in pushes and in pulls. Every transfer goes on
// where it stood and ends with the right bytes, and nothing of the broken ones stays in the server.

import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

import { seededBytes, sha256 } from '../../test/support/image-layout.ts'
import { ask, locationOf, NoAnswerError, RefusedError, send, type Target } from '../data-plane.ts'
import type { FaultContext, FaultTest } from '../fault-test.ts'
import { noTrouble, openProxy, type Trouble } from '../proxy.ts'
import type { Random } from '../random.ts'
import { openSession, type Session } from '../session.ts'
import { openFiles, whatStays } from '../what-stays.ts'

const repository = 'faults/one'
const clients = { quick: 8, full: 64 } as const
const transfers = { quick: 16, full: 200 } as const
const [bytesMin, bytesMax] = [4 * 1024, 1024 * 1024]
const troublesMax = 3
/** The head of a request or an answer is shorter. */
const headBytes = 1024
/** More than any transfer may need. */
const triesMax = 400

export const f10Network: FaultTest = {
  id: 'F10',
  title: 'Connections cut, stalled and slowed',
  needs: {},
  seconds: { quick: 1, full: 1 },
  goals: { uploads: 200, downloads: 200, 'clients at once': 64 },
  run: async (context) => {
    const session = await openSession(context, { name: 'network' })
    try {
      const { figures, filesBefore } = await transferAll(context, session)
      const left = await whatStays(session, 'F10', filesBefore)
      await session.check('all')
      return { figures: { ...figures, ...left }, problems: session.problems }
    } finally {
      await session.close()
    }
  },
}

async function transferAll({ quick, random, seed, say }: FaultContext, session: Session) {
  const { registry, journal, problems } = session
  const [count, workers] = quick ? [transfers.quick, clients.quick] : [transfers.full, clients.full]
  // All of them once without trouble: the connections that they keep for later are open then.
  await Promise.all(
    Array.from({ length: workers }, async (_, index) => {
      const bytes = seededBytes(`${seed}/warm-${index}`, bytesMax)
      await upload(registry.target, registry.target, bytes, random.fork(`warm-${index}`))
      await download(registry.target, sha256(bytes), bytes.length)
    }),
  )
  const filesBefore = openFiles(session)
  const totals = {
    'clients at once': workers,
    uploads: 0,
    downloads: 0,
    'troubles on the way': 0,
    'requests without an answer': 0,
  }
  let begun = 0
  const work = async () => {
    for (let number = begun++; number < count; number = begun++) {
      const draw = random.fork(`transfer-${number}`)
      const bytes = seededBytes(`${seed}/${number}`, Math.round(bytesMin * (bytesMax / bytesMin) ** draw.next()))
      const digest = sha256(bytes)
      const pending = journal.attempt('network', { kind: 'blob', repository, digest, size: bytes.length })
      try {
        const up = await throughTroubles(registry.target, troublesOf(draw, 'request', bytes.length), (target) =>
          upload(registry.target, target, bytes, draw),
        )
        pending.ack()
        totals.uploads++
        const down = await throughTroubles(registry.target, troublesOf(draw, 'answer', bytes.length), (target) =>
          download(target, digest, bytes.length),
        )
        totals.downloads++
        totals['troubles on the way'] += up.troubles + down.troubles
        totals['requests without an answer'] += up.lost + down.lost
      } catch (error) {
        pending.lost(String(error))
        problems.push({ rule: 'F10', text: `transfer ${number} of ${bytes.length} bytes: ${String(error)}` })
      }
      if ((number + 1) % 50 === 0) say(`${number + 1} transfers, ${problems.length} problems`)
    }
  }
  await Promise.all(Array.from({ length: workers }, work))
  // A proxy that does nothing would show nothing.
  if (totals['troubles on the way'] < count) problems.push({ rule: 'F10', text: 'there was too little trouble' })
  return { figures: totals, filesBefore }
}

/** What happens to the first connections of a transfer; those after them are left alone. */
function troublesOf(random: Random, mostly: Trouble['direction'], bytes: number): Trouble[] {
  return Array.from({ length: 1 + random.below(troublesMax) }, () => {
    const afterBytes = headBytes + random.below(bytes)
    const direction = random.chance(0.8) ? mostly : mostly === 'request' ? 'answer' : 'request'
    const one = { ...noTrouble, direction, afterBytes }
    const kinds: readonly Trouble[] = [
      one,
      { ...one, ends: 'half-close' },
      { ...one, ends: 'stall' },
      // The answer alone is lost.
      { ...one, direction: 'answer', afterBytes: 1 },
      // One byte a second, until the client has lost patience.
      { ...one, slowFrom: headBytes, bytesPerSecond: 1, afterBytes: headBytes + 3 },
      { ...one, slowFrom: headBytes, bytesPerSecond: 64 * 1024, afterBytes: Infinity },
    ]
    return random.pick(kinds) ?? one
  })
}

/** `transfer` gives how many of its requests had no answer. */
async function throughTroubles(
  { origin, ...target }: Target,
  troubles: Trouble[],
  transfer: (target: Target) => Promise<number>,
): Promise<{ readonly troubles: number; readonly lost: number }> {
  const proxy = await openProxy(origin, () => troubles.shift() ?? noTrouble)
  try {
    const lost = await transfer({ ...target, origin: proxy.origin })
    return { troubles: proxy.troubles(), lost }
  } finally {
    await proxy.close()
  }
}

/** An upload is begun by `direct`: one whose beginning is never answered is nobody's, and stays until its life ends. */
async function upload(direct: Target, target: Target, bytes: Buffer, random: Random): Promise<number> {
  const digest = sha256(bytes)
  const begun = await ask(direct, { method: 'POST', path: `/v2/${repository}/blobs/uploads/` }, 202)
  const place = locationOf(begun, direct)
  const closing = locationOf(begun, direct, { digest })
  // All bytes with the PUT, or PATCHes before it.
  const chunkBytes = random.chance(0.3) ? bytes.length : Math.ceil(bytes.length * random.between(0.2, 0.6))
  let offset = 0
  let lost = 0
  for (let tries = 0; tries < triesMax; tries++) {
    const end = Math.min(bytes.length, offset + chunkBytes)
    const isLast = end === bytes.length
    const headers = {
      'content-type': 'application/octet-stream',
      ...(end > offset && { 'content-range': `${offset}-${end - 1}` }),
    }
    const body = bytes.subarray(offset, end)
    const sending = { method: isLast ? 'PUT' : 'PATCH', path: isLast ? closing : place, headers, body }
    const status = await send(target, sending).then(
      (answer) => answer.status,
      (error: unknown) => {
        if (!(error instanceof NoAnswerError)) throw error
        lost++
        return undefined
      },
    )
    if (status === 201) return lost
    if (status === 202) {
      offset = end
      continue
    }
    // Cut, or the server is still at work on what came before: it says where it stands.
    if (status !== undefined && status !== 416 && status !== 400 && status !== 404)
      throw new Error(`answered ${status}`)
    await sleep(30)
    const where = await whereItStands(direct, place, digest)
    if (where === 'complete') return lost
    // `0-0` is one byte or none: the answer to the other guess tells.
    offset = where > 1 ? where : offset === 0 ? where : 0
  }
  throw new Error(`the upload did not end in ${triesMax} tries, at ${offset} bytes`)
}

/** Bytes that the server has, or that the upload is over because the layer is there. */
async function whereItStands(target: Target, path: string, digest: string): Promise<number | 'complete'> {
  const { status, headers } = await send(target, { method: 'GET', path })
  if (status === 204) return Number(/-(\d+)$/.exec(String(headers['range']))?.[1] ?? -1) + 1
  await ask(target, { method: 'HEAD', path: `/v2/${repository}/blobs/${digest}` }, 200)
  return 'complete'
}

/** Reads until it has all bytes, each time from where the last answer was cut. */
async function download(target: Target, digest: string, size: number): Promise<number> {
  const pieces: Buffer[] = []
  let have = 0
  for (let lost = 0; lost < triesMax; lost++) {
    const isWhole = await receive(target, digest, have, (piece) => {
      pieces.push(piece)
      have += piece.length
    })
    if (!isWhole && have < size) continue
    const found = sha256(Buffer.concat(pieces))
    if (found !== digest) throw new Error(`${have} of ${size} bytes were read, of ${found}`)
    return lost
  }
  throw new Error(`the download did not end in ${triesMax} tries, at ${have} bytes`)
}

/** False when the connection ended first. Throws RefusedError. */
async function receive(
  target: Target,
  digest: string,
  from: number,
  onPiece: (piece: Buffer) => void,
): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>()
  const outgoing = request(new URL(`/v2/${repository}/blobs/${digest}`, target.origin), {
    agent: false,
    headers: { authorization: target.authorization, ...(from > 0 && { range: `bytes=${from}-` }) },
  })
  outgoing.once('error', () => resolve(false))
  outgoing.once('response', (incoming) => {
    const status = incoming.statusCode ?? 0
    const isMeant = status === (from > 0 ? 206 : 200)
    incoming.on('data', (piece: Buffer) => isMeant && onPiece(piece))
    incoming.once('error', () => resolve(false))
    incoming.once('close', () => {
      // A half that was closed under the request may be answered with a refusal.
      if (!isMeant && status !== 400)
        reject(new RefusedError(digest, { status, headers: incoming.headers, body: Buffer.alloc(0) }))
      resolve(isMeant && incoming.complete)
    })
  })
  outgoing.end()
  return promise
}
