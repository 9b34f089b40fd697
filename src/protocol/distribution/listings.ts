// Tags of a repository, and repositories of a registry. https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-tags
// Under ECR's quirks `last` is an opaque token, `n` beyond 1,000 is refused, and the answer calls itself plain text
// (deitch/docker_registry2 34, google/go-containerregistry 681).

import { fail } from '../../model/errors.ts'
import { openPage, sealPage, type PageBinding } from '../../model/pages.ts'
import { listCatalog } from '../../operations/distribution/listings.ts'
import { perform } from '../../operations/perform.ts'
import type { HttpResponse } from '../message.ts'
import { inRepository, json, locate, refuseMethod, type Call } from './call.ts'
import { refuse } from './faults.ts'

const itemsMax = 1_000
/** Longer than any tag or repository name. */
const lastCharactersMax = 1_024

export async function handleTags(call: Call, name: string): Promise<HttpResponse> {
  if (!isRead(call)) return refuseMethod('GET, HEAD')
  const binding = ['tags', call.registry, name]
  const n = pageSize(call)
  const { tags, more } = await perform(call.operations.listTags, call.ctx, {
    ...inRepository(call, name),
    n,
    last: lastItem(call, binding),
  })
  const value = { name: `${call.prefix}${name}`, tags }
  return listing(call, binding, `${name}/tags/list`, n, value, more ? tags.at(-1) : undefined)
}

export async function handleCatalog(call: Call): Promise<HttpResponse> {
  if (!isRead(call)) return refuseMethod('GET, HEAD')
  const binding = ['catalog', call.registry]
  const n = pageSize(call)
  const input = { registryId: call.registry.accountId, n, last: lastItem(call, binding) }
  const { repositories, more } = await perform(listCatalog, call.ctx, input)
  return listing(call, binding, '_catalog', n, { repositories }, more ? repositories.at(-1) : undefined)
}

function isRead(call: Call): boolean {
  return call.request.method === 'GET' || call.request.method === 'HEAD'
}

function pageSize(call: Call): number {
  const text = call.query.get('n')
  if (text === null) return itemsMax
  if (!/^[0-9]{1,15}$/.test(text))
    refuse(400, 'PAGINATION_NUMBER_INVALID', 'n must be a whole number that is not negative')
  const n = Number(text)
  if (call.ctx.ecrQuirks && n > itemsMax) {
    const constraint = `Member must have value less than or equal to ${itemsMax}`
    return fail('InvalidParameterException', { parameter: 'maxResults', constraint })
  }
  return Math.min(n, itemsMax)
}

function lastItem(call: Call, binding: PageBinding): string | undefined {
  const last = call.query.get('last') ?? undefined
  if (last === undefined || last === '') return undefined
  if (!call.ctx.ecrQuirks) {
    return last.length <= lastCharactersMax ? last : refuse(400, 'UNSUPPORTED', 'last is longer than any name')
  }
  const { secrets, clock } = call.ctx
  const position = openPage(secrets.pageKey, binding, last, clock.now())
  return position?.[0] ?? fail('InvalidParameterException', { parameter: 'NextToken', constraint: 'Invalid token' })
}

function listing(
  call: Call,
  binding: PageBinding,
  address: string,
  n: number,
  value: unknown,
  lastShown: string | undefined,
): HttpResponse {
  const { ecrQuirks, secrets, clock } = call.ctx
  const type: Readonly<Record<string, string>> = ecrQuirks ? { 'Content-Type': 'text/plain; charset=utf-8' } : {}
  if (lastShown === undefined) return json(200, value, type)
  const last = ecrQuirks ? sealPage(secrets.pageKey, binding, [lastShown], clock.now()) : lastShown
  const next = `${address}?${new URLSearchParams({ n: String(n), last }).toString()}`
  return json(200, value, { ...type, Link: `<${locate(call, next)}>; rel="next"` })
}
