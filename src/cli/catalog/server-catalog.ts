// What the server has of a catalog, by the ECR Public API.

import type { Infer } from '../../model/schema.ts'
import type { registry as registryShape } from '../../model/shapes/public/registry.ts'
import { describeRegistries } from '../../operations/public/describe-registries.ts'
import { describeRepositories } from '../../operations/public/describe-repositories.ts'
import { getRepositoryCatalogData } from '../../operations/public/get-repository-catalog-data.ts'
import { listTagsForResource } from '../../operations/public/list-tags-for-resource.ts'
import type { Operation } from '../../operations/operation.ts'
import { RefusalError } from '../call-api.ts'
import { sendRequest } from '../send-request.ts'
import type { RunningServer } from '../server-file.ts'
import type { CatalogEntry } from './catalog-entry.ts'

/** A logo has 512,000 bytes at most. */
const logoAnswerBytesMax = 1024 * 1024

export type Call = <I, O>(operation: Operation<I, O>, input: I) => Promise<O>

/** A repository as it is: the form of an entry of a directory. */
export type ServerEntry = Pick<CatalogEntry, 'catalogData' | 'tags'>

export type RegistryAlias = Infer<typeof registryShape>['aliases'][number]

/** The aliases of the caller's own registry; none while it has never had a public repository. */
export async function ownAliases(call: Call): Promise<readonly RegistryAlias[]> {
  const { registries } = await call(describeRegistries, {})
  return registries.flatMap(({ aliases }) => aliases)
}

/** The ARN of a public repository of the caller's, `undefined` when there is none of that name. */
export async function findRepositoryArn(call: Call, repositoryName: string): Promise<string | undefined> {
  try {
    const { repositories } = await call(describeRepositories, { repositoryNames: [repositoryName] })
    return repositories?.[0]?.repositoryArn
  } catch (error) {
    if (error instanceof RefusalError && error.errorName === 'RepositoryNotFoundException') return undefined
    throw error
  }
}

/** What the server has of a repository: its tags only where the entry says something of them. */
export async function serverEntry(
  server: RunningServer,
  call: Call,
  { repositoryName, tags }: CatalogEntry,
  resourceArn: string,
): Promise<ServerEntry> {
  const { catalogData = {} } = await call(getRepositoryCatalogData, { repositoryName })
  const { logoUrl, marketplaceCertified: _, ...texts } = catalogData
  const logoImageBlob = logoUrl === undefined ? undefined : await fetchLogo(server, logoUrl)
  return {
    catalogData: { ...texts, logoImageBlob },
    tags: tags === undefined ? undefined : await tagsOf(call, resourceArn),
  }
}

/** The URL is for the world; this machine reaches the same path by the address that the server named. */
function fetchLogo(server: RunningServer, logoUrl: string): Promise<Buffer> {
  const path = new URL(logoUrl).pathname
  const outgoing = { method: 'GET', path, headers: {}, answerBytesMax: logoAnswerBytesMax } as const
  return sendRequest(server, server.publicOrigin, outgoing)
}

async function tagsOf(call: Call, resourceArn: string): Promise<ReadonlyMap<string, string>> {
  const { tags = [] } = await call(listTagsForResource, { resourceArn })
  return new Map(tags.map(({ Key = '', Value = '' }) => [Key, Value]))
}
