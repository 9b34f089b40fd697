// `stowage ls`: the repositories of a registry.

import { parseBoundedJson } from '../../client/transport/manifest-graph.ts'
import { CommandError } from '../command-error.ts'
import type { ConnectionFlags, Registry } from './access.ts'
import { exitCodes, imageFailure } from './image-failure.ts'
import { untilInterrupted } from './interruption.ts'
import { printJson, printTable } from './print.ts'
import { listPages } from './registry-lists.ts'
import { openSession, type Session } from './session.ts'

interface ListedRepository {
  readonly name: string
  /** As it stands in references. */
  readonly uri: string
  /** Of ECR alone. */
  readonly createdAt?: string | undefined
  readonly tagMutability?: string | undefined
}

/** Lists `registry` (`HOST`, `docker://HOST`), or the caller's own one. Throws a CommandError. */
export async function listRepositories(
  registry: string | undefined,
  flags: ConnectionFlags,
  asJson: boolean,
): Promise<void> {
  try {
    const repositories = await untilInterrupted('interrupted', async (signal) => {
      using session = openSession(flags)
      return await find(session, registry, flags, signal)
    })
    if (asJson) printJson({ repositories })
    else printTable(repositories.map(({ uri }) => [uri]))
  } catch (error) {
    throw imageFailure(error)
  }
}

async function find(
  session: Session,
  registry: string | undefined,
  flags: ConnectionFlags,
  signal: AbortSignal,
): Promise<readonly ListedRepository[]> {
  if (registry?.startsWith('docker://') === true) return catalogOf(registry.slice(9).replace(/\/$/, ''), flags, signal)
  if (registry === undefined) return ofPrivate(session, { host: undefined }, signal)
  const found = await session.findRegistry(registry)
  if (found) return found.kind === 'public' ? ofPublic(session, found, signal) : ofPrivate(session, found, signal)
  throw new CommandError(
    `'${registry}' is not an ECR registry as far as is known: give its --endpoint, write ecr-public://${registry} if it is a public one, or docker://${registry} for any other`,
    exitCodes.usage,
  )
}

async function ofPrivate(
  session: Session,
  registry: Registry & { readonly accountId?: string | undefined },
  signal: AbortSignal,
): Promise<readonly ListedRepository[]> {
  const { accountId } = registry
  const ecr = await session.ecr(registry)
  const found: ListedRepository[] = []
  const input = accountId === undefined ? {} : { registryId: accountId }
  for await (const { repositoryName = '', repositoryUri = '', createdAt, imageTagMutability } of ecr.items(
    'DescribeRepositories',
    input,
    { signal },
  ))
    found.push({
      name: repositoryName,
      uri: repositoryUri,
      createdAt: createdAt?.toISOString(),
      tagMutability: imageTagMutability,
    })
  return found
}

async function ofPublic(
  session: Session,
  { host }: Registry,
  signal: AbortSignal,
): Promise<readonly ListedRepository[]> {
  const ecrPublic = await session.ecrPublic({ host })
  const found: ListedRepository[] = []
  for await (const { repositoryName = '', repositoryUri = '', createdAt } of ecrPublic.items(
    'DescribeRepositories',
    {},
    { signal },
  ))
    found.push({ name: repositoryName, uri: repositoryUri, createdAt: createdAt?.toISOString() })
  return found
}

/** https://github.com/distribution/distribution/blob/main/docs/content/spec/api.md#listing-repositories */
async function catalogOf(
  host: string,
  { plainHttp }: ConnectionFlags,
  signal: AbortSignal,
): Promise<readonly ListedRepository[]> {
  const found: ListedRepository[] = []
  const call = { host, plainHttp, target: '/v2/_catalog?n=1000', scope: 'registry:catalog:*', signal }
  for await (const page of listPages(call)) {
    const names = parseBoundedJson(page, (reason) => {
      throw new CommandError(`${host} did not answer with a list of repositories: ${reason}`)
    })['repositories']
    if (!Array.isArray(names)) continue
    for (const name of names) found.push({ name: String(name), uri: `docker://${host}/${String(name)}` })
  }
  return found
}
