// Who calls: `docker login -u AWS` sends Basic credentials whose password is an authorization token (GetAuthorizationToken). A token says
// whose it is; whether its key still exists and when it ends is judged at each request (row T6).
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html

import { openToken, type TokenClaims } from '../../domain/authorisation/tokens.ts'
import type { Caller, Services } from '../../domain/context.ts'
import { holderOf } from '../../domain/sts/sessions.ts'
import type { RegistryKey } from '../../domain/ports/metadata.ts'
import type { HttpRequest, HttpResponse } from '../message.ts'
import { answerFault } from './faults.ts'
import { type FailedLogins, tooManyFailures } from './failed-logins.ts'

export interface LoginOptions {
  readonly services: Services
  readonly failedLogins: FailedLogins
  /** Set for development only: the caller that a password stands for which is not one of our tokens. */
  readonly anyPassword?: ((password: string) => Caller) | undefined
}

export type LoginOutcome = { readonly caller: Caller } | { readonly refusal: HttpResponse }

/** Genuine tokens seen, so that their MAC and base64 are done once. What they stand for is looked up each time. */
const tokensKept = 1_000
// A header of ours is about 200 characters, 1,000 with a session and 7,000 with the longest; a token with odd padding around it is not worth keeping.
const keptCharactersMax = 8_192

/** The outcome is there at once when the credentials are good. */
export function createLogin(
  options: LoginOptions,
): (request: HttpRequest, registry: RegistryKey) => LoginOutcome | Promise<LoginOutcome> {
  const { services, failedLogins, anyPassword } = options
  const genuine = new Map<string, TokenClaims>()

  function keep(header: string, claims: TokenClaims): void {
    if (header.length > keptCharactersMax) return
    genuine.set(header, claims)
    const [oldest] = genuine.keys()
    if (genuine.size > tokensKept && oldest !== undefined) genuine.delete(oldest)
  }

  /** Whom the claims of a genuine token stand for now. */
  function holder(claims: TokenClaims): Caller | 'expired' | undefined {
    return services.clock.now() < claims.expiresAtMs ? holderOf(services, claims) : 'expired'
  }

  function judge(header: string): Caller | 'expired' | undefined {
    const known = genuine.get(header)
    if (known) return holder(known)
    const password = passwordOf(header)
    if (password === undefined) return undefined
    const opened = openToken(services.secrets, password, services.clock.now())
    if (opened.kind === 'invalid') return anyPassword?.(password)
    keep(header, opened.claims)
    return holder(opened.claims)
  }

  const refuse = async (request: HttpRequest, judged: 'expired' | undefined, registry: RegistryKey) => {
    if (await failedLogins.isOverLimit(request.remoteAddress)) return { refusal: tooManyFailures() }
    return { refusal: judged === 'expired' ? expired() : challenge(services, registry) }
  }

  return (request, registry) => {
    const header = request.headers['authorization']
    if (header === undefined) return { refusal: challenge(services, registry) }
    const judged = judge(header)
    return typeof judged === 'object' ? { caller: judged } : refuse(request, judged, registry)
  }
}

/** The password of user AWS in a Basic header; `undefined` when the header is anything else. */
function passwordOf(header: string): string | undefined {
  const [, encoded] = /^basic +([A-Za-z0-9+/]{1,8192}={0,2})$/i.exec(header) ?? []
  if (encoded === undefined) return undefined
  const decoded = Buffer.from(encoded, 'base64').toString('utf8')
  return decoded.startsWith('AWS:') && decoded.length > 4 ? decoded.slice(4) : undefined
}

/** The realm is the configured address, never what the client wrote into `Host` (rows T1, D18). Text and headers as observed of ECR. */
function challenge(services: Services, registry: RegistryKey): HttpResponse {
  return {
    status: 401,
    headers: {
      'Content-Type': 'text/plain; charset=utf-8',
      'WWW-Authenticate': `Basic realm="${services.links.proxyEndpoint(registry)}/",service="ecr.amazonaws.com"`,
    },
    body: 'Not Authorized\n',
  }
}

function expired(): HttpResponse {
  return answerFault({
    status: 403,
    code: 'DENIED',
    message: 'Your authorization token has expired. Reauthenticate and try again.',
  })
}
