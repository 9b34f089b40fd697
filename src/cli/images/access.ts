// What a client of the API has to be told for one registry: where the API is, for which region to sign, and as whom.

import type { KnownRegistries, KnownRegistry } from './registries.ts'
import { sameHost } from './same-host.ts'

/** What every command that talks to a registry may be told. */
export interface ConnectionFlags {
  /** URL of the API; `aws` for Amazon's, whatever the environment says. */
  readonly endpoint?: string | undefined
  readonly region?: string | undefined
  readonly profile?: string | undefined
  readonly plainHttp?: boolean | undefined
}

/** An ECR that a command talks to. */
export interface Registry {
  /** As images there are named, if they are. */
  readonly host: string | undefined
  /** Where the host's name tells one. */
  readonly region?: string | undefined
}

export interface Surroundings {
  /** Of the flags or the environment. */
  readonly endpoint: string | undefined
  readonly known: KnownRegistries
  readonly env: NodeJS.ProcessEnv
}

/** Options of `createEcr` and `createEcrPublic`. What is absent the SDK finds by itself. */
export interface Access {
  readonly endpoint?: string
  readonly region?: string
  readonly profile?: string
  readonly accessKeyId?: string
  readonly secretAccessKey?: string
  readonly logger?: Pick<Console, 'debug' | 'info' | 'warn' | 'error'>
}

/** Who names a profile need not be told that keys in the environment do not count then, as the SDK does on the console. */
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/**
 * By the flags, which say most; else by what was noted for just this host, unless the environment leads to the same one; else by the
 * environment, whose `endpoint` is. Throws a CommandError when the server that was noted does not run.
 */
export async function accessOf(
  flags: ConnectionFlags,
  { host, region: named }: Registry,
  { endpoint, known, env }: Surroundings,
): Promise<Access> {
  const leadsThere = endpoint !== undefined && host !== undefined && sameHost(new URL(endpoint).host, host)
  const noted = host === undefined || leadsThere || flags.endpoint !== undefined ? undefined : findKnown(known, host)
  if (noted) return notedAccess(noted, named ?? flags.region, flags.profile)
  const { profile } = flags
  // What has an endpoint of its own need not have a region; a profile may name one.
  const usual = endpoint === undefined || profile !== undefined ? undefined : 'us-east-1'
  const region = named ?? flags.region ?? textOf(env['AWS_REGION']) ?? textOf(env['AWS_DEFAULT_REGION']) ?? usual
  return { ...(endpoint !== undefined && { endpoint }), ...(region !== undefined && { region }), ...as(profile) }
}

const as = (profile: string | undefined) => (profile === undefined ? {} : { profile, logger: silent })

function findKnown(known: KnownRegistries, host: string): KnownRegistry | undefined {
  return Object.entries(known).find(([name]) => sameHost(name, host))?.[1]
}

async function notedAccess(
  { data, kind, ...noted }: KnownRegistry,
  asked: string | undefined,
  profile: string | undefined,
): Promise<Access> {
  if (data === undefined) {
    const region = asked ?? noted.region
    const { endpoint } = noted
    const where = { ...(endpoint !== undefined && { endpoint }), ...(region !== undefined && { region }) }
    return { ...where, ...as(profile ?? noted.profile) }
  }
  // Loaded for this alone: it knows the server's own files.
  const [{ getServer }, { keyFor }] = await Promise.all([import('../get-server.ts'), import('../env.ts')])
  const server = getServer(data)
  const where = {
    endpoint: server.endpoint,
    region: asked ?? (kind === 'public' ? server.publicRegion : server.region),
  }
  if (profile !== undefined) return { ...where, ...as(profile) }
  const { accessKeyId, secretAccessKey } = keyFor(data, server.account)
  return { ...where, accessKeyId, secretAccessKey }
}

const textOf = (value: string | undefined) => (value === '' ? undefined : value)
