// `stowage rm`: takes tags away, or whole images by digest.

import type { EcrPublicReference, EcrReference, RegistryReference } from '../../client/transport/parse-reference.ts'
import { discard } from '../../client/transport/send-http.ts'
import { CommandError } from '../command-error.ts'
import { describeImages, type Described, publicTarget, privateTarget, type ImageTarget } from './delete-images.ts'
import type { ConnectionFlags } from './access.ts'
import { exitCodes, imageFailure } from './image-failure.ts'
import { untilInterrupted } from './interruption.ts'
import { printJson, say } from './print.ts'
import { connectRegistry } from './registry-lists.ts'
import { openSession, type Session } from './session.ts'

export interface RemoveOptions {
  readonly dryRun: boolean
  /** What is not there is no failure. */
  readonly force: boolean
  readonly asJson: boolean
}

type Reference = (EcrReference | EcrPublicReference | RegistryReference) & { readonly text: string }

/** What became, or would become, of one image that was named. */
interface Removal {
  readonly image: string
  readonly outcome: 'removed' | 'would be removed' | 'not there' | 'failed'
  /** What there was under it; of ECR alone. */
  readonly digest?: string | undefined
  /** Tags that the image keeps: none means that it goes itself. */
  readonly remainingTags?: readonly string[] | undefined
  readonly code?: string | undefined
  readonly reason?: string | undefined
}

/** Gives the exit code. Images are independent: one that fails leaves the others to be removed. Throws a CommandError. */
export async function removeImages(
  texts: readonly string[],
  flags: ConnectionFlags,
  options: RemoveOptions,
): Promise<number> {
  try {
    const sentence = 'interrupted: some of the images may have been removed'
    const removals = await untilInterrupted(sentence, async (signal) => {
      using session = openSession(flags)
      // Nothing goes before all of it makes sense.
      const references: Reference[] = []
      for (const text of texts) references.push(await parse(session, text))
      return await removeAll(session, references, flags, options, signal)
    })
    if (options.asJson) printJson({ dryRun: options.dryRun, images: removals })
    else for (const removal of removals) print(removal, options.force)
    return exitCodeOf(removals, options.force)
  } catch (error) {
    throw imageFailure(error)
  }
}

async function parse(session: Session, text: string): Promise<Reference> {
  const reference = await session.parse(session.inOwnRegistry(text))
  if (reference.kind !== 'ecr' && reference.kind !== 'ecr-public' && reference.kind !== 'registry')
    throw new CommandError(`'${text}' is no image in a registry: files are removed with the shell`, exitCodes.usage)
  if (reference.tag === undefined && reference.digest === undefined)
    throw new CommandError(`'${text}' names no image: say which tag or digest is to go`, exitCodes.usage)
  return { ...reference, text }
}

async function removeAll(
  session: Session,
  references: readonly Reference[],
  flags: ConnectionFlags,
  { dryRun }: RemoveOptions,
  signal: AbortSignal,
): Promise<readonly Removal[]> {
  const removals = new Map<string, Removal>()
  const ofEcr = references.filter((reference) => reference.kind !== 'registry')
  const groups = Map.groupBy(ofEcr, ({ kind, host = '', repository }) => `${kind} ${host} ${repository}`)
  for (const group of groups.values()) {
    const target = await targetOf(session, group, signal)
    for (const removal of await removeGroup(target, group, dryRun)) removals.set(removal.image, removal)
  }
  for (const reference of references)
    if (reference.kind === 'registry')
      removals.set(reference.text, await removeByDataPlane(reference, flags, dryRun, signal))
  // In the order in which they were named.
  return references.flatMap(({ text }) => removals.get(text) ?? [])
}

async function targetOf(session: Session, group: readonly Reference[], signal: AbortSignal): Promise<ImageTarget> {
  const [first] = group
  if (first?.kind === 'ecr') return privateTarget(await session.ecr(first), first, signal)
  if (first?.kind === 'ecr-public') return publicTarget(await session.ecrPublic({ host: first.host }), first, signal)
  throw new Error('groups are of ECR, and not empty')
}

