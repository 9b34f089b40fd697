// The client of the memory benchmark: a process of its own that is sent one task, does it, and sends back what it moved.

import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

type Target = { readonly origin: string; readonly repository: string; readonly password: string }

export type Transfer = Target &
  (
    | { readonly kind: 'upload'; readonly streams: number; readonly layerBytes: number }
    | { readonly kind: 'download'; readonly digests: readonly string[] }
  )

export type TransferResult = { readonly digest: string; readonly bytes: number }

const pieceBytes = 1024 * 1024

process.once('message', (message) => {
  // The parent sends nothing but a Transfer.
  void perform(message as Transfer).then(
    (results) => process.send?.(results, undefined, {}, () => process.disconnect?.()),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`)
      process.exit(1)
    },
  )
})

async function perform(task: Transfer): Promise<readonly TransferResult[]> {
  if (task.kind === 'download') return Promise.all(task.digests.map((digest) => download(task, digest)))
  return Promise.all(Array.from({ length: task.streams }, () => upload(task, task.layerBytes)))
}

/** One POST, one PATCH of a length that the server is not told, one PUT: as docker and skopeo push. */
async function upload(target: Target, layerBytes: number): Promise<TransferResult> {
  const begun = await ask(target, 'POST', new URL(`/v2/${target.repository}/blobs/uploads/`, target.origin))
  const hash = createHash('sha256')
  const location = new URL(begun.headers.location ?? '', target.origin)
  const patch = request(location, { method: 'PATCH', headers: headers(target), agent: false })
  const answered = once(patch, 'response')
  await pipeline(Readable.from(pieces(layerBytes, hash)), patch)
  // once() gives the arguments of the event.
  const [patched] = (await answered) as [IncomingMessage]
  await finish(patched, 202)
  const done = new URL(patched.headers.location ?? '', target.origin)
  const digest = `sha256:${hash.digest('hex')}`
  done.searchParams.set('digest', digest)
  await ask(target, 'PUT', done)
  return { digest, bytes: layerBytes }
}

async function download(target: Target, digest: string): Promise<TransferResult> {
  const answer = await ask(target, 'GET', new URL(`/v2/${target.repository}/blobs/${digest}`, target.origin), false)
  return { digest, bytes: await finish(answer, 200) }
}

/** Random bytes once, with the piece's number in front, so that no two layers are the same. */
function* pieces(layerBytes: number, hash: ReturnType<typeof createHash>): Generator<Buffer> {
  const base = randomBytes(pieceBytes)
  for (let left = layerBytes, index = 0; left > 0; left -= pieceBytes, index += 1) {
    const piece = Buffer.from(base.subarray(0, Math.min(left, pieceBytes)))
    if (piece.length >= 4) piece.writeUInt32BE(index)
    hash.update(piece)
    yield piece
  }
}

async function ask(target: Target, method: string, url: URL, drain = true): Promise<IncomingMessage> {
  const sent = request(url, { method, headers: headers(target), agent: false })
  sent.end()
  // once() gives the arguments of the event.
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  if (drain) await finish(answer, method === 'POST' ? 202 : 201)
  return answer
}

async function finish(answer: IncomingMessage, status: number): Promise<number> {
  let bytes = 0
  for await (const piece of answer) bytes += (piece as Buffer).length // an answer without encoding gives buffers
  if (answer.statusCode !== status) throw new Error(`the server answered ${answer.statusCode}, not ${status}`)
  return bytes
}

function headers(target: Target): Record<string, string> {
  const token = Buffer.from(`AWS:${target.password}`).toString('base64')
  return { authorization: `Basic ${token}`, 'content-type': 'application/octet-stream' }
}
