// What all listings of a repository do alike: pages that add up, page sizes, and tokens that are good for their own listing only.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Operation } from '../../src/operations/operation.ts'
import { account, givenImage, givenRepository, rootOf, type TestRegistry } from '../support/registry.ts'
import { assertRefused, call, invalid, openRegistry, wrongType } from './calls.ts'

type Input = Readonly<Record<string, unknown>>

export interface Listing {
  readonly operation: Operation
  /** The member of the answer that holds the items. */
  readonly member: string
  readonly maxResultsMax: number
  /** Makes four items in the repository `app`. */
  readonly given: (registry: TestRegistry) => Promise<void>
  readonly input: Input
  /** Changes of the input that make it another listing. */
  readonly others: readonly Input[]
  /** A listing of another operation with at least two items. */
  readonly otherOperation: { readonly operation: Operation; readonly input: Input }
}

const dayMs = 24 * 60 * 60 * 1000
const badToken = invalid('nextToken', 'Invalid token')

/** Images `one` to `nine`, untagged unless a tag is made of the seed. */
export async function givenImages(
  registry: TestRegistry,
  count: number,
  tagOf: (seed: string) => string | undefined,
  more: Input = {},
): Promise<void> {
  const seeds = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine']
  for (const seed of seeds.slice(0, count)) await givenImage(registry, 'app', tagOf(seed), seed, more)
}

export function testPagingRules(listing: Listing): void {
  const { operation, member, maxResultsMax } = listing
  const { input } = listing

  /** An answer's items and token: the token is opaque, everything else is compared. */
  async function pageOf(
    registry: TestRegistry,
    more: Input,
  ): Promise<{ readonly items: readonly unknown[]; readonly token: unknown }> {
    const answer = (await call(registry, operation, { ...input, ...more })) as Input // the JSON of a struct
    const items = answer[member]
    assert.ok(Array.isArray(items))
    const names = 'nextToken' in answer ? [member, 'nextToken'] : [member]
    assert.deepEqual(Object.keys(answer), names)
    return { items, token: answer['nextToken'] }
  }

  async function tokenOf(registry: TestRegistry): Promise<string> {
    const { token } = await pageOf(registry, { maxResults: 1 })
    assert.ok(typeof token === 'string')
    return token
  }

  test(`${operation.name}, as all listings`, async (t) => {
    const registry = await openRegistry(t)
    await givenRepository(registry, 'app')
    await listing.given(registry)

    await t.test('pages of any size add up to the whole, and the last one has no token', async () => {
      const whole = await pageOf(registry, {})
      assert.equal(whole.token, undefined)
      assert.equal(whole.items.length, 4)
      for (const maxResults of [1, 2, 3, 4, maxResultsMax]) {
        const pages: (readonly unknown[])[] = []
        let nextToken: unknown = null
        do {
          const { items, token } = await pageOf(registry, { maxResults, nextToken })
          pages.push(items)
          nextToken = token
        } while (nextToken !== undefined)
        assert.deepEqual(pages.flat(), whole.items)
        assert.equal(pages.length, Math.ceil(4 / maxResults))
      }
    })

    await t.test('the size of a page may change on the way', async () => {
      const whole = await pageOf(registry, {})
      const rest = await pageOf(registry, { nextToken: await tokenOf(registry), maxResults: 2 })
      assert.deepEqual(rest.items, whole.items.slice(1, 3))
      assert.deepEqual((await pageOf(registry, { nextToken: rest.token })).items, whole.items.slice(3))
    })

    await t.test('a page size that is none', async () => {
      const tooSmall = invalid('maxResults', 'Member must have value greater than or equal to 1')
      for (const [maxResults, refusal] of [
        [0, tooSmall],
        [-1, tooSmall],
        [maxResultsMax + 1, invalid('maxResults', `Member must have value less than or equal to ${maxResultsMax}`)],
        ['10', wrongType('maxResults must be a number')],
        [1.5, wrongType('maxResults must be a whole number')],
        [Infinity, wrongType('maxResults must be a number')],
      ] as const) {
        await assertRefused(registry, operation, { ...input, maxResults }, refusal)
      }
    })

    await t.test('tokens that nobody gave', async () => {
      const token = await tokenOf(registry)
      const bytes = Buffer.from(token, 'base64url')
      const flipped = Array.from(bytes, (byte, at) =>
        Buffer.from(bytes)
          .fill(byte ^ 1, at, at + 1)
          .toString('base64url'),
      )
      const made = Buffer.from(JSON.stringify([Number.MAX_SAFE_INTEGER, []])).toString('base64url')
      for (const nextToken of ['', 'x', made, token.slice(0, -4), 'A'.repeat(1024 * 1024), ...flipped]) {
        await assertRefused(registry, operation, { ...input, nextToken }, badToken)
      }
      await assertRefused(registry, operation, { ...input, nextToken: 7 }, wrongType('nextToken must be a string'))
      await pageOf(registry, { nextToken: token }) // the true one is good all the while
    })

    await t.test('tokens of another listing', async () => {
      const token = await tokenOf(registry)
      for (const other of listing.others) {
        await assertRefused(registry, operation, { ...input, ...other, nextToken: token }, badToken)
      }
      const { operation: another, input: its } = listing.otherOperation
      const { nextToken } = (await call(registry, another, { ...its, maxResults: 1 })) as Input // the JSON of a struct
      assert.equal(typeof nextToken, 'string')
      await assertRefused(registry, operation, { ...input, nextToken }, badToken)
    })

    await t.test('tokens of another repository, though it has the same images', async () => {
      const nextToken = await tokenOf(registry)
      await givenRepository(registry, 'twin')
      await assertRefused(registry, operation, { ...input, repositoryName: 'twin', nextToken }, badToken)
    })

    await t.test('tokens of another principal, of the same account as well', async () => {
      const nextToken = await tokenOf(registry)
      const caller = { ...rootOf(account), arn: `arn:aws:iam::${account}:user/other` }
      await assertRefused(registry, operation, { ...input, nextToken }, badToken, registry.ctx({ caller }))
    })

    await t.test('tokens older than a day', async () => {
      const nextToken = await tokenOf(registry)
      registry.advance(dayMs)
      assert.equal((await pageOf(registry, { nextToken })).items.length, 3)
      registry.advance(1)
      await assertRefused(registry, operation, { ...input, nextToken }, badToken)
    })
  })
}
