import { makeBlob, type BenchBlob } from '../images.ts'
import { type Answer, type Connection, headerOf, headOf, openConnection } from './connection.ts'
import type { Outcome, UploadTask } from './tasks.ts'
import { startTiming } from './timing.ts'

/** As `docker push` copies. */
const chunkBytes = 32 * 1024
const partBytes = 10 * 1024 * 1024
const binary = { 'Content-Type': 'application/octet-stream' }

export async function measureUpload(task: UploadTask): Promise<Outcome> {
  const { origin, how, parallel, seed, bytes } = task
  // Before the clock starts: a client has its digests.
  const blobs = Array.from({ length: parallel }, (_, nr) => makeBlob(`${seed}/${nr}`, bytes))
  const connections = await Promise.all(blobs.map(() => openConnection(origin)))
  const timing = startTiming()
  await Promise.all(
    blobs.map(async (blob, nr) => {
      const connection = connections[nr] ?? (await openConnection(origin))
      const startedAtMs = performance.now()
      await upload(connection, task, how, blob)
      timing.add(startedAtMs, blob.size)
      connection.close()
    }),
  )
  return timing.outcome(blobs.map(({ digest }) => digest))
}

export async function upload(
  connection: Connection,
  { headers, repository }: Pick<UploadTask, 'headers' | 'repository'>,
  how: UploadTask['how'],
  blob: BenchBlob,
): Promise<void> {
  const typed = { ...headers, ...binary }
  let answer = expect(202, await connection.ask(headOf('POST', `/v2/${repository}/blobs/uploads/`, headers)))
  if (how === 'patch') {
    const head = headOf('PATCH', locationOf(answer), typed, undefined, true)
    answer = expect(202, await connection.ask(head, inChunks(blob.pieces())))
  }
  if (how === 'chunks') {
    let at = 0
    for (const part of inParts(blob.pieces())) {
      const bytes = part.reduce((sum, piece) => sum + piece.length, 0)
      const range = { ...typed, 'Content-Range': `${at}-${at + bytes - 1}` }
      answer = expect(202, await connection.ask(headOf('PATCH', locationOf(answer), range, bytes), part))
      at += bytes
    }
  }
  const location = locationOf(answer)
  const target = `${location}${location.includes('?') ? '&' : '?'}digest=${blob.digest}`
  const last = how === 'put' ? blob : undefined
  expect(201, await connection.ask(headOf('PUT', target, typed, last?.size ?? 0), last?.pieces()))
}

export function expect(status: number, answer: Answer): Answer {
  if (answer.status !== status) throw new Error(`the server answered ${answer.status}, not ${status}: ${answer.head}`)
  return answer
}

function locationOf(answer: Answer): string {
  const { pathname, search } = new URL(headerOf(answer, 'location') ?? '', 'http://127.0.0.1')
  return pathname + search
}

/** Framed once for each buffer, which layers repeat. */
function* inChunks(pieces: Iterable<Buffer>): Generator<Buffer> {
  const framed = new WeakMap<Buffer, Buffer>()
  for (const piece of pieces) {
    let all = framed.get(piece)
    if (all === undefined) framed.set(piece, (all = frame(piece)))
    yield all
  }
  yield Buffer.from('0\r\n\r\n')
}

function frame(piece: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at < piece.length; at += chunkBytes) {
    const chunk = piece.subarray(at, at + chunkBytes)
    parts.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'))
  }
  return Buffer.concat(parts)
}

/** Buffers that together are a part: whole pieces, which divide it. */
export function* inParts(pieces: Iterable<Buffer>): Generator<readonly Buffer[]> {
  let part: Buffer[] = []
  let bytes = 0
  for (const piece of pieces) {
    part.push(piece)
    bytes += piece.length
    if (bytes < partBytes) continue
    yield part
    part = []
    bytes = 0
  }
  if (part.length > 0) yield part
}
