import { createHash } from 'node:crypto'

/** The digest algorithms that the OCI image specification registers and that we accept. */
export type DigestAlgorithm = 'sha256' | 'sha512'

/** A well-formed digest of a known algorithm, lower-case hex. Made only by `parseDigest` and `digestOf`. */
export type Digest = `sha256:${string}` | `sha512:${string}`

const pattern = /^sha(?:256|512):[a-f0-9]+$/

/** The digest in `text`, or `undefined` when it is not one (wrong length, upper case, another algorithm). */
export function parseDigest(text: string): Digest | undefined {
  // The length is that of the algorithm's digests: a pattern that counts the digits takes twice as long, and a call has a hundred.
  const isWhole = text.length === 71 ? text.startsWith('sha256:') : text.length === 135 && text.startsWith('sha512:')
  return isWhole && pattern.test(text) ? (text as Digest) : undefined
}

export function algorithmOf(digest: Digest): DigestAlgorithm {
  return digest.startsWith('sha256:') ? 'sha256' : 'sha512'
}

/** The hex part. */
export function hexOf(digest: Digest): string {
  return digest.slice(7)
}

export function digestOf(bytes: string | Uint8Array, algorithm: DigestAlgorithm = 'sha256'): Digest {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`
}
