// Referrers of a manifest. https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers

import { mediaTypes } from '../../domain/manifests.ts'
import type { Digest } from '../../lib/digest.ts'
import { EcrError } from '../../model/errors.ts'
import { perform } from '../../operations/perform.ts'
import type { HttpResponse } from '../message.ts'
import { inRepository, json, locate, refuseMethod, type Call } from './call.ts'

/** The most that one call of the API gives. */
const pageSize = 50
/** Calls for one answer: clients that follow no `Link` see a thousand referrers. */
const pagesMax = 20

type Output = Awaited<ReturnType<Call['operations']['listImageReferrers']['handle']>>
type Descriptor = NonNullable<Output['referrers']>[number]

export async function handleReferrers(call: Call, name: string, subject: Digest): Promise<HttpResponse> {
  if (call.request.method !== 'GET' && call.request.method !== 'HEAD') return refuseMethod('GET, HEAD')
  // No media type has a blank; a client that did not encode its `+` sent one.
  const artifactType = call.query.get('artifactType')?.replaceAll(' ', '+') || undefined
  const { referrers, nextToken } = await collect(call, name, subject, artifactType)
  const manifests = referrers.map(({ mediaType, digest, size, artifactType: type, annotations }) => {
    return { mediaType, digest, size, artifactType: type, annotations }
  })
  return json(
    200,
    { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests },
    {
      'Content-Type': mediaTypes.ociIndex,
      ...(artifactType === undefined ? {} : { 'OCI-Filters-Applied': 'artifactType' }),
      ...(nextToken === undefined
        ? {}
        : { Link: `<${locate(call, nextAddress(name, subject, artifactType, nextToken))}>; rel="next"` }),
    },
  )
}

interface Collected {
  readonly referrers: readonly Descriptor[]
  readonly nextToken: string | undefined
}

async function collect(
  call: Call,
  name: string,
  subject: Digest,
  artifactType: string | undefined,
): Promise<Collected> {
  const input = {
    ...inRepository(call, name),
    subjectId: { imageDigest: subject },
    ...(artifactType === undefined ? {} : { filter: { artifactTypes: [artifactType] } }),
    maxResults: pageSize,
  }
  const referrers: Descriptor[] = []
  let bytes = 0
  let nextToken = call.query.get('nextToken') ?? undefined
  for (let page = 0; page < pagesMax; page++) {
    const answer = await perform(call.operations.listImageReferrers, call.ctx, { ...input, nextToken }).catch(
      (error: unknown) => noReferrers(call, error),
    )
    referrers.push(...(answer.referrers ?? []))
    nextToken = answer.nextToken
    bytes += (answer.referrers ?? []).reduce((sum, referrer) => sum + referrer.size, 0)
    // Annotations are part of an answer and may fill a manifest: no page follows one that is large.
    if (nextToken === undefined || bytes >= call.ctx.limits.manifestBytesMax / 2) break
  }
  return { referrers, nextToken }
}

/** The specification forbids 404 here, so that clients do not take it for a registry without this listing; ECR gives one. */
function noReferrers(call: Call, error: unknown): Output {
  if (error instanceof EcrError && error.name === 'RepositoryNotFoundException' && !call.ctx.ecrQuirks)
    return { referrers: [] }
  throw error
}

function nextAddress(name: string, subject: Digest, artifactType: string | undefined, nextToken: string): string {
  const query = new URLSearchParams({ ...(artifactType === undefined ? {} : { artifactType }), nextToken })
  return `${name}/referrers/${subject}?${query.toString()}`
}
