import { fail } from '../../model/errors.ts'
import type { Context } from '../context.ts'

/**
 * Decides whether the caller may do `action` on `resource` (a repository ARN, or `*`), and fails with AccessDeniedException when not.
 * Today a caller may do everything in its own account and nothing in another's: identity and resource policies are not evaluated yet
 * (the coverage page says so).
 */
export function authorise(ctx: Context, action: string, resource: string): void {
  if (resource === '*') return
  const accountId = resource.split(':')[4]
  if (accountId === ctx.caller.accountId) return
  fail('AccessDeniedException/noResourcePolicy', { caller: ctx.caller.arn, action, resource })
}
