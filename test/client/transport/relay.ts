// A relay in front of a registry that notes what is uploaded, and can make trouble: what it does stands between the client and a real server.

import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'

export type Seen = {
  readonly operation: string
  readonly path: string
  readonly status: number
  /** First and last byte of a layer part. */
  readonly part?: { readonly uploadId: string; readonly first: number; readonly last: number }
  readonly headers: IncomingMessage['headers']
}

export type Trouble =
  /** An answer in place of the server's; the request does not arrive. */
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly body: string
      readonly headers?: Readonly<Record<string, string>>
    }
  /** The server gets the request, the client no answer. */
  | { readonly kind: 'lose-answer' }
  /** The same, but the client goes on waiting. */
  | { readonly kind: 'hold-answer'; readonly reached: () => void }
  /** The answer's body is cut after so many bytes. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** One byte of the answer's body is another one. */
  | { readonly kind: 'damage' }

type Matches = (operation: string, path: string, headers: IncomingMessage['headers']) => boolean

export type Relay = {
  readonly origin: string
  readonly host: string
  readonly seen: readonly Seen[]
  /** The next `times` requests that match get `trouble`. */
  readonly plan: (matches: Matches, trouble: Trouble, times?: number) => void
  readonly clear: () => void
  readonly close: () => Promise<void>
}

/** Relays to `origin` on a port of its own. URLs of layers that pass by lead to the relay as well. */
export async function startRelay(origin: string): Promise<Relay> {
  const target = new URL(origin)
  const seen: Seen[] = []
  let plans: { matches: Matches; trouble: Trouble; left: number }[] = []
  let own = ''
  let layerHost = target.host
  const server = createServer((incoming, outgoing) => {
    void relay(incoming, outgoing).catch(() => outgoing.destroy())
  })

  async function relay(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const pieces: Buffer[] = []
    for await (const piece of incoming) pieces.push(piece as Buffer) // no encoding is set
    const body = Buffer.concat(pieces)
    const operation =
      String(incoming.headers['x-amz-target'] ?? incoming.method)
        .split('.')
        .at(-1) ?? ''
    const path = incoming.url ?? ''
    const plan = plans.find((one) => one.left > 0 && one.matches(operation, path, incoming.headers))
    if (plan) plan.left--
    const note = (status: number) =>
      seen.push({
        operation,
        path,
        status,
        headers: incoming.headers,
        ...(operation === 'UploadLayerPart' && { part: partOf(body) }),
      })
    const trouble = plan?.trouble
    if (trouble?.kind === 'answer') {
      note(trouble.status)
      outgoing
        // Large downloads are asked for again where no length is told: then the trouble would be over.
        .writeHead(trouble.status, {
          'content-type': 'application/x-amz-json-1.1',
          'content-length': Buffer.byteLength(trouble.body),
          ...trouble.headers,
        })
        .end(trouble.body)
      return
    }
    const answer = await forward(incoming, body)
    note(answer.status)
    if (trouble?.kind === 'lose-answer') {
      outgoing.destroy()
      return
    }
    if (trouble?.kind === 'hold-answer') {
      trouble.reached()
      return
    }
    outgoing.writeHead(answer.status, answer.headers)
    if (trouble?.kind === 'cut') {
      outgoing.write(answer.body.subarray(0, trouble.afterBytes), () => outgoing.destroy())
      return
    }
    if (trouble?.kind === 'damage') answer.body[Math.floor(answer.body.length / 2)]! ^= 1
    outgoing.end(answer.body)
  }

  async function forward(incoming: IncomingMessage, body: Buffer) {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    // `Host` stays: it is signed.
    const host = incoming.url?.startsWith('/layers/') === true ? layerHost : incoming.headers.host
    const headers = { ...incoming.headers, host }
    const outgoing = request(
      { host: target.hostname, port: target.port, method: incoming.method, path: incoming.url, headers, agent: false },
      resolve,
    )
    outgoing.once('error', reject)
    outgoing.end(body)
    const response = await promise
    const pieces: Buffer[] = []
    for await (const piece of response) pieces.push(piece as Buffer) // no encoding is set
    const answered: Record<string, string | string[] | undefined> = { ...response.headers }
    return { status: response.statusCode ?? 0, headers: answered, body: ownUrls(Buffer.concat(pieces), answered) }
  }

  /** URLs of layers in an answer lead here; they are signed for the host that the server has. */
  function ownUrls(body: Buffer, headers: Record<string, unknown>): Buffer {
    if (body.length > 10_000 || !body.includes('"downloadUrl"')) return body
    layerHost = /http:\/\/([^/]+)\/layers\//.exec(body.toString())?.[1] ?? layerHost
    const changed = Buffer.from(body.toString().replace(`http://${layerHost}/layers/`, `http://${own}/layers/`))
    headers['content-length'] = String(changed.length)
    delete headers['x-amz-crc32'] // it was of the other body
    return changed
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  own = `127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
  return {
    origin: `http://${own}`,
    host: own,
    seen,
    plan: (matches, trouble, times = 1) => plans.push({ matches, trouble, left: times }),
    clear: () => {
      plans = []
      seen.length = 0
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

function partOf(body: Buffer): NonNullable<Seen['part']> {
  // A request of the SDK: only the beginning and end matter, and the bytes between would be parsed for nothing.
  const ends = body.subarray(0, 600).toString() + body.subarray(-600).toString()
  const member = (name: string) => new RegExp(`"${name}":"?([0-9a-f-]+)`).exec(ends)?.[1] ?? ''
  return { uploadId: member('uploadId'), first: Number(member('partFirstByte')), last: Number(member('partLastByte')) }
}
