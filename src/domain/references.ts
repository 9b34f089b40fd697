// Names, registries, ARNs: parsed once into values, printed in one place.

import { fail } from '../model/errors.ts'
import type { Context } from './context.ts'
import type { RegistryKey } from './ports/metadata.ts'

/** The private registry a request means: `registryId`, or the caller's own account, in the request's region. */
export function privateRegistry(ctx: Context, registryId: string | undefined): RegistryKey {
  return { kind: 'private', accountId: registryId ?? ctx.caller.accountId, region: ctx.region }
}

/** The AWS partition of a region, as ARNs begin. */
export function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn'
  if (region.startsWith('us-gov-')) return 'aws-us-gov'
  return 'aws'
}

export function repositoryArn(registry: RegistryKey, name: string): string {
  if (registry.kind === 'public') return `arn:aws:ecr-public::${registry.accountId}:repository/${name}`
  return `arn:${partitionOf(registry.region)}:ecr:${registry.region}:${registry.accountId}:repository/${name}`
}

const arnPattern = /^arn:(aws[a-z-]*):ecr:([a-z0-9-]{2,25}):([0-9]{12}):repository\/(.{2,256})$/

/** The repository that an ARN names. Fails with ECR's "Invalid ARN". */
export function parseRepositoryArn(arn: string): { readonly registry: RegistryKey; readonly name: string } {
  const [, partition, region, accountId, name] = arnPattern.exec(arn) ?? []
  const isWhole = region !== undefined && accountId !== undefined && name !== undefined
  if (!isWhole || partition !== partitionOf(region)) {
    return fail('InvalidParameterException', { parameter: 'resourceArn', constraint: 'Invalid ARN' })
  }
  return { registry: { kind: 'private', accountId, region }, name }
}

const publicArnPattern = /^arn:aws:ecr-public::([0-9]{12}):repository\/(.{2,205})$/

/** The public repository that an ARN names; its region is empty. Fails with ECR's "Invalid ARN". */
export function parsePublicRepositoryArn(arn: string): { readonly registry: RegistryKey; readonly name: string } {
  const [, accountId, name] = publicArnPattern.exec(arn) ?? []
  if (accountId === undefined || name === undefined) {
    return fail('InvalidParameterException', { parameter: 'resourceArn', constraint: 'Invalid ARN' })
  }
  return { registry: publicRegistryOf(accountId), name }
}

/** What a decision is about: the repository that an ARN names, or all of its registry (`*`); `undefined` for any other resource. */
export function parseAnyRepositoryArn(
  arn: string,
): { readonly registry: RegistryKey; readonly name: string } | undefined {
  const [, service, region = '', accountId = '', name = ''] = anyArnPattern.exec(arn) ?? []
  if (service === undefined) return undefined
  return { registry: service === 'ecr' ? { kind: 'private', accountId, region } : publicRegistryOf(accountId), name }
}

const anyArnPattern = /^arn:aws[a-z-]*:(ecr|ecr-public):([a-z0-9-]*):([0-9]{12}):repository\/(.+)$/

/** The public registry of an account: one, in no region. */
export function publicRegistryOf(accountId: string): RegistryKey {
  return { kind: 'public', accountId, region: '' }
}

export function publicRegistryArn(accountId: string): string {
  return `arn:aws:ecr-public::${accountId}:registry/${accountId}`
}

/** What error sentences say of a repository. */
export function named(
  registry: RegistryKey,
  name: string,
): { readonly repositoryName: string; readonly registryId: string } {
  return { repositoryName: name, registryId: registry.accountId }
}
