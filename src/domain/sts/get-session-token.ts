import { fail } from '../../model/errors.ts'
import type { AccessKey, Context } from '../context.ts'
import { openTemporary } from './sessions.ts'

const rootSecondsMax = 3_600
const secondsDefault = 43_200

/**
 * Temporary credentials of the caller itself, a user or a root. They end with the key that asked for them, too. For a root at most an hour, whatever
 * it asks for. Fails with AccessDenied for temporary credentials.
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
 */
export function openOwnSession(
  ctx: Context,
  durationSeconds: number = secondsDefault,
  tokenCharactersMin?: number,
): Required<AccessKey> {
  const { caller, clock } = ctx
  if (caller.temporary) fail('AccessDeniedException/sessionToken')
  const seconds = caller.kind === 'root' ? Math.min(durationSeconds, rootSecondsMax) : durationSeconds
  const issuedAtMs = clock.now()
  const { accessKeyId: issuedBy, ...principal } = caller
  const temporary = { issuedAtMs, expiresAtMs: issuedAtMs + seconds * 1000, issuedBy }
  return openTemporary(ctx, { ...principal, temporary }, tokenCharactersMin)
}
