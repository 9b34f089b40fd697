// The operator's own API: what runs the server rather than uses it. Only principals of the server's own account may call it.

import type { Context } from '../../domain/context.ts'
import type { RegistryKey } from '../../domain/ports/metadata.ts'
import { partitionOf, publicRegistryOf } from '../../domain/references.ts'
import type { Permission } from '../operation.ts'

/** `stowage:<action>` on this server. */
export function onServer(action: string): Permission<unknown> {
  return {
    action: `stowage:${action}`,
    resource: (ctx: Context) => `arn:${partitionOf(ctx.region)}:stowage:${ctx.region}:${ctx.operatorAccount}:server`,
  }
}

/** The registry that an operator means: the private one of the server's own account and of the request's region, unless something else is said. */
export function anyRegistry(
  ctx: Context,
  input: {
    readonly registryType?: 'PRIVATE' | 'PUBLIC' | undefined
    readonly registryId?: string | undefined
    readonly region?: string | undefined
  },
): RegistryKey {
  const { registryType = 'PRIVATE', registryId: accountId = ctx.operatorAccount, region = ctx.region } = input
  return registryType === 'PUBLIC' ? publicRegistryOf(accountId) : { kind: 'private', accountId, region }
}
