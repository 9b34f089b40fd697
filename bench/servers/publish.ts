// Putting an image into a registry as clients do, not measured.

import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

import { type BenchBlob, type BenchImage, manifestType } from '../images.ts'

type Headers = Readonly<Record<string, string>>

export async function publishTo(origin: string, headers: Headers, image: BenchImage): Promise<void> {
  for (const blob of image.blobs) await putBlob(origin, headers, image.repository, blob)
  const url = new URL(`/v2/${image.repository}/manifests/${image.tag}`, origin)
  await send('PUT', url, { ...headers, 'content-type': manifestType }, image.manifest.length, [image.manifest])
}

async function putBlob(origin: string, headers: Headers, repository: string, blob: BenchBlob): Promise<void> {
  const begun = await send('POST', new URL(`/v2/${repository}/blobs/uploads/`, origin), headers, 0, [])
  const location = new URL(begun.headers.location ?? '', origin)
  location.searchParams.set('digest', blob.digest)
  const typed = { ...headers, 'content-type': 'application/octet-stream' }
  await send('PUT', location, typed, blob.size, blob.pieces())
}

async function send(
  method: string,
  url: URL,
  headers: Headers,
  bytes: number,
  pieces: Iterable<Buffer>,
): Promise<IncomingMessage> {
  const sent = request(url, { method, headers: { ...headers, 'content-length': String(bytes) }, agent: false })
  const answered = once(sent, 'response')
  await pipeline(Readable.from(pieces), sent)
  // once() gives the arguments of the event.
  const [answer] = (await answered) as [IncomingMessage]
  let said = ''
  for await (const piece of answer) said += String(piece)
  const status = answer.statusCode ?? 0
  if (status < 200 || status > 299) throw new Error(`${method} ${url.pathname} was answered ${status}: ${said}`)
  return answer
}
