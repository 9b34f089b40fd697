// The log line of one request, and what makes text from strangers safe to write into it.

/** What is known of every request, beside the fields its handler adds. Never a secret, never a control character. */
export interface RequestLine {
  readonly requestId: string
  readonly method: string
  /** The target, secrets masked, escaped, cut at 2 KiB. */
  readonly path: string
  /** `undefined` when the client was gone before there was an answer. */
  readonly status: number | undefined
  /** Body bytes taken from the client. */
  readonly bytesIn: number
  /** Body bytes the client's connection took. */
  readonly bytesOut: number
  readonly durationMs: number
  readonly remoteAddress: string
  readonly userAgent: string
  /** True when the answer did not leave whole. */
  readonly aborted: boolean
  /** Why the server broke the connection, when it was the server. */
  readonly cut?: CutReason
  readonly [field: string]: unknown
}

export type CutReason = 'upload-too-slow' | 'download-too-slow' | 'defect' | 'malformed' | 'asked'

// Row R12.
const fieldCharactersMax = 2048

// A presigned URL lets its holder act until it expires; a session token is half a credential.
const secretParameters = new Set(['x-amz-signature', 'x-amz-security-token'])

/** A request target with the secrets of its query masked, fit for a log. */
export function targetForLog(target: string): string {
  const mark = target.indexOf('?')
  if (mark === -1) return textForLog(target)
  return textForLog(target.slice(0, mark + 1) + maskSecrets(target.slice(mark + 1)))
}

/**
 * Text from a stranger, cut at 2 KiB, with everything outside printable ASCII (and the escape character) written as
 * `\xNN`.
 */
export function textForLog(text: string): string {
  const kept = text.length > fieldCharactersMax ? text.slice(0, fieldCharactersMax) : text
  if (/^[\x20-\x5b\x5d-\x7e]*$/.test(kept)) return kept
  return kept.replace(/[^\x20-\x5b\x5d-\x7e]/g, escape).slice(0, fieldCharactersMax)
}

function escape(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
}

// A signature under a mistyped name is a signature all the same. A digest in a query is not bare: `sha256:` or `sha256%3A` stands before it.
const looksSigned = /^=[0-9a-f]{64}$/i

function maskSecrets(query: string): string {
  return query
    .split('&')
    .map((pair) => {
      const equals = pair.indexOf('=')
      if (equals === -1) return pair
      const isSecret =
        secretParameters.has(parameterName(pair.slice(0, equals))) || looksSigned.test(pair.slice(equals))
      return isSecret ? `${pair.slice(0, equals)}=***` : pair
    })
    .join('&')
}

// `X-Amz-Signatur%65` names the same parameter to a decoder further in.
function parameterName(encoded: string): string {
  if (!encoded.includes('%')) return encoded.toLowerCase()
  try {
    return decodeURIComponent(encoded).toLowerCase()
  } catch {
    return encoded.toLowerCase()
  }
}
