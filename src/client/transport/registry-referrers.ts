// Which manifests refer to a manifest, at a registry with the referrers API or with its fall-back, a tag made of the digest.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers

import { algorithmOf, hexOf, type Digest } from '../../lib/digest.ts'
import { descriptors, type Invalid, manifestBytesMax, mediaTypes, parseBoundedJson } from './manifest-graph.ts'
import type { Descriptor, Manifest } from './place.ts'
import type { RegistryClient } from './registry-client.ts'
import type { HttpAnswer } from './http-answer.ts'
import { discard, readText } from './send-http.ts'
import { transportFail } from './transport-error.ts'

const unsupported: readonly number[] = [400, 404, 405]
const notFound = 404
const pagesMax = 100

/** The tag of the fall-back: at most 64 characters of the hex. */
function fallbackTag(digest: Digest): string {
  return `${algorithmOf(digest)}-${hexOf(digest).slice(0, 64)}`
}

export async function listRegistryReferrers(
  client: RegistryClient,
  repository: string,
  digest: Digest,
  signal: AbortSignal | undefined,
): Promise<readonly Descriptor[]> {
  const scope = `repository:${repository}:pull`
  const found: Descriptor[] = []
  let target: string | undefined = `/v2/${repository}/referrers/${digest}`
  for (let page = 0; target !== undefined && page < pagesMax; page++) {
    const answer: HttpAnswer = await client.sendAgain({ method: 'GET', target, scope, accept: unsupported, signal })
    if (unsupported.includes(answer.status)) {
      await discard(answer)
      return readFallback(client, repository, digest, signal)
    }
    found.push(...(await readIndexBody(client, digest, answer, signal)))
    target = /<([^>]+)>\s*;\s*rel="?next"?/.exec(answer.headers['link'] ?? '')?.[1]
  }
  return found
}

/** Adds a referrer to the fall-back: the duty of whoever pushes one to a registry without the API. */
export async function addToFallback(
  client: RegistryClient,
  repository: string,
  subject: Digest,
  referrer: Manifest & Pick<Descriptor, 'artifactType' | 'annotations'>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { digest, mediaType, artifactType, annotations, bytes } = referrer
  const others = (await readFallback(client, repository, subject, signal)).filter((other) => other.digest !== digest)
  const manifests = [...others, { mediaType, digest, size: bytes.byteLength, artifactType, annotations }]
  const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }
  const answer = await client.sendAgain({
    method: 'PUT',
    target: `/v2/${repository}/manifests/${fallbackTag(subject)}`,
    scope: `repository:${repository}:pull,push`,
    headers: { 'content-type': mediaTypes.ociIndex },
    body: () => Buffer.from(JSON.stringify(index)),
    signal,
  })
  await discard(answer)
}

async function readFallback(
  client: RegistryClient,
  repository: string,
  digest: Digest,
  signal: AbortSignal | undefined,
): Promise<readonly Descriptor[]> {
  const answer = await client.sendAgain({
    method: 'GET',
    target: `/v2/${repository}/manifests/${fallbackTag(digest)}`,
    scope: `repository:${repository}:pull`,
    headers: { accept: mediaTypes.ociIndex },
    accept: [notFound],
    signal,
  })
  if (answer.status !== notFound) return readIndexBody(client, digest, answer, signal)
  await discard(answer)
  return []
}

async function readIndexBody(
  client: RegistryClient,
  digest: Digest,
  answer: HttpAnswer,
  signal: AbortSignal | undefined,
): Promise<readonly Descriptor[]> {
  const where = client.host
  const invalid: Invalid = (reason) =>
    transportFail('InvalidManifest', { digest, where, reason: `of its referrers: ${reason}` })
  const bytes = await readText(answer, where, manifestBytesMax, signal)
  return descriptors(parseBoundedJson(bytes, invalid)['manifests'], invalid)
}
