// Pages of the API: `nextToken` in, one row more than asked for from the store, `nextToken` out.

import { fail } from '../model/errors.ts'
import { openPage, sealPage, type PageBinding } from '../model/pages.ts'
import type { Context } from './context.ts'

export interface PageRequest {
  readonly nextToken?: string | undefined
  readonly maxResults?: number | undefined
}

export interface Page<T> {
  readonly items: readonly T[]
  readonly nextToken: string | undefined
}

/**
 * One page.
 * @param binding the operation and every argument but the token and the page size: a token is good for the same listing only
 * @param load rows after `position`, at most `limit`, in the order of `positionOf`
 * @param fitting as many items of a page as an answer takes, from the front, one at least; all when nothing is said
 * Fails with InvalidParameter for a token that is not this listing's.
 */
export async function page<T>(
  ctx: Context,
  request: PageRequest,
  sizeByDefault: number,
  binding: PageBinding,
  load: (position: readonly string[] | undefined, limit: number) => Promise<readonly T[]>,
  positionOf: (item: T) => readonly string[],
  fitting: (items: readonly T[]) => readonly T[] = (items) => items,
): Promise<Page<T>> {
  const bound = [ctx.caller.arn, ctx.region, ...binding]
  const size = request.maxResults ?? sizeByDefault
  const position = request.nextToken === undefined ? undefined : openToken(ctx, bound, request.nextToken)
  const rows = await load(position, size + 1)
  const items = fitting(rows.slice(0, size))
  const last = items.at(-1)
  const more = rows.length > items.length && last !== undefined
  return {
    items,
    nextToken: more ? sealPage(ctx.secrets.pageKey, bound, positionOf(last), ctx.clock.now()) : undefined,
  }
}

function openToken(ctx: Context, binding: PageBinding, token: string): readonly string[] {
  return (
    openPage(ctx.secrets.pageKey, binding, token, ctx.clock.now()) ??
    fail('InvalidParameterException', { parameter: 'nextToken', constraint: 'Invalid token' })
  )
}
