// What IAM sees of an input of the public API: ARNs without a region.

import { publicRegistry, publicRegistryWith } from '../../domain/public/registries.ts'
import {
  parsePublicRepositoryArn,
  publicRegistryArn,
  publicRegistryOf,
  repositoryArn,
} from '../../domain/references.ts'
import type { Permission } from '../operation.ts'

interface NamesRepository {
  readonly registryId?: string | undefined
  readonly repositoryName: string
}

/** `ecr-public:<action>` on the repository that the input names, its registry by account or alias. Fails with RegistryNotFound. */
export function onPublicRepository(action: string): Permission<NamesRepository> {
  return {
    action: `ecr-public:${action}`,
    resource: async (ctx, input) => repositoryArn(await publicRegistry(ctx, input.registryId), input.repositoryName),
  }
}

/** The same where an alias that nobody has fails with RepositoryNotFound. */
export function onPublicRepositoryIfAny(action: string): Permission<NamesRepository> {
  return {
    action: `ecr-public:${action}`,
    resource: async (ctx, input) =>
      repositoryArn(await publicRegistryWith(ctx, input.registryId, input.repositoryName), input.repositoryName),
  }
}

/** `ecr-public:<action>` on all repositories of a registry, as IAM asks for listings. */
export function onPublicRepositories(action: string): Permission<{ readonly registryId?: string | undefined }> {
  return {
    action: `ecr-public:${action}`,
    resource: (_ctx, input) =>
      input.registryId === undefined ? '*' : repositoryArn(publicRegistryOf(input.registryId), '*'),
  }
}

/** `ecr-public:<action>` on the caller's registry. */
export function onOwnRegistry(action: string): Permission<unknown> {
  return { action: `ecr-public:${action}`, resource: (ctx) => publicRegistryArn(ctx.caller.accountId) }
}

/** `ecr-public:<action>` on the repository whose ARN the input carries; fails with ECR's "Invalid ARN" for one of another kind. */
export function onPublicArn(action: string): Permission<{ readonly resourceArn: string }> {
  return {
    action: `ecr-public:${action}`,
    resource: (_ctx, input) => {
      const { registry, name } = parsePublicRepositoryArn(input.resourceArn)
      return repositoryArn(registry, name)
    },
  }
}

/** `ecr-public:<action>` where IAM knows no resource. */
export function onAnythingPublic(action: string): Permission<unknown> {
  return { action: `ecr-public:${action}`, resource: () => '*' }
}
