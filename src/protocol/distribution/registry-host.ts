// Which registry a host name means. AWS's own host names count too, so that a credential helper works with an entry in /etc/hosts.

import type { RegistryKey } from '../../domain/ports/metadata.ts'

/** The registry behind a bare host name. */
export interface DefaultRegistry {
  readonly accountId: string
  readonly region: string
}

// https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html; `dkr-ecr` is the form of the dual-stack endpoints.
const registryHost = /^([0-9]{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]{2,25})\.[a-z0-9.-]+(?::[0-9]{1,5})?$/i

/** The registry of a `Host` header; any host that is not of ECR's form means the default one. */
export function registryOfHost(host: string | undefined, fallback: DefaultRegistry): RegistryKey {
  const [, accountId, region] = registryHost.exec(host ?? '') ?? []
  if (accountId === undefined || region === undefined) {
    return { kind: 'private', accountId: fallback.accountId, region: fallback.region }
  }
  return { kind: 'private', accountId, region: region.toLowerCase() }
}
