// Lists of a registry by `/v2/`, which answers them in pages: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-tags

import { findDockerCredentials } from '../../client/transport/docker-credentials.ts'
import { httpOptions } from '../../client/transport/open-place.ts'
import { openRegistryClient, type RegistryClient } from '../../client/transport/registry-client.ts'
import { readText } from '../../client/transport/send-http.ts'
import { CommandError } from '../command-error.ts'

/** Room for a thousand names of 255 characters, several times over. */
const pageBytesMax = 4 * 1024 * 1024
const pagesMax = 10_000

export interface ListCall {
  readonly host: string
  readonly plainHttp: boolean | undefined
  readonly target: string
  /** What is to be done, for a token. */
  readonly scope: string
  readonly signal: AbortSignal
}

/** A client of a registry with docker's own login. */
export function connectRegistry(host: string, plainHttp: boolean | undefined): RegistryClient {
  const credentials = () => findDockerCredentials(host)
  return openRegistryClient({ ...httpOptions(undefined), host, plainHttp, credentials })
}

/** The body of each page. Fails with what a registry fails with. */
export async function* listPages({ host, plainHttp, target, scope, signal }: ListCall): AsyncGenerator<Buffer> {
  const client = connectRegistry(host, plainHttp)
  let next: string | URL | undefined = target
  for (let page = 0; next !== undefined; page++) {
    if (page === pagesMax) throw new CommandError(`${host} has no end of pages`)
    const answer = await client.sendAgain({ method: 'GET', target: next, scope, signal })
    const link: string | undefined = /<([^>]+)>\s*;\s*rel="?next"?/.exec(answer.headers['link'] ?? '')?.[1]
    yield await readText(answer, host, pageBytesMax, signal)
    next = link
  }
}
