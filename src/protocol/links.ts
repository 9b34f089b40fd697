// How this server is reached: the host names of registries, and the URLs of layers.

import type { Links } from '../domain/context.ts'
import type { RegistryKey } from '../domain/ports/metadata.ts'
import { layerPath } from './layer-urls.ts'
import { logoPath } from './logos.ts'
import { presign } from './sigv4/presign.ts'

export interface LinkOptions {
  readonly defaultRegistry: { readonly accountId: string; readonly region: string }
  /** The address listened on. */
  readonly listen: string
  /** Asked when a link is made: port 0 becomes a number only when the server listens. */
  readonly port: () => number
  /** Of the listener of public registries; asked likewise. */
  readonly publicPort: () => number
  readonly tls: boolean
  readonly domain: string | undefined
  /** Instead of `domain`: a host with `{account}`, `{region}` and `{port}`, perhaps with its scheme. */
  readonly registryHost: string | undefined
  /** The host of all public registries, perhaps with its scheme, instead of one made from `domain` or `listen`. */
  readonly publicHost: string | undefined
  readonly layerKey: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

/** What registries are called (design: a bare host for the default one, names of ECR's form for the others). */
export function createLinks(options: LinkOptions): Links {
  const { defaultRegistry, layerKey } = options
  const scheme = schemeOf(options)
  const template = templateOf(options)
  const bare = `${bareHost(options.listen)}:{port}`
  const isNamed = options.domain !== undefined || options.registryHost !== undefined
  const isDefault = (registry: RegistryKey) =>
    registry.accountId === defaultRegistry.accountId && registry.region === defaultRegistry.region

  const fill = (text: string, registry: RegistryKey) => {
    const port = options.port()
    const isUsual = port === (scheme === 'https' ? 443 : 80)
    return text
      .replaceAll('{account}', registry.accountId)
      .replaceAll('{region}', registry.region)
      .replaceAll(':{port}', isUsual ? '' : `:${port}`)
      .replaceAll('{port}', String(port))
  }
  const privateHost = (registry: RegistryKey) => fill(!isNamed && isDefault(registry) ? bare : template, registry)
  const registryHost = (registry: RegistryKey) =>
    registry.kind === 'public' ? publicHostOf(options) : privateHost(registry)
  return {
    registryHost,
    proxyEndpoint: (registry) =>
      registry.kind === 'public' ? publicOriginOf(options) : `${scheme}://${privateHost(registry)}`,
    logo: (name) => `${publicOriginOf(options)}${logoPath(name)}`,
    layer: (repository, digest, lifeMs, nowMs) =>
      presign({
        method: 'GET',
        // The path says all; a name below `localhost` would not be found by every resolver.
        origin: `${scheme}://${isNamed ? privateHost(repository.registry) : fill(bare, repository.registry)}`,
        path: layerPath(repository.id, digest),
        credential: layerKey,
        region: repository.registry.region,
        service: 's3',
        expiresSeconds: Math.floor(lifeMs / 1000),
        nowMs,
      }),
  }
}

function schemeOf({ registryHost, tls }: LinkOptions): string {
  const [, written] = /^(https?):\/\//.exec(registryHost ?? '') ?? []
  return written ?? (tls ? 'https' : 'http')
}

/** The host that all public registries share. */
function publicHostOf({ publicHost, domain, listen, publicPort, tls }: LinkOptions): string {
  if (publicHost !== undefined) return publicHost.replace(/^https?:\/\//, '')
  const host = domain === undefined ? bareHost(listen) : `public.ecr.${domain}`
  const port = publicPort()
  return port === (tls ? 443 : 80) ? host : `${host}:${port}`
}

function publicOriginOf(options: LinkOptions): string {
  const [, written] = /^(https?):\/\//.exec(options.publicHost ?? '') ?? []
  return `${written ?? (options.tls ? 'https' : 'http')}://${publicHostOf(options)}`
}

function templateOf({ registryHost, domain }: LinkOptions): string {
  return registryHost?.replace(/^https?:\/\//, '') ?? `{account}.dkr.ecr.{region}.${domain ?? 'localhost'}:{port}`
}

/** `localhost` where that leads to the address; docker also takes it for a registry without TLS. */
function bareHost(listen: string): string {
  if (['127.0.0.1', '::1', '0.0.0.0', '::', 'localhost'].includes(listen)) return 'localhost'
  return listen.includes(':') ? `[${listen}]` : listen
}
