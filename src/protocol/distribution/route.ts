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
  const lastSlash = path.lastIndexOf('/')
  const secondSlash = path.lastIndexOf('/', lastSlash - 1)
  const second = path.slice(secondSlash + 1, lastSlash)
  const last = path.slice(lastSlash + 1)
  const isUpload = second === 'uploads' && path.endsWith('/blobs', secondSlash)
  const nameEnd = isUpload ? secondSlash - '/blobs'.length : secondSlash
  const endpoint = isUpload ? uploadEndpoint(last) : endpointOf(second, last)
  if (endpoint === undefined) return { fault: 'no-endpoint' }
  // The name's fault is told before that of the digest. A path without a name ends before it begins.
  const name = path.slice('/v2/'.length, Math.max(nameEnd, '/v2/'.length))
  if (!isName(name)) return { fault: 'invalid-name' }
  return 'fault' in endpoint ? endpoint : { ...endpoint, name }
}

/** A route but for the name of the repository. */
type Endpoint = WithoutName<Extract<Route, { readonly name: string }>> | { readonly fault: RouteFault }
type WithoutName<R> = R extends unknown ? Omit<R, 'name'> : never

function uploadEndpoint(last: string): Endpoint {
  return last === '' ? { kind: 'uploads' } : { kind: 'upload', uploadId: last }
}

function endpointOf(second: string, last: string): Endpoint | undefined {
  if (second === 'blobs' && last === 'uploads') return { kind: 'uploads' }
  if (second === 'tags' && last === 'list') return { kind: 'tags' }
  if (last === '') return undefined
  if (second === 'manifests') {
    // No tag has a colon.
    if (last.includes(':'))
      return withDigest(last, (digest) => ({ kind: 'manifest', reference: { kind: 'digest', digest } }))
    return { kind: 'manifest', reference: isTag(last) ? { kind: 'tag', tag: last } : { kind: 'neither', text: last } }
  }
  if (second === 'blobs') return withDigest(last, (digest) => ({ kind: 'blob', digest }))
  if (second === 'referrers') return withDigest(last, (subject) => ({ kind: 'referrers', subject }))
  return undefined
}

function withDigest(text: string, endpoint: (digest: Digest) => Endpoint): Endpoint {
  const digest = parseDigest(text)
  return digest === undefined ? { fault: 'invalid-digest' } : endpoint(digest)
}
