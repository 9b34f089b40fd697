// From what a user wrote to the registry that is meant: which addresses are ECR, where its API is, and who asks.

import type { Ecr, EcrPublic } from '../../client/ecr.ts'
import { openPlace, type PlaceOptions } from '../../client/transport/open-place.ts'
import { type ImageReference, parseReference, type ReferenceOptions } from '../../client/transport/parse-reference.ts'
import type { Place } from '../../client/transport/place.ts'
import { TransportError } from '../../client/transport/transport-error.ts'
import { CommandError } from '../command-error.ts'
import { accessOf, type Access, type ConnectionFlags, type Registry } from './access.ts'
import { type KnownRegistries, readRegistries } from './registries.ts'
import { namesOf, sameHost } from './same-host.ts'

export interface FoundRegistry {
  readonly kind: 'private' | 'public'
  readonly host: string
  /** What the names of AWS's hosts tell. */
  readonly accountId: string | undefined
  readonly region: string | undefined
}

export interface Session extends Disposable {
  /** Fails with InvalidReference. */
  readonly parse: (text: string) => Promise<ImageReference>
  /** A name without a registry, such as `team/app:v1`, in the caller's own one, which `stowage ls` lists; everything else as it is. */
  readonly inOwnRegistry: (text: string) => string
  readonly open: (text: string, options?: Pick<PlaceOptions, 'overwrite'>) => Promise<Place>
  readonly ecr: (registry: Registry) => Promise<Ecr>
  readonly ecrPublic: (registry: Registry) => Promise<EcrPublic>
  /** The registry of ECR that `HOST`, `ecr://HOST` or `ecr-public://HOST` means; `undefined` for any other. */
  readonly findRegistry: (text: string) => Promise<FoundRegistry | undefined>
  /** Of the API that is used where an address names none; `undefined` for Amazon's. */
  readonly endpoint: string | undefined
}

/** Opens nothing yet. Throws a CommandError for an endpoint that is no URL. */
export function openSession(flags: ConnectionFlags, env: NodeJS.ProcessEnv = process.env): Session {
  const endpoint = endpointOf(flags, env)
  const known = readRegistries(env)
  const clients = new Map<string, Ecr | EcrPublic>()
  let publicHost: Promise<string | undefined> | undefined

  const clientFor = async <C extends Ecr | EcrPublic>(
    create: (options: Access) => C,
    registry: Registry,
  ): Promise<C> => {
    const access = await accessOf(flags, registry, { endpoint, known, env })
    const key = `${create.name} ${JSON.stringify(access)}`
    const client = (clients.get(key) as C | undefined) ?? create(access) // kept under the name of its maker
    clients.set(key, client)
    return client
  }
  // The SDK is a third of what a command would load, and `/v2/` does without.
  const ecr = async (registry: Registry) => {
    const { createEcr } = await import('../../client/create-ecr.ts')
    return clientFor(createEcr, registry)
  }
  const ecrPublic = async (registry: Registry) => {
    const { createEcrPublic } = await import('../../client/create-ecr-public.ts')
    return clientFor(createEcrPublic, { region: 'us-east-1', ...registry })
  }

  const hosts = hostsOf(endpoint, known)
  /** The server of an endpoint says itself where its public registries are. */
  const findPublicHost = async (): Promise<string | undefined> => {
    const client = await ecrPublic({ host: undefined })
    const answer = await client.try('DescribeRegistries', {})
    const uri = answer.ok ? answer.value.registries?.[0]?.registryUri : undefined
    return uri?.slice(0, uri.indexOf('/'))
  }
  const isPublicHost = async (host: string): Promise<boolean> => {
    if (endpoint === undefined) return false
    const found = await (publicHost ??= findPublicHost())
    return found !== undefined && sameHost(found, host)
  }

  const referenceOptions = async (text: string) => {
    try {
      parseReference(text, hosts)
      return hosts
    } catch (error) {
      const host = /^([a-z0-9.-]+(?::\d+)?)\/./i.exec(text)?.[1]
      const isLost = error instanceof TransportError && error.code === 'InvalidReference'
      if (!isLost || host === undefined || !(await isPublicHost(host))) throw error
      return { ...hosts, ecrPublicHosts: [...hosts.ecrPublicHosts, host] }
    }
  }
  return {
    endpoint,
    ecr,
    ecrPublic,
    inOwnRegistry: (text) => (isBareName(text) && !tryParse(text, hosts) ? `ecr://${text}` : text),
    parse: async (text) => parseReference(text, await referenceOptions(text)),
    open: async (text, options = {}) => {
      const its = await referenceOptions(text)
      const reference = parseReference(text, its)
      const { plainHttp } = flags
      return openPlace(text, {
        ...options,
        ...its,
        plainHttp,
        ...(reference.kind === 'ecr' && { ecr: await ecr(reference) }),
        ...(reference.kind === 'ecr-public' && { ecrPublic: await ecrPublic({ host: reference.host }) }),
      })
    },
    findRegistry: async (text) => {
      const [, scheme = '', host = ''] = /^(ecr-public:\/\/|ecr:\/\/)?(.*?)\/?$/s.exec(text) ?? []
      // A name makes it a reference, which is what can be parsed.
      for (const reference of [`${scheme}${host}/name`, `${scheme}${host}/alias/name`]) {
        const found = tryParse(reference, hosts)
        if (found?.kind === 'ecr' && found.host !== undefined) {
          const { accountId, region } = found
          return { kind: 'private', host, accountId, region }
        }
        if (found?.kind === 'ecr-public') return { kind: 'public', host, accountId: undefined, region: undefined }
      }
      const isPublic = /^[^/]+$/.test(host) && (await isPublicHost(host))
      return isPublic ? { kind: 'public', host, accountId: undefined, region: undefined } : undefined
    },
    [Symbol.dispose]: () => {
      for (const client of clients.values()) client.destroy()
    },
  }
}

