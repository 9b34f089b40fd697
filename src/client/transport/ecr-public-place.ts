// A public repository of ECR: pushed to by the API, read by `/v2/`, because the public API reads no image.

import type { EcrPublic } from '../ecr.ts'
import { apiWriter } from './api-writer.ts'
import { openDataPlane } from './data-plane.ts'
import type { Credentials } from './docker-credentials.ts'
import { publicImageApi, valueOf } from './image-api.ts'
import type { EcrPublicReference } from './parse-reference.ts'
import type { Place } from './place.ts'
import { openRegistryPlace } from './registry-place.ts'
import type { HttpOptions } from './send-http.ts'
import { transportFail } from './transport-error.ts'
import type { UploadJournal } from './upload-journal.ts'
import { withRetries } from './with-retries.ts'

export interface EcrPublicPlaceOptions extends HttpOptions {
  /** Made when something is written: reading needs none. */
  readonly ecrPublic: () => EcrPublic
  readonly reference: EcrPublicReference
  readonly journal: UploadJournal | undefined
  readonly plainHttp?: boolean | undefined
  /** For reading; anyone may, at a lower rate. */
  readonly credentials: () => Promise<Credentials | undefined>
}

const tokenUser = 'AWS'

export function openEcrPublicPlace(options: EcrPublicPlaceOptions): Place {
  const { reference } = options
  const { host, alias, repository } = reference
  const path = `${alias}/${repository}`
  const { tag, digest } = reference
  const reading = openRegistryPlace({ ...options, host, repository: path, tag, digest, journal: undefined })
  const writing = apiWriter({
    where: `${host}/${path}`,
    api: (signal) => publicImageApi(options.ecrPublic(), { repositoryName: repository }, signal),
    journalKey: `${host}/${path}`,
    journal: options.journal,
    dataPlane: openDataPlane({
      ...options,
      host,
      repository: path,
      login: (signal) => publicLogin(options.ecrPublic(), signal),
    }),
  })
  return {
    ...reading,
    ...writing,
    prepare: async (manifests, signal) => {
      await writing.prepare(manifests, signal)
      await requireAlias(options.ecrPublic(), host, alias, signal)
    },
  }
}

/** The API writes into the caller's own registry, whatever alias stands in the reference: somebody else's must not seem to be pushed to. */
async function requireAlias(
  ecrPublic: EcrPublic,
  host: string,
  alias: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const ask = async () => valueOf(host, await ecrPublic.try('DescribeRegistries', {}, { signal }))
  const { registries = [] } = await withRetries(ask, { signal })
  const aliases = registries.flatMap((registry) => registry.aliases ?? []).map(({ name }) => name)
  if (!aliases.includes(alias))
    transportFail('Refused', {
      where: host,
      reason: `the alias '${alias}' is not yours; yours are ${aliases.join(', ') || 'none'}.`,
    })
}

async function publicLogin(ecrPublic: EcrPublic, signal: AbortSignal | undefined) {
  const ask = async () => valueOf('GetAuthorizationToken', await ecrPublic.try('GetAuthorizationToken', {}, { signal }))
  const { authorizationData } = await withRetries(ask, { signal })
  const password = Buffer.from(authorizationData?.authorizationToken ?? '', 'base64')
    .toString()
    .slice(tokenUser.length + 1)
  return { endpoint: undefined, username: tokenUser, password }
}
