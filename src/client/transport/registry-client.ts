// Requests to a registry's `/v2/`: with the right credentials, along redirects (which get none), and with faults told apart.

import type { Credentials } from './docker-credentials.ts'
import { TransientError } from './place.ts'
import { openRegistryLogin } from './registry-login.ts'
import type { HttpAnswer } from './http-answer.ts'
import { discard, type HttpCall, type HttpOptions, isSuccess, readText, sendHttp } from './send-http.ts'
import { transportError, transportFail } from './transport-error.ts'
import { withRetries } from './with-retries.ts'

export interface RegistryOptions extends HttpOptions {
  /** `host:port`. */
  readonly host: string
  /** Without TLS. Loopback hosts are spoken to without it unless this is false. */
  readonly plainHttp?: boolean | undefined
  readonly credentials: () => Promise<Credentials | undefined>
}

export interface RegistryCall {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** A path with its query, or the address a registry gave. */
  readonly target: string | URL
  /** What is to be done, for a token: `repository:NAME:pull` and the like. */
  readonly scope: string
  readonly headers?: Readonly<Record<string, string>>
  /** Called again when the request is. */
  readonly body?: (() => AsyncIterable<Uint8Array> | Uint8Array) | undefined
  readonly answerBytes?: HttpCall['answerBytes']
  /** Statuses besides 2xx that are an answer, not a fault. */
  readonly accept?: readonly number[]
  readonly signal: AbortSignal | undefined
}

export interface RegistryClient {
  readonly host: string
  /** One exchange, with a login when one is asked for. Throws TransientError, Unauthorized, Refused, Aborted. */
  send(call: RegistryCall): Promise<HttpAnswer>
  /** The same, tried again while that may help; for requests whose body can be made again. */
  sendAgain(call: RegistryCall): Promise<HttpAnswer>
  /** The address that an answer's `Location` names. Fails with Refused. */
  locationOf(answer: HttpAnswer, base: string | URL): URL
}

const redirectsMax = 5
const faultBytesMax = 64 * 1024

export function openRegistryClient(options: RegistryOptions): RegistryClient {
  const { host } = options
  const plain = options.plainHttp ?? isLoopback(host)
  const origin = new URL(`${plain ? 'http' : 'https'}://${host}`)
  const login = openRegistryLogin({ ...options, origin })

  const exchange = async (call: RegistryCall): Promise<HttpAnswer> => {
    for (let tries = 0; ; tries++) {
      const sent = login.headerFor(call.scope)
      const answer = await follow(call, sent)
      const challenge = answer.headers['www-authenticate']
      if (answer.status !== unauthorized || challenge === undefined || tries === 2) return answer
      if (!(await login.answer(challenge, call.scope, sent, call.signal))) return answer
      await discard(answer)
    }
  }

  const follow = async (call: RegistryCall, authorization: string | undefined): Promise<HttpAnswer> => {
    let url = new URL(call.target, origin)
    for (let hops = 0; ; hops++) {
      // Credentials never leave the registry: S3 refuses them, and nobody else is to have them.
      const own = url.origin === origin.origin && authorization !== undefined
      const headers = { ...call.headers, ...(own && { authorization }) }
      const answer = await sendHttp({ ...call, url, headers, body: call.body?.() }, options)
      const location = answer.headers['location']
      if (!redirects.includes(answer.status) || location === undefined || hops === redirectsMax) return answer
      await discard(answer)
      url = new URL(location, url)
      if (origin.protocol === 'https:' && url.protocol !== 'https:')
        transportFail('Refused', {
          where: host,
          reason: `it redirects to ${url.protocol}//${url.host}, which is not encrypted.`,
        })
    }
  }

  const send = async (call: RegistryCall): Promise<HttpAnswer> => {
    const answer = await exchange(call)
    if (isSuccess(answer.status) || (call.accept ?? []).includes(answer.status)) return answer
    throw await registryFault(host, call, answer)
  }
  return {
    host,
    send,
    sendAgain: (call) => withRetries(() => send(call), call),
    locationOf: (answer, base) => {
      const location = answer.headers['location']
      const absolute = new URL(base, origin)
      return location !== undefined && URL.canParse(location, absolute)
        ? new URL(location, absolute)
        : transportFail('Refused', { where: host, reason: 'it did not say where the upload goes.' })
    },
  }
}

const unauthorized = 401
const redirects: readonly number[] = [301, 302, 303, 307, 308]
const notPermitted: readonly number[] = [unauthorized, 403]

function isLoopback(host: string): boolean {
  return /^(?:localhost|[a-z0-9.-]+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i.test(host)
}

/** What an answer means that nobody asked for. */
export async function registryFault(
  host: string,
  call: Pick<RegistryCall, 'method' | 'signal'>,
  answer: HttpAnswer,
): Promise<Error> {
  const { status, headers } = answer
  const text = call.method === 'HEAD' ? '' : (await readText(answer, host, faultBytesMax, call.signal)).toString()
  if (call.method === 'HEAD') await discard(answer)
  const reason = sentenceOf(text) ?? `it answered ${status}.`
  if (notPermitted.includes(status)) return transportError('Unauthorized', { where: host, reason })
  const refused = transportError('Refused', { where: host, reason })
  // 507 is a full disk: it will not be emptier in a second.
  if (status !== 429 && (status < 500 || status === 507)) return refused
  const seconds = Number(headers['retry-after'] ?? Number.NaN)
  return new TransientError(refused, Number.isFinite(seconds) ? seconds * 1000 : undefined)
}

/** The first message of an error as the distribution specification writes it. */
function sentenceOf(text: string): string | undefined {
  try {
    // Looked at below.
    const json = JSON.parse(text) as {
      readonly errors?: readonly { readonly code?: unknown; readonly message?: unknown }[]
    } | null
    const [first] = Array.isArray(json?.errors) ? json.errors : []
    const message = first?.message || first?.code
    return typeof message === 'string' ? message.slice(0, 1000) : undefined
  } catch {
    return undefined
  }
}
