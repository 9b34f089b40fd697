// Who we are at a registry's `/v2/`: nobody until it asks, then Basic or a bearer token from where its challenge says.
// https://github.com/distribution/distribution/blob/main/docs/content/spec/auth/token.md

import type { Credentials } from './docker-credentials.ts'
import { type HttpOptions, isSuccess, readText, sendHttp } from './send-http.ts'
import { transportFail } from './transport-error.ts'

export interface RegistryLogin {
  /** The value of `Authorization` to send for this scope, or `undefined`. */
  headerFor(scope: string): string | undefined
  /** Answers the challenge to a request that was `sent` with this header; false when there is nothing else to try. Fails with Unauthorized. */
  answer(challenge: string, scope: string, sent: string | undefined, signal: AbortSignal | undefined): Promise<boolean>
}

export interface LoginOptions extends HttpOptions {
  /** Of the registry. */
  readonly origin: URL
  /** Asked when the registry wants to know, and again when it no longer takes what it got. */
  readonly credentials: () => Promise<Credentials | undefined>
}

/** Remembers what a registry accepted, for each scope. */
export function openRegistryLogin(options: LoginOptions): RegistryLogin {
  const headers = new Map<string, string>()
  let asking: Promise<Credentials | undefined> | undefined
  const ask = () =>
    (asking ??= options.credentials().finally(() => {
      asking = undefined
    }))
  return {
    headerFor: (scope) => headers.get(scope),
    answer: async (challenge, scope, sent, signal) => {
      // Another request was quicker.
      if (headers.get(scope) !== sent) return true
      const { scheme, params } = parseChallenge(challenge)
      const known = await ask()
      if (scheme === 'bearer') {
        headers.set(scope, `Bearer ${await getToken(options, params, scope, known, signal)}`)
        return true
      }
      const header = known?.kind === 'password' ? basic(known.username, known.password) : undefined
      if (header === undefined || header === sent) return false
      headers.set(scope, header)
      return true
    },
  }
}

const tokenBytesMax = 256 * 1024

/** A token for what is to be done. A login that is of no use does not stand in the way of what anyone may read. */
async function getToken(
  options: LoginOptions,
  params: Params,
  scope: string,
  credentials: Credentials | undefined,
  signal: AbortSignal | undefined,
): Promise<string> {
  const fail = (reason: string) => transportFail('Unauthorized', { where: options.origin.host, reason })
  const realm = URL.canParse(params['realm'] ?? '')
    ? new URL(params['realm'] ?? '')
    : fail('its challenge has no realm.')
  if (options.origin.protocol === 'https:' && realm.protocol !== 'https:') fail('its tokens would come unencrypted.')
  // ECR Public asks for the scope `aws`, whatever is done.
  const request = { realm, service: params['service'] ?? '', scope: params['scope'] ?? scope, signal }
  const first = await requestToken(options, request, credentials)
  if (first.token !== undefined) return first.token
  const second = credentials && !scope.includes('push') ? await requestToken(options, request, undefined) : first
  return second.token ?? fail(`${realm.host} answered ${first.status} and gave no token.`)
}

type Params = Readonly<Record<string, string>>

interface TokenRequest {
  readonly realm: URL
  readonly service: string
  /** Several with blanks between. */
  readonly scope: string
  readonly signal: AbortSignal | undefined
}

async function requestToken(
  options: LoginOptions,
  { realm, service, scope, signal }: TokenRequest,
  credentials: Credentials | undefined,
): Promise<{ readonly status: number; readonly token: string | undefined }> {
  const url = new URL(realm)
  const form = new URLSearchParams({ grant_type: 'refresh_token', service, scope, client_id: 'stowage' })
  if (credentials?.kind === 'identity-token') {
    form.set('refresh_token', credentials.token)
  } else {
    if (service !== '') url.searchParams.set('service', service)
    for (const one of scope.split(' ')) url.searchParams.append('scope', one)
  }
  const call =
    credentials?.kind === 'identity-token'
      ? {
          method: 'POST',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: Buffer.from(form.toString()),
        }
      : {
          method: 'GET',
          headers: credentials ? { authorization: basic(credentials.username, credentials.password) } : {},
        }
  const answer = await sendHttp({ ...call, url, signal }, options)
  const body = await readText(answer, url.host, tokenBytesMax, signal)
  return { status: answer.status, token: isSuccess(answer.status) ? tokenOf(body.toString()) : undefined }
}

function tokenOf(text: string): string | undefined {
  try {
    // Looked at below.
    const json = JSON.parse(text) as { readonly token?: unknown; readonly access_token?: unknown } | null
    const token = json?.token ?? json?.access_token
    return typeof token === 'string' && /^[\x21-\x7e]+$/.test(token) ? token : undefined
  } catch {
    return undefined
  }
}

/** `Scheme name="value", ...`: https://www.rfc-editor.org/rfc/rfc9110#name-www-authenticate */
function parseChallenge(text: string): { readonly scheme: string; readonly params: Params } {
  const scheme = /^\s*([A-Za-z]+)/.exec(text)?.[1]?.toLowerCase() ?? ''
  const params = [...text.matchAll(/([A-Za-z_]+)="((?:[^"\\]|\\.)*)"/g)].map(([, name = '', value = '']) => [
    name.toLowerCase(),
    value.replaceAll(/\\(.)/g, '$1'),
  ])
  return { scheme, params: Object.fromEntries(params) }
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}
