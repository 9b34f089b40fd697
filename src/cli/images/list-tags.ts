// `stowage tags`: the tags of a repository, and what they stand for.

import { parseBoundedJson } from '../../client/transport/manifest-graph.ts'
import type { EcrReference, ImageReference } from '../../client/transport/parse-reference.ts'
import { CommandError } from '../command-error.ts'
import { inUnits } from '../in-units.ts'
import type { ConnectionFlags } from './access.ts'
import { exitCodes, imageFailure } from './image-failure.ts'
import { untilInterrupted } from './interruption.ts'
import { printJson, printTable } from './print.ts'
import { listPages } from './registry-lists.ts'
import { openSession, type Session } from './session.ts'

interface ListedTag {
  /** `undefined` for an image that has none. */
  readonly tag: string | undefined
  /** The rest is known of private repositories of ECR alone. */
  readonly digest?: string | undefined
  readonly mediaType?: string | undefined
  readonly bytes?: number | undefined
  readonly pushedAt?: string | undefined
}

export interface ListTagsOptions {
  /** Images without a tag, too. */
  readonly untagged: boolean
  readonly asJson: boolean
}

/** Throws a CommandError. */
export async function listTags(repository: string, flags: ConnectionFlags, options: ListTagsOptions): Promise<void> {
  try {
    const tags = await untilInterrupted('interrupted', async (signal) => {
      using session = openSession(flags)
      return await find(session, repository, flags, options.untagged, signal)
    })
    if (options.asJson) return printJson({ repository, tags })
    const when = (time: string | undefined) => (time === undefined ? '' : time.replace(/\.\d+Z$/, 'Z'))
    printTable(
      tags.map(({ tag = '-', digest, bytes, pushedAt }) =>
        digest === undefined ? [tag] : [tag, digest, inUnits(bytes ?? 0), when(pushedAt)],
      ),
    )
  } catch (error) {
    throw imageFailure(error)
  }
}

async function find(
  session: Session,
  text: string,
  flags: ConnectionFlags,
  untagged: boolean,
  signal: AbortSignal,
): Promise<readonly ListedTag[]> {
  const reference = await session.parse(session.inOwnRegistry(text))
  if (reference.tag !== undefined || reference.digest !== undefined)
    throw new CommandError(
      `'${text}' names an image: leave out its tag or digest, or use "stowage inspect"`,
      exitCodes.usage,
    )
  if (reference.kind === 'ecr') return ofPrivate(session, reference, untagged, signal)
  const { host, repository } = byDataPlane(text, reference)
  if (untagged)
    throw new CommandError(
      '--untagged is for private repositories of ECR: no other lists images without tags',
      exitCodes.usage,
    )
  return byTagList(text, host, repository, flags, signal)
}

async function ofPrivate(
  session: Session,
  reference: EcrReference,
  untagged: boolean,
  signal: AbortSignal,
): Promise<readonly ListedTag[]> {
  const ecr = await session.ecr(reference)
  const { accountId, repository } = reference
  const input = {
    ...(accountId !== undefined && { registryId: accountId }),
    repositoryName: repository,
    filter: { tagStatus: untagged ? ('ANY' as const) : ('TAGGED' as const) },
  }
  const found: ListedTag[] = []
  for await (const image of ecr.items('DescribeImages', input, { signal })) {
    const { imageDigest: digest, imageManifestMediaType: mediaType, imageSizeInBytes: bytes, imagePushedAt } = image
    const facts = { digest, mediaType, bytes, pushedAt: imagePushedAt?.toISOString() }
    const { imageTags: tags = [] } = image
    for (const tag of tags.length === 0 ? [undefined] : tags) found.push({ tag, ...facts })
  }
  return found.toSorted((one, other) => ((one.tag ?? '') < (other.tag ?? '') ? -1 : 1))
}

function byDataPlane(text: string, reference: ImageReference): { readonly host: string; readonly repository: string } {
  switch (reference.kind) {
    case 'ecr-public':
      return { host: reference.host, repository: `${reference.alias}/${reference.repository}` }
    case 'registry':
      return reference
    default:
      throw new CommandError(`'${text}' is no repository of a registry`, exitCodes.usage)
  }
}

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-tags */
async function byTagList(
  text: string,
  host: string,
  repository: string,
  { plainHttp }: ConnectionFlags,
  signal: AbortSignal,
): Promise<readonly ListedTag[]> {
  const found: ListedTag[] = []
  const call = {
    host,
    plainHttp,
    target: `/v2/${repository}/tags/list?n=1000`,
    scope: `repository:${repository}:pull`,
    signal,
  }
  for await (const page of listPages(call)) {
    const { tags } = parseBoundedJson(page, (reason) => {
      throw new CommandError(`${host} did not answer with a list of the tags of ${text}: ${reason}`)
    })
    // A repository without tags is answered with null.
    for (const tag of Array.isArray(tags) ? tags : []) found.push({ tag: String(tag) })
  }
  return found
}
