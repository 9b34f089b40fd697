// Who signed an API request. Normally SigV4 decides; with `--dev` any access key is believed, because nobody knows its secret.

import type { AccessKeys, Caller, Services } from '../domain/context.ts'
import type { HttpRequest } from './message.ts'
import { isRegionName, parseAuthorization, parseCredential, type CredentialScope } from './sigv4/authorization.ts'
import type { Payload, SigV4Verifier } from './sigv4/verify.ts'

export type Authentication =
  | { readonly ok: true; readonly caller: Caller; readonly region: string }
  | { readonly ok: false; readonly fault: { readonly type: string; readonly message: string } }

/** `serviceName` is the signing name that the request has to be signed for. */
export type Authenticate = (request: HttpRequest, payload: Payload, serviceName: string) => Promise<Authentication>

export interface AuthenticateOptions {
  readonly verifier: SigV4Verifier<Caller>
  readonly accessKeys: AccessKeys
  /** With `--dev`: the caller that an access key nobody made stands for. */
  readonly devPrincipal: ((accessKeyId: string) => Caller) | undefined
}

export function createAuthenticate({ verifier, accessKeys, devPrincipal }: AuthenticateOptions): Authenticate {
  return async (request, payload, serviceName) => {
    const believed = devPrincipal && unknownSigner(request, accessKeys, devPrincipal)
    if (believed) return believed
    const verdict = await verifier.verifyHeader(request, payload, { services: [serviceName] })
    return verdict.ok
      ? { ok: true, caller: verdict.principal, region: verdict.region }
      : { ok: false, fault: { type: verdict.fault.kind, message: verdict.fault.message } }
  }
}

/**
 * Whether a request names an access key that may be good, with the session token of a temporary one. One that does not is refused whatever its body,
 * which need not be received.
 */
export function namesKnownKey(
  request: HttpRequest,
  { accessKeys, clock }: Pick<Services, 'accessKeys' | 'clock'>,
): boolean {
  const scope = namedScope(request)
  const key = scope && accessKeys.find(scope.accessKeyId, request.headers['x-amz-security-token'])
  return key !== undefined && (key.expiresAtMs === undefined || clock.now() < key.expiresAtMs)
}

/** The signer named in a well-formed Authorization header, when its key is not one of ours: there is no secret to check it with. */
function unknownSigner(
  request: HttpRequest,
  accessKeys: AccessKeys,
  devPrincipal: (accessKeyId: string) => Caller,
): Authentication | undefined {
  const scope = namedScope(request)
  if (!scope || !isRegionName(scope.region)) return undefined
  if (accessKeys.find(scope.accessKeyId, request.headers['x-amz-security-token'])) return undefined
  return { ok: true, caller: devPrincipal(scope.accessKeyId), region: scope.region }
}

function namedScope(request: HttpRequest): CredentialScope | undefined {
  const authorization = parseAuthorization(request.headers['authorization'] ?? '')
  return 'credential' in authorization ? parseCredential(authorization.credential) : undefined
}
