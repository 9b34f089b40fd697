// GET, HEAD, PUT and DELETE of a manifest. https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests

import { authorise } from '../../domain/authorisation/authorise.ts'
import { parseManifest } from '../../domain/manifests.ts'
import { repositoryArn } from '../../domain/references.ts'
import { digestOf, parseDigest, type Digest } from '../../lib/digest.ts'
import { rememberLast } from '../../lib/remember-last.ts'
import { EcrError } from '../../model/errors.ts'
import { perform } from '../../operations/perform.ts'
import type { HttpResponse } from '../message.ts'
import { readBody } from '../read-body.ts'
import { noneMatchFails } from './byte-range.ts'
import { inRepository, locate, refuseMethod, type Call } from './call.ts'
import { refuse } from './faults.ts'
import { isTag, type Reference } from './route.ts'

/** Tags that one PUT by digest may give (the specification asks for at least 10). */
const tagsMax = 100

export async function handleManifest(call: Call, name: string, reference: Reference): Promise<HttpResponse> {
  switch (call.request.method) {
    case 'GET':
      return getManifest(call, name, known(call, reference))
    case 'HEAD':
      return headManifest(call, name, known(call, reference))
    case 'PUT':
      return putManifest(call, name, reference)
    case 'DELETE':
      return deleteManifest(call, name, known(call, reference))
    default:
      return refuseMethod('GET, HEAD, PUT, DELETE')
  }
}

type ImageId = { readonly imageDigest: string } | { readonly imageTag: string }

/** What no image can be called is a manifest that does not exist; ECR calls it a bad request (bazel-contrib/rules_oci 720). */
function known(call: Call, reference: Reference): ImageId {
  if (reference.kind === 'digest') return { imageDigest: reference.digest }
  if (reference.kind === 'tag') return { imageTag: reference.tag }
  return call.ctx.ecrQuirks ? refuseTag() : refuse(404, 'MANIFEST_UNKNOWN', 'Requested image not found')
}

function refuseTag(): never {
  return refuse(
    400,
    'TAG_INVALID',
    'A tag has at most 128 letters, digits, _ . and -, and begins with none of the last two',
  )
}

async function getManifest(call: Call, name: string, imageId: ImageId): Promise<HttpResponse> {
  const { images, failures } = await perform(call.operations.batchGetImage, call.ctx, {
    ...inRepository(call, name),
    imageIds: [imageId],
  })
  const [image] = images ?? []
  const { imageManifest, imageManifestMediaType: mediaType } = image ?? {}
  const digest = image?.imageId?.imageDigest
  if (imageManifest === undefined || mediaType === undefined || digest === undefined) {
    return refuse(404, 'MANIFEST_UNKNOWN', failures?.[0]?.failureReason ?? 'Requested image not found')
  }
  requireAccepted(call, mediaType)
  return isUnchanged(call, digest) ?? { status: 200, headers: manifestHeaders(digest, mediaType), body: imageManifest }
}

async function headManifest(call: Call, name: string, imageId: ImageId): Promise<HttpResponse> {
  const { imageDigest, mediaType, bytes } = await perform(call.operations.headImage, call.ctx, {
    ...inRepository(call, name),
    imageId,
  })
  requireAccepted(call, mediaType)
  const headers = { ...manifestHeaders(imageDigest, mediaType), 'Content-Length': String(bytes) }
  return isUnchanged(call, imageDigest) ?? { status: 200, headers }
}

function manifestHeaders(digest: string, mediaType: string): Readonly<Record<string, string>> {
  return {
    'Content-Type': mediaType,
    'X-Content-Type-Options': 'nosniff',
    ETag: `"${digest}"`,
    'Docker-Content-Digest': digest,
  }
}

function isUnchanged(call: Call, digest: string): HttpResponse | undefined {
  if (!noneMatchFails(call.request.headers['if-none-match'], `"${digest}"`)) return undefined
  return { status: 304, headers: { ETag: `"${digest}"`, 'Docker-Content-Digest': digest } }
}

/** A manifest is served as it was pushed or not at all; there is no conversion (row D30, docs/differences.md). */
function requireAccepted(call: Call, mediaType: string): void {
  const accept = call.request.headers['accept']
  if (accept === undefined || accept === mediaType || accept.trim() === '') return
  const ranges = rangesOf(accept)
  if (ranges.has('*/*') || ranges.has('application/*') || ranges.has(mediaType)) return
  refuse(
    404,
    'MANIFEST_UNKNOWN',
    `The image is of media type '${mediaType}', which the Accept header of the request does not allow`,
  )
}

