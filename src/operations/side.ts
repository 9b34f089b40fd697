// The two kinds of registries, for operations that both have and that differ in nothing else: what the data planes do beside the APIs.

import type { Context } from '../domain/context.ts'
import type { RegistryKey } from '../domain/ports/metadata.ts'
import { privateRegistry, publicRegistryOf, repositoryArn } from '../domain/references.ts'
import type { OptionalSchema, StringSchema } from '../model/schema.ts'
import { inRepository as inPublicRepository } from '../model/shapes/public/common.ts'
import { inRepository as inPrivateRepository } from '../model/shapes/repository.ts'
import { ecr, ecrPublic, type Permission, type Service } from './operation.ts'
import { onRepository, type NamesRepository } from './resources.ts'

export interface Side {
  readonly service: Service
  /** The registry of an account. */
  registry(ctx: Context, accountId: string | undefined): RegistryKey
  readonly inRepository: { readonly registryId: OptionalSchema<string>; readonly repositoryName: StringSchema }
  /** The right to do what changes nothing. */
  toRead(action: string): Permission<NamesRepository>
  toWrite(action: string): Permission<NamesRepository>
}

export const privateSide: Side = {
  service: ecr,
  registry: privateRegistry,
  inRepository: inPrivateRepository,
  toRead: onRepository,
  toWrite: onRepository,
}

export const publicSide: Side = {
  service: ecrPublic,
  registry: (ctx, accountId) => publicRegistryOf(accountId ?? ctx.caller.accountId),
  inRepository: inPublicRepository,
  // Anyone may pull, and no policy can change that (user guide of Amazon ECR Public, "Repository policies").
  toRead: (action) => ({ action: `ecr-public:${action}`, anyone: true, resource: () => '*' }),
  toWrite: (action) => ({
    action: `ecr-public:${action}`,
    resource: (ctx, input) => repositoryArn(publicSide.registry(ctx, input.registryId), input.repositoryName),
  }),
}
