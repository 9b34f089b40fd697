import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import fc from 'fast-check'

import { page, type PageRequest } from '../../src/domain/paging.ts'
import { openTestRegistry, otherAccount, rootOf } from '../support/registry.ts'

const registry = await openTestRegistry()
const ctx = registry.ctx()
await registry.close() // pages need its keys and its clock only

/** Rows `0000` to `0249`, as a store pages them. */
const rows = Array.from({ length: 250 }, (_, at) => String(at).padStart(4, '0'))
const load = async (position: readonly string[] | undefined, limit: number) =>
  rows.filter((row) => row > (position?.[0] ?? '')).slice(0, limit)
const list = (request: PageRequest, of = ctx, binding: readonly unknown[] = ['ListRows', 'app']) =>
  page(of, request, 100, binding, load, (row) => [row])

describe('pages', () => {
  test('the default size, then the rest, then no token', async () => {
    const first = await list({})
    assert.deepEqual(first.items, rows.slice(0, 100))
    const second = await list({ nextToken: first.nextToken })
    assert.deepEqual(second.items, rows.slice(100, 200))
    const third = await list({ nextToken: second.nextToken })
    assert.deepEqual(third, { items: rows.slice(200), nextToken: undefined })
  })

  test('a page that ends with the last row has no token', async () => {
    assert.deepEqual(await list({ maxResults: 250 }), { items: rows, nextToken: undefined })
    assert.notEqual((await list({ maxResults: 249 })).nextToken, undefined)
  })

  test('an empty listing is one empty page', async () => {
    const none = async () => []
    assert.deepEqual(await page(ctx, {}, 100, [], none, () => []), { items: [], nextToken: undefined })
  })

  test('whatever the sizes, every row comes once and in order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1 }), async (sizes) => {
        const seen: string[] = []
        let nextToken: string | undefined
        for (let at = 0; at === 0 || nextToken !== undefined; at++) {
          const maxResults = sizes[at % sizes.length]
          const answer = await list({ maxResults, nextToken })
          seen.push(...answer.items)
          nextToken = answer.nextToken
        }
        assert.deepEqual(seen, rows)
      }),
      { numRuns: 20 },
    )
  })
})

describe('J13 a token is good for its listing only', () => {
  const refused = {
    name: 'InvalidParameterException',
    message: "Invalid parameter at 'nextToken' failed to satisfy constraint: 'Invalid token'",
  }
  const token = async () => {
    const { nextToken } = await list({})
    return nextToken ?? assert.fail('there is a second page')
  }

  test('of another operation', async () =>
    assert.rejects(list({ nextToken: await token() }, ctx, ['ListOthers', 'app']), refused))
  test('of other arguments', async () =>
    assert.rejects(list({ nextToken: await token() }, ctx, ['ListRows', 'app', { tagStatus: 'TAGGED' }]), refused))
  test('of another principal', async () =>
    assert.rejects(list({ nextToken: await token() }, { ...ctx, caller: rootOf(otherAccount) }), refused))
  test('of another region', async () =>
    assert.rejects(list({ nextToken: await token() }, { ...ctx, region: 'eu-west-1' }), refused))
  test('expired', async () => {
    const nextToken = await token()
    const later = (ms: number) => ({ ...ctx, clock: { now: () => ctx.clock.now() + ms } })
    const dayMs = 24 * 60 * 60 * 1000
    assert.deepEqual((await list({ nextToken }, later(dayMs))).items, rows.slice(100, 200))
    await assert.rejects(list({ nextToken }, later(dayMs + 1)), refused)
  })
  for (const [what, nextToken] of [
    ['empty', ''],
    ['made up', 'made-up'],
    ['a row', '0099'],
    ['a MiB', 'A'.repeat(1024 * 1024)],
  ] as const) {
    test(what, async () => assert.rejects(list({ nextToken }), refused))
  }

  test('another page size is fine', async () =>
    assert.deepEqual((await list({ nextToken: await token(), maxResults: 2 })).items, ['0100', '0101']))
})