const idOf = ({ tag, digest }: Reference) => (digest === undefined ? { imageTag: tag ?? '' } : { imageDigest: digest })
const keyOf = ({
  imageTag,
  imageDigest,
}: {
  readonly imageTag?: string | undefined
  readonly imageDigest?: string | undefined
}) => (imageDigest !== undefined && imageTag === undefined ? imageDigest : (imageTag ?? ''))

async function removeGroup(
  target: ImageTarget,
  group: readonly Reference[],
  dryRun: boolean,
): Promise<readonly Removal[]> {
  const before = await describeImages(target, group.map(idOf))
  if (dryRun) return group.map((reference) => removal(reference, 'would be removed', group, before))
  const failures = new Map((await target.remove(group.map(idOf))).map((failure) => [keyOf(failure.imageId), failure]))
  return group.map((reference) => {
    const failure = failures.get(keyOf(idOf(reference)))
    if (failure === undefined) return removal(reference, 'removed', group, before)
    const { code, reason } = failure
    if (code === 'ImageNotFound') return { image: reference.text, outcome: 'not there', code, reason }
    return { image: reference.text, outcome: 'failed', code, reason }
  })
}

function removal(
  reference: Reference,
  outcome: 'removed' | 'would be removed',
  group: readonly Reference[],
  before: readonly Described[],
): Removal {
  const image = reference.text
  const found = before.find(({ digest, tags }) =>
    reference.digest === undefined ? tags.includes(reference.tag ?? '') : digest === reference.digest,
  )
  if (found === undefined) return { image, outcome: 'not there' }
  const going = new Set(group.map(({ tag, digest }) => (digest === undefined ? tag : undefined)))
  const remainingTags = reference.digest === undefined ? found.tags.filter((tag) => !going.has(tag)) : []
  return { image, outcome, digest: found.digest, remainingTags }
}

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#content-management */
async function removeByDataPlane(
  { text, host, repository, tag, digest }: RegistryReference & { readonly text: string },
  { plainHttp }: ConnectionFlags,
  dryRun: boolean,
  signal: AbortSignal,
): Promise<Removal> {
  const client = connectRegistry(host, plainHttp)
  const target = `/v2/${repository}/manifests/${digest ?? tag}`
  const accept = [missing]
  if (dryRun) {
    const types = { accept: 'application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, */*' }
    const call = {
      method: 'HEAD',
      target,
      scope: `repository:${repository}:pull`,
      headers: types,
      accept,
      signal,
    } as const
    const answer = await client.sendAgain(call)
    await discard(answer)
    const outcome = answer.status === missing ? 'not there' : 'would be removed'
    return { image: text, outcome, digest: answer.headers['docker-content-digest'] }
  }
  const call = { method: 'DELETE', target, scope: `repository:${repository}:delete`, accept, signal } as const
  const answer = await client.sendAgain(call)
  await discard(answer)
  return { image: text, outcome: answer.status === missing ? 'not there' : 'removed' }
}

const missing = 404

function print({ image, outcome, digest, remainingTags, reason }: Removal, force: boolean): void {
  if (outcome === 'failed')
    return void process.stderr.write(`stowage: ${image} was not removed: ${reason ?? 'no reason was given'}\n`)
  if (outcome === 'not there') {
    if (!force) process.stderr.write(`stowage: ${image} is not there\n`)
    return
  }
  const kept = remainingTags ?? []
  const rest =
    digest === undefined ? '' : kept.length > 0 ? ` (${digest} keeps the tags ${kept.join(', ')})` : ` (${digest})`
  say(`${outcome} ${image}${rest}`)
}

function exitCodeOf(removals: readonly Removal[], force: boolean): number {
  const has = (outcome: Removal['outcome']) => removals.some((removal) => removal.outcome === outcome)
  if (has('failed')) return exitCodes.refused
  return has('not there') && !force ? exitCodes.notFound : 0
}
