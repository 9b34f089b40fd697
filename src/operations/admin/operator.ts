// The operator's own API: what runs the server rather than uses it. Only principals of the server's own account may call it.

import type { Context } from '../../domain/context.ts'
import { partitionOf } from '../../domain/references.ts'
import type { Permission } from '../operation.ts'

/** `stowage:<action>` on this server. */
export function onServer(action: string): Permission<unknown> {
  return {
    action: `stowage:${action}`,
    resource: (ctx: Context) => `arn:${partitionOf(ctx.region)}:stowage:${ctx.region}:${ctx.operatorAccount}:server`,
  }
}