/** Those that programs send are long, and few. */
const rangesOf = rememberLast(
  (accept) => new Set(accept.split(',').map((item) => (item.split(';')[0] ?? '').trim().toLowerCase())),
)

async function putManifest(call: Call, name: string, reference: Reference): Promise<HttpResponse> {
  // Who may not push is told so before the manifest is received (row D31); `perform` asks again with the whole input.
  const { action } = call.operations.putImage.allow
  const imageTags = reference.kind === 'tag' ? [reference.tag] : call.query.getAll('tag')
  await authorise(call.ctx, action, repositoryArn(call.registry, name), imageTags.length > 0 ? { imageTags } : {})
  if (reference.kind === 'neither') refuseTag()
  const expected = reference.kind === 'digest' ? reference.digest : expectedDigest(call)
  const tags = reference.kind === 'tag' ? [reference.tag] : queriedTags(call)
  const mediaType = declaredType(call)
  const manifest = await receiveText(call)
  const digest = expected ?? digestOf(manifest)
  for (const tag of tags.length > 0 ? tags : [undefined]) {
    const input = { imageManifest: manifest, imageManifestMediaType: mediaType, imageTag: tag, imageDigest: expected }
    await putOnce(call, { ...inRepository(call, name), ...input })
  }
  const { subject } = parseManifest(manifest, mediaType)
  return {
    status: 201,
    headers: {
      Location: locate(call, `${name}/manifests/${digest}`),
      'Docker-Content-Digest': digest,
      ...(subject === undefined ? {} : { 'OCI-Subject': subject }),
      ...(reference.kind === 'digest' && tags.length > 0 ? { 'OCI-Tag': tags.join(', ') } : {}),
    },
  }
}

/** Puts an image; one that is there already is what was asked for (the API refuses it, the specification does not). */
async function putOnce(call: Call, input: Parameters<Call['operations']['putImage']['handle']>[1]): Promise<void> {
  try {
    await perform(call.operations.putImage, call.ctx, input)
  } catch (error) {
    if (!(error instanceof EcrError && error.name === 'ImageAlreadyExistsException')) throw error
  }
}

/** The digest a PUT by tag may name in its query, so that an image under a tag can be one of sha512. */
function expectedDigest(call: Call): Digest | undefined {
  const [text, ...others] = call.query.getAll('digest')
  if (text === undefined) return undefined
  const digest = others.length > 0 ? undefined : parseDigest(text)
  return digest ?? refuse(400, 'DIGEST_INVALID', 'The query must name one digest, of algorithm sha256 or sha512')
}

/** `?tag=`, any number of times, on a PUT by digest: a part of the specification's next version. */
function queriedTags(call: Call): readonly string[] {
  const tags = [...new Set(call.query.getAll('tag'))]
  if (tags.length > tagsMax) refuse(414, 'TAG_INVALID', `One request may give ${tagsMax} tags`)
  if (!tags.every(isTag)) refuseTag()
  return tags
}

/** The declared media type without parameters (row D6). */
function declaredType(call: Call): string {
  const { headers } = call.request
  if (headers['content-encoding'] !== undefined)
    refuse(415, 'UNSUPPORTED', 'A manifest must not have a Content-Encoding')
  const type = headers['content-type']?.split(';')[0]?.trim()
  return type || refuse(400, 'MANIFEST_INVALID', 'A manifest must have a Content-Type')
}

async function receiveText(call: Call): Promise<string> {
  const bytesMax = call.ctx.limits.manifestBytesMax
  const bytes = await readBody(call.request, bytesMax)
  if (bytes === 'too-large') return refuse(413, 'SIZE_INVALID', `A manifest has at most ${bytesMax} bytes`)
  if (bytes === 'too-slow') return refuse(408, 'MANIFEST_INVALID', 'The manifest did not arrive in time')
  try {
    // A byte order mark is kept: a manifest is stored as it came, to the byte, or refused.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return refuse(400, 'MANIFEST_INVALID', 'A manifest must be UTF-8')
  }
}

async function deleteManifest(call: Call, name: string, imageId: ImageId): Promise<HttpResponse> {
  const { failures } = await perform(call.operations.batchDeleteImage, call.ctx, {
    ...inRepository(call, name),
    imageIds: [imageId],
  })
  const [failure] = failures ?? []
  if (failure === undefined) return { status: 202, headers: {} }
  const reason = failure.failureReason ?? 'The image cannot be deleted'
  // An index still needs the image: refused as ECR does, with the status the specification has for a delete that is not done.
  if (failure.failureCode === 'ImageReferencedByManifestList') return refuse(405, 'UNSUPPORTED', reason)
  return refuse(404, 'MANIFEST_UNKNOWN', reason)
}
