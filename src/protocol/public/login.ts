// Who calls a public registry. Resources take bearer tokens only, which `/token/` gives to everyone, or the base64 text that
// GetAuthorizationToken gives; a password is for `/token/` alone. A token says whose it is; whether its key still exists and when it ends
// is judged at each request (rows T3, T6).

import { mintToken, openToken, type OpenedToken } from '../../domain/authorisation/tokens.ts'
import type { Caller, Services } from '../../domain/context.ts'
import { publicRegistryOf } from '../../domain/references.ts'
import { claimsOf, holderOf } from '../../domain/sts/sessions.ts'
import { createFailedLogins, type FailedLogins, tooManyFailures } from '../distribution/failed-logins.ts'
import { answerFault } from '../distribution/faults.ts'
import type { HttpRequest, HttpResponse } from '../message.ts'

export interface PublicLoginOptions {
  readonly services: Services
  /** Set for development only: the caller that a password stands for which is not one of our tokens. */
  readonly anyPassword?: ((password: string) => Caller) | undefined
  /** Its own when not given. */
  readonly failedLogins?: FailedLogins | undefined
}

/** Who pulls without an account. It has none, so that nothing belongs to it. */
export const anonymous: Caller = {
  kind: 'anonymous',
  accountId: '',
  arn: 'anonymous',
  userId: 'anonymous',
  accessKeyId: '',
}

/** `stale` was good once: its time is over, or its key is gone. */
export type Judged =
  | { readonly kind: 'caller'; readonly caller: Caller; readonly untilMs: number }
  | { readonly kind: 'stale' }
  | { readonly kind: 'wrong' }

export interface PublicLogin {
  /** The caller of a request for a resource. */
  readonly authenticate: (
    request: HttpRequest,
  ) => Promise<{ readonly caller: Caller } | { readonly refusal: HttpResponse }>
  /** What the Basic credentials of a request for a token stand for; `undefined` when it has none. */
  readonly judgePassword: (request: HttpRequest) => Judged | undefined
  /** A bearer token for the caller, or for nobody. */
  readonly mint: (caller: Caller, untilMs: number) => string
  /** For credentials that are wrong, and not stale. */
  readonly refuseWrong: (request: HttpRequest) => Promise<HttpResponse>
}

export const sentences = {
  none: 'Not Authorized',
  expired: 'Your authorization token has expired. Reauthenticate and try again.',
  wrong: 'Your Authorization Token is invalid.',
}

export function createPublicLogin(options: PublicLoginOptions): PublicLogin {
  const { services, anyPassword } = options
  const failedLogins = options.failedLogins ?? createFailedLogins(services.clock)

  function holder(opened: OpenedToken): Judged {
    if (opened.kind !== 'valid') return { kind: opened.kind === 'expired' ? 'stale' : 'wrong' }
    const { accessKeyId, expiresAtMs: untilMs } = opened.claims
    if (accessKeyId === '') return { kind: 'caller', caller: anonymous, untilMs }
    const caller = holderOf(services, opened.claims)
    return caller ? { kind: 'caller', caller, untilMs } : { kind: 'stale' }
  }

  /** @param encoded base64 of `AWS:<password>` */
  function judgeEncoded(encoded: string): Judged {
    const password = passwordOf(encoded)
    if (password === undefined) return { kind: 'wrong' }
    const now = services.clock.now()
    const opened = openToken(services.secrets, password, now)
    if (opened.kind !== 'invalid' || !anyPassword) return holder(opened)
    return { kind: 'caller', caller: anyPassword(password), untilMs: now + services.publicLimits.tokenLifeMs }
  }

  function judgeBearer(token: string): Judged {
    const opened = openToken(services.secrets, token, services.clock.now(), 'bearer')
    return opened.kind === 'invalid' ? judgeEncoded(token) : holder(opened)
  }

  /** 401 with a challenge, so that a client fetches another token and goes on. */
  const challenge = (message: string): HttpResponse =>
    answerFault({
      status: 401,
      code: 'DENIED',
      message,
      // The realm is the configured address, never what the client wrote into `Host` (rows T1, D18). The scope is the same for everything.
      headers: {
        'WWW-Authenticate': `Bearer realm="${originOf(services)}/token/",service="public.ecr.aws",scope="aws"`,
      },
    })

  return {
    authenticate: async (request) => {
      const header = request.headers['authorization']
      if (header === undefined) return { refusal: challenge(sentences.none) }
      const [, scheme = '', credentials] = /^([a-z]{1,20}) +([^ ]{1,8192})$/i.exec(header) ?? []
      // Told apart from a wrong bearer token: the client has to be set up differently (kreuzwerker/terraform-provider-docker PR 666).
      if (scheme.toLowerCase() === 'basic') return { refusal: refuseBasic() }
      const judged: Judged =
        scheme.toLowerCase() === 'bearer' && credentials !== undefined ? judgeBearer(credentials) : { kind: 'wrong' }
      if (judged.kind === 'caller') return judged
      if (judged.kind === 'stale') return { refusal: challenge(sentences.expired) }
      const isOverLimit = await failedLogins.isOverLimit(request.remoteAddress)
      return { refusal: isOverLimit ? tooManyFailures() : challenge(sentences.wrong) }
    },
    judgePassword: (request) => {
      const header = request.headers['authorization']
      if (header === undefined) return undefined
      const [, encoded] = /^basic +([^ ]{1,8192})$/i.exec(header) ?? []
      return encoded === undefined ? { kind: 'wrong' } : judgeEncoded(encoded)
    },
    mint: (caller, untilMs) => mintToken(services.secrets, claimsOf(caller, untilMs), 'bearer'),
    refuseWrong: async (request) =>
      (await failedLogins.isOverLimit(request.remoteAddress))
        ? tooManyFailures()
        : answerFault({
            status: 401,
            code: 'DENIED',
            message: sentences.wrong,
            headers: { 'WWW-Authenticate': `Basic realm="${originOf(services)}/token/",service="public.ecr.aws"` },
          }),
  }
}

/** Scheme and host of all public registries. */
function originOf({ links }: Services): string {
  return links.proxyEndpoint(publicRegistryOf(''))
}

function passwordOf(encoded: string): string | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return undefined
  const decoded = Buffer.from(encoded, 'base64').toString('utf8')
  return decoded.startsWith('AWS:') && decoded.length > 4 ? decoded.slice(4) : undefined
}

function refuseBasic(): HttpResponse {
  return answerFault({ status: 400, code: 'DENIED', message: sentences.wrong })
}
