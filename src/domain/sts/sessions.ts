// Temporary credentials in use: whose they are, and whether they still hold. They end with their time, with the user or role, with the key that asked for
// them, and when the operator revokes what was opened before a time.

import { newAwsId, newSecretAccessKey } from '../../lib/aws-ids.ts'
import { rememberSome } from '../../lib/remember-some.ts'
import type { TokenClaims } from '../authorisation/tokens.ts'
import type { AccessKey, AccessKeys, Caller, Context, Identities, Secrets, Services } from '../context.ts'
import { openSession, sealSession } from './session-token.ts'

export interface SessionsOptions {
  /** Keys of roots and users. */
  readonly lasting: AccessKeys
  /** Those whose sessions are good: the same, or any with `--dev`. */
  readonly issuers: AccessKeys
  readonly secrets: Secrets
  readonly identities: Identities
}

/** Session tokens at hand: 2 MB usually, 16 MB if all are as long as can be. */
const tokensMax = 1_000

/** Access keys with temporary ones, which come with a session token. An expired one is found: its holder is told so. */
export function withSessions({ lasting, issuers, secrets, identities }: SessionsOptions): AccessKeys {
  // Each request shows its token. What it stands for never changes; whether that still holds is judged below.
  const open = rememberSome((token) => openSession(secrets, token), tokensMax)
  return {
    find: (accessKeyId, sessionToken) => {
      if (sessionToken === undefined) return lasting.find(accessKeyId)
      const session = open(sessionToken)
      if (!session) return undefined
      const { principal, secretAccessKey } = session
      if (principal.accessKeyId !== accessKeyId || !isAlive({ accessKeys: issuers, identities }, principal)) {
        return undefined
      }
      const expiresAtMs = principal.temporary?.expiresAtMs ?? 0
      return { accessKeyId, secretAccessKey, principal, sessionToken, expiresAtMs }
    },
  }
}

/** Whom the claims of a genuine, unexpired authorization token stand for now; `undefined` when its key or session is gone. */
export function holderOf(
  services: Pick<Services, 'accessKeys' | 'identities'>,
  { accessKeyId, session }: TokenClaims,
): Caller | undefined {
  if (!session) return services.accessKeys.find(accessKeyId)?.principal
  return isAlive(services, session) ? session : undefined
}

/** The claims of an authorization token for the caller. One that a session asks for ends with it (row T7). */
export function claimsOf(caller: Caller, untilMs: number): TokenClaims {
  const { accessKeyId, temporary } = caller
  if (!temporary) return { accessKeyId, expiresAtMs: untilMs }
  return { accessKeyId, expiresAtMs: Math.min(untilMs, temporary.expiresAtMs), session: caller }
}

function isAlive({ accessKeys, identities }: Pick<Services, 'accessKeys' | 'identities'>, principal: Caller): boolean {
  const { temporary } = principal
  if (temporary?.issuedBy !== undefined && !accessKeys.find(temporary.issuedBy)) return false
  return identities.of(principal) !== undefined
}

/** New credentials of a principal that has none yet. */
export function openTemporary(
  { secrets, ids }: Pick<Context, 'secrets' | 'ids'>,
  principal: Omit<Caller, 'accessKeyId'> & Required<Pick<Caller, 'temporary'>>,
  tokenCharactersMin: number | undefined,
): Required<AccessKey> {
  const accessKeyId = newAwsId(ids, 'ASIA')
  const secretAccessKey = newSecretAccessKey(ids)
  const caller = { ...principal, accessKeyId }
  const sessionToken = sealSession(secrets, ids, { secretAccessKey, principal: caller }, tokenCharactersMin)
  const { expiresAtMs } = principal.temporary
  return { accessKeyId, secretAccessKey, sessionToken, expiresAtMs, principal: caller }
}