/** What could be a host is none: that a registry is not known must be told. */
function isBareName(text: string): boolean {
  const [first = '', ...rest] = text.split('/')
  if (rest.length === 0) return !/^(?:oci|oci-archive|docker-archive):/.test(text)
  return !/[.:]|^localhost$/.test(first)
}

function tryParse(text: string, options: ReferenceOptions): ImageReference | undefined {
  try {
    return parseReference(text, options)
  } catch (error) {
    if (error instanceof TransportError) return undefined
    throw error
  }
}

function endpointOf(flags: ConnectionFlags, env: NodeJS.ProcessEnv): string | undefined {
  if (flags.endpoint === 'aws') {
    // The SDK would find them by itself; whoever else is talked to in this process is given an endpoint.
    for (const name of ['AWS_ENDPOINT_URL_ECR', 'AWS_ENDPOINT_URL_ECR_PUBLIC', 'AWS_ENDPOINT_URL']) delete env[name]
    return undefined
  }
  const given: readonly (readonly [string, string | undefined])[] = [
    ['--endpoint', flags.endpoint],
    ...['STOWAGE_ENDPOINT', 'AWS_ENDPOINT_URL_ECR', 'AWS_ENDPOINT_URL'].map((name) => [name, env[name]] as const),
  ]
  const [from, endpoint] = given.find(([, value]) => value !== undefined && value !== '') ?? []
  if (endpoint === undefined || /^https?:$/.test(URL.parse(endpoint)?.protocol ?? '')) return endpoint
  throw new CommandError(`${from} must be the http:// or https:// URL of an API, not "${endpoint}"`, 2)
}

function hostsOf(endpoint: string | undefined, known: KnownRegistries) {
  const of = (kind: 'private' | 'public') =>
    Object.entries(known).flatMap(([host, registry]) => (registry.kind === kind ? namesOf(host) : []))
  const own = endpoint === undefined ? [] : namesOf(new URL(endpoint).host)
  return { ecrHosts: [...own, ...of('private')], ecrPublicHosts: of('public') }
}
