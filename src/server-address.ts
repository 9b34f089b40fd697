// Where a server is: what is written beside its data for the other commands, and shown to whoever starts it.

import { X509Certificate } from 'node:crypto'

import type { Services } from './domain/context.ts'
import { publicRegistryOf } from './domain/references.ts'
import type { Config } from './settings.ts'

/** Where a server is, and who it is by default. */
export interface ServerAddress {
  /** Scheme, host and port that this machine reaches it at. */
  readonly origin: string
  /** The same for AWS clients: named as the certificate says, when the server has a name. */
  readonly endpoint: string
  /** What `docker login` takes. */
  readonly registryHost: string
  /** Scheme, host and port that this machine reaches the public registries at. */
  readonly publicOrigin: string
  /** What stands before `/<alias>/<repository>` for `docker pull`. */
  readonly publicHost: string
  readonly account: string
  readonly region: string
  /** A region that the API of public registries is offered in. */
  readonly publicRegion: string
  /** SHA-256 fingerprint of the certificate, when it speaks TLS. */
  readonly fingerprint?: string | undefined
}

interface Listening {
  readonly address: string
  readonly port: number
}

export function addressOf(
  config: Config,
  { server, publicServer }: { readonly server: Listening; readonly publicServer: Listening },
  services: Services,
  tls: { readonly cert: Buffer } | undefined,
): ServerAddress {
  const { account, region } = config
  const registry = { kind: 'private', accountId: account, region } as const
  const originOf = ({ address, port }: Listening) => `${tls ? 'https' : 'http'}://${reachable(address)}:${port}`
  const origin = originOf(server)
  const isNamed = config.domain !== undefined || config.registryHost !== undefined
  return {
    origin,
    endpoint: isNamed ? services.links.proxyEndpoint(registry) : origin,
    registryHost: services.links.registryHost(registry),
    publicOrigin: originOf(publicServer),
    publicHost: services.links.registryHost(publicRegistryOf(account)),
    account,
    region,
    publicRegion: services.publicRegions[0] ?? region,
    ...(tls && { fingerprint: new X509Certificate(tls.cert).fingerprint256 }),
  }
}

/** An address to connect to: a wildcard is one to listen on only. */
function reachable(address: string): string {
  if (address === '0.0.0.0') return '127.0.0.1'
  if (address === '::') return '[::1]'
  return address.includes(':') ? `[${address}]` : address
}
