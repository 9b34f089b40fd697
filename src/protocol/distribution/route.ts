// What a path of the data plane means. It is read from the right, because a repository name may hold slashes and words such as `blobs`,
// and as it came: nothing is decoded or normalised, so a percent sign or a dot segment never matches (rows D1, D2).
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#endpoints

import { parseDigest, type Digest } from '../../lib/digest.ts'

/** What stands behind `/manifests/`. */
export type Reference =
  | { readonly kind: 'tag'; readonly tag: string }
  | { readonly kind: 'digest'; readonly digest: Digest }
  /** Neither a tag nor a digest: nothing can have this name. */
  | { readonly kind: 'neither'; readonly text: string }

export type Route =
  | { readonly kind: 'version' }
  | { readonly kind: 'catalog' }
  | { readonly kind: 'manifest'; readonly name: string; readonly reference: Reference }
  | { readonly kind: 'blob'; readonly name: string; readonly digest: Digest }
  | { readonly kind: 'uploads'; readonly name: string }
  | { readonly kind: 'upload'; readonly name: string; readonly uploadId: string }
  | { readonly kind: 'tags'; readonly name: string }
  | { readonly kind: 'referrers'; readonly name: string; readonly subject: Digest }

/** Why a path means nothing. */
export type RouteFault = 'no-endpoint' | 'invalid-name' | 'invalid-digest'

const nameCharactersMin = 2
const nameCharactersMax = 256
// ECR's repositoryName (model of 2015-09-21), the same names as the OCI specification's.
const namePattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/
const tagPattern = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/

export type Parsed = Route | { readonly fault: RouteFault }

/** Whether the path belongs to the data plane at all. */
export function isDistributionPath(path: string): boolean {
  return path === '/v2' || path.startsWith('/v2/')
}

export function isRepositoryName(text: string): boolean {
  return text.length >= nameCharactersMin && text.length <= nameCharactersMax && namePattern.test(text)
}

export function isTag(text: string): boolean {
  return tagPattern.test(text)
}

/** @param isName which addresses can be a repository's */
export function parseRoute(path: string, isName: (text: string) => boolean = isRepositoryName): Parsed {
  if (path === '/v2' || path === '/v2/') return { kind: 'version' }
  if (path === '/v2/_catalog') return { kind: 'catalog' }
  if (!path.startsWith('/v2/')) return { fault: 'no-endpoint' }
  const named = (parts: readonly string[], endpointParts: number, route: (name: string) => Parsed): Parsed => {
    const name = parts.slice(0, -endpointParts).join('/')
    return isName(name) ? route(name) : { fault: 'invalid-name' }
  }
  const parts = path.slice('/v2/'.length).split('/')
  const [third, second, last] = [parts.at(-3), parts.at(-2), parts.at(-1)]
  if (third === 'blobs' && second === 'uploads' && last !== undefined) {
    return named(parts, 3, (name) =>
      last === '' ? { kind: 'uploads', name } : { kind: 'upload', name, uploadId: last },
    )
  }
  if (second === 'blobs' && last === 'uploads') return named(parts, 2, (name) => ({ kind: 'uploads', name }))
  if (second === 'tags' && last === 'list') return named(parts, 2, (name) => ({ kind: 'tags', name }))
  if (last === undefined || last === '') return { fault: 'no-endpoint' }
  if (second === 'manifests') return named(parts, 2, (name) => manifestRoute(name, last))
  if (second === 'blobs')
    return named(parts, 2, (name) => withDigest(last, (digest) => ({ kind: 'blob', name, digest })))
  if (second === 'referrers') {
    return named(parts, 2, (name) => withDigest(last, (subject) => ({ kind: 'referrers', name, subject })))
  }
  return { fault: 'no-endpoint' }
}

function withDigest(text: string, route: (digest: Digest) => Route): Parsed {
  const digest = parseDigest(text)
  return digest === undefined ? { fault: 'invalid-digest' } : route(digest)
}

function manifestRoute(name: string, text: string): Parsed {
  // No tag has a colon.
  if (text.includes(':'))
    return withDigest(text, (digest) => ({ kind: 'manifest', name, reference: { kind: 'digest', digest } }))
  return { kind: 'manifest', name, reference: isTag(text) ? { kind: 'tag', tag: text } : { kind: 'neither', text } }
}
