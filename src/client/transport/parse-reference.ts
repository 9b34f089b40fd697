// Where images are, in one string: skopeo's transports for files and `/v2/`, and ECR's own host names for the API.
// https://github.com/containers/image/blob/main/docs/containers-transports.5.md

import { parseDigest, type Digest } from '../../lib/digest.ts'
import { transportFail } from './transport-error.ts'

interface Named {
  readonly tag?: string | undefined
  readonly digest?: Digest | undefined
}

export interface EcrReference extends Named {
  readonly kind: 'ecr'
  /** `undefined` for `ecr://name`, where the client's own settings say all. */
  readonly host: string | undefined
  readonly accountId: string | undefined
  readonly region: string | undefined
  readonly repository: string
}

export interface EcrPublicReference extends Named {
  readonly kind: 'ecr-public'
  readonly host: string
  readonly alias: string
  /** Without the alias. */
  readonly repository: string
}

export interface RegistryReference extends Named {
  readonly kind: 'registry'
  readonly host: string
  readonly repository: string
}

export interface LayoutReference extends Named {
  readonly kind: 'oci'
  readonly path: string
}

export interface ArchiveReference extends Named {
  readonly kind: 'oci-archive' | 'docker-archive'
  readonly path: string
}

export type ImageReference = EcrReference | EcrPublicReference | RegistryReference | LayoutReference | ArchiveReference

export interface ReferenceOptions {
  /** Hosts (`host:port`) besides AWS's own that are a private registry of ECR: the data plane of a Stowage. */
  readonly ecrHosts?: readonly string[]
  /** The same for public registries, whose names begin with an alias. */
  readonly ecrPublicHosts?: readonly string[]
}

/**
 * Parses `oci:DIR[:TAG|@DIGEST]`, `oci-archive:FILE[:TAG]`, `docker-archive:FILE[:NAME:TAG]`, `docker://HOST/NAME[:TAG][@DIGEST]`,
 * `ecr://[HOST/]NAME...`, `ecr-public://HOST/ALIAS/NAME...` and a plain `HOST/NAME...` of a host that is ECR. Fails with InvalidReference.
 */
export function parseReference(text: string, options: ReferenceOptions = {}): ImageReference {
  if (text.startsWith('docker://')) return registryReference(text, text.slice(9))
  if (text.startsWith('ecr-public://')) return publicReference(text, text.slice(13))
  if (text.startsWith('ecr://')) return ecrReference(text, text.slice(6), options)
  const [, transport, rest] = /^(oci|oci-archive|docker-archive):(?!\/\/)(.+)$/s.exec(text) ?? []
  if (transport === 'oci') return layoutReference(text, rest ?? '')
  if (transport === 'oci-archive' || transport === 'docker-archive')
    return archiveReference(text, transport, rest ?? '')
  const host = text.slice(0, text.indexOf('/'))
  if (isPublicHost(host, options)) return publicReference(text, text)
  if (isEcrHost(host, options)) return ecrReference(text, text, options)
  return invalid(text, `write docker://${text} for a registry that is not ECR, or oci:${text} for a directory`)
}

/** The parts of an AWS host name of a private registry: https://docs.aws.amazon.com/general/latest/gr/ecr.html */
function parseEcrHost(host: string): { readonly accountId: string; readonly region: string } | undefined {
  const [, accountId, region] = /^(\d{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.[a-z0-9.-]+(?::\d+)?$/.exec(host) ?? []
  return accountId === undefined || region === undefined ? undefined : { accountId, region }
}

const publicHosts = ['public.ecr.aws', 'ecr-public.aws.com']

function isPublicHost(host: string, options: ReferenceOptions): boolean {
  return publicHosts.includes(host) || (options.ecrPublicHosts ?? []).includes(host)
}

function isEcrHost(host: string, options: ReferenceOptions): boolean {
  return parseEcrHost(host) !== undefined || (options.ecrHosts ?? []).includes(host)
}

function ecrReference(text: string, rest: string, options: ReferenceOptions): EcrReference {
  const first = rest.slice(0, rest.indexOf('/'))
  // A repository's name may have slashes itself: what is before the first is a host when it could be one.
  const host = isEcrHost(first, options) || /[.:]|^localhost$/.test(first) ? first : undefined
  const named = nameOf(text, host === undefined ? rest : rest.slice(host.length + 1))
  const parts = host === undefined ? undefined : parseEcrHost(host)
  return { kind: 'ecr', host, accountId: parts?.accountId, region: parts?.region, ...named }
}

function publicReference(text: string, rest: string): EcrPublicReference {
  const [host = '', alias = '', ...name] = rest.split('/')
  if (host === '' || alias === '' || name.length === 0) invalid(text, 'it must be HOST/ALIAS/NAME')
  return { kind: 'ecr-public', host, alias, ...nameOf(text, name.join('/')) }
}

function registryReference(text: string, rest: string): RegistryReference {
  const slash = rest.indexOf('/')
  const host = rest.slice(0, Math.max(slash, 0))
  if (!/^(?:[a-zA-Z0-9.-]+|\[[0-9a-fA-F:]+\])(?::\d+)?$/.test(host)) invalid(text, 'it names no registry')
  return { kind: 'registry', host, ...nameOf(text, rest.slice(slash + 1)) }
}

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests */
const namePattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/
const tagPattern = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/

function nameOf(text: string, rest: string): Named & { readonly repository: string } {
  const [before, digestText] = splitAt(rest, rest.indexOf('@'))
  const [repository, tag] = splitAt(before, before.indexOf(':'))
  if (repository.length > 255 || !namePattern.test(repository))
    invalid(text, `'${repository}' cannot be the name of a repository`)
  return { repository, ...checked(text, tag, digestText) }
}

function layoutReference(text: string, rest: string): LayoutReference {
  const at = /@(?=[a-z0-9]+:[^/]*$)/.exec(rest)?.index ?? -1
  if (at !== -1)
    return { kind: 'oci', path: pathOf(text, rest.slice(0, at)), ...checked(text, undefined, rest.slice(at + 1)) }
  const [path, tag] = splitAt(rest, rest.indexOf(':'))
  // Names in a layout may have slashes and colons (containers/image writes whole references): anything but nothing.
  if (tag === '') invalid(text, 'its tag is empty')
  return { kind: 'oci', path: pathOf(text, path), tag }
}

function archiveReference(text: string, kind: ArchiveReference['kind'], rest: string): ArchiveReference {
  const [path, tag] = splitAt(rest, rest.indexOf(':'))
  if (tag === '') invalid(text, 'its tag is empty')
  return { kind, path: pathOf(text, path), tag }
}

function checked(text: string, tag: string | undefined, digestText: string | undefined): Named {
  if (tag !== undefined && !tagPattern.test(tag)) invalid(text, `'${tag}' cannot be a tag`)
  const digest = digestText === undefined ? undefined : parseDigest(digestText)
  if (digestText !== undefined && digest === undefined)
    invalid(text, `'${digestText}' is no digest of sha256 or sha512`)
  return { tag, digest }
}

function pathOf(text: string, path: string): string {
  return path === '' ? invalid(text, 'it names no file') : path
}

function splitAt(text: string, index: number): readonly [string, string | undefined] {
  return index === -1 ? [text, undefined] : [text.slice(0, index), text.slice(index + 1)]
}

function invalid(text: string, reason: string): never {
  return transportFail('InvalidReference', { text, reason })
}
