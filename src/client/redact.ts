// What may be shown of a call: everything but secrets (tokens, keys, signatures, presigned URLs) and layer bytes.

const secretMembers = new Set([
  'authorizationtoken',
  'secretaccesskey',
  'sessiontoken',
  'securitytoken',
  'password',
  'passphrase',
])
const secretHeaders = new Set([
  'authorization',
  'proxy-authorization',
  'x-amz-security-token',
  'cookie',
  'set-cookie',
  'www-authenticate',
])
const textShownMax = 1000
const hidden = '<hidden>'

/** A copy of an input or answer for people: secrets hidden, bytes as their number, long text cut. */
export function redact(value: unknown, member = ''): unknown {
  if (value === undefined || value === null) return value
  if (secretMembers.has(member.toLowerCase())) return hidden
  if (value instanceof Uint8Array) return `<${value.byteLength} bytes>`
  if (value instanceof Date) return value.toISOString()
  if (typeof value === 'string') return redactText(value, member)
  if (Array.isArray(value)) return value.map((item) => redact(item, member))
  if (typeof value !== 'object') return typeof value === 'bigint' ? Number(value) : value
  if (Symbol.asyncIterator in value) return '<stream>'
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, redact(item, name)]))
}

/** The headers of a request or an answer without what lets its bearer in. */
export function redactHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      secretHeaders.has(name.toLowerCase()) ? hidden : redactText(value, name),
    ]),
  )
}

/** The body of a request or an answer: JSON with its members redacted, other text cut. */
export function redactBody(body: unknown): string {
  if (body === undefined || body === null) return ''
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  if (!(bytes instanceof Uint8Array)) return '<stream>'
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  try {
    return JSON.stringify(redact(JSON.parse(text)))
  } catch {
    return cut(text)
  }
}

function redactText(text: string, member: string): string {
  // Bytes that were given as text, or are base64 on the wire.
  if (member === 'layerPartBlob' || member === 'logoImageBlob') return `<${text.length} characters>`
  // A presigned URL lets anybody in who has its query.
  return cut(
    text.replace(/(https?:\/\/[^\s?"]+)\?[^\s"]+/g, `$1?${hidden}`).replace(/(https?:\/\/)[^\s/@"]+@/g, `$1${hidden}@`),
  )
}

function cut(text: string): string {
  return text.length <= textShownMax ? text : `${text.slice(0, textShownMax)}... (${text.length} characters)`
}
