// What the checker expects, from histories written by hand: a wrong expectation would let a fault pass, or call a right answer wrong.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { expectationsFrom, keyOf } from '../../faults/expectations.ts'
import type { Attempt, Entry, Outcome } from '../../faults/journal.ts'

const repository = 'r'
const put = (digest: string, tag?: string): Attempt => ({
  kind: 'image',
  repository,
  digest,
  size: 1,
  mediaType: 'm',
  blobs: [],
  imageBytes: 1,
  children: [],
  ...(tag !== undefined && { tag }),
})
const remove = (digest: string): Attempt => ({ kind: 'delete', repository, digest })

function entry(attempt: Attempt, startedAt: number, outcome: Outcome, endedAt: number): Entry {
  return { attempt, startedAt, endedAt, outcome, startedAtMs: startedAt, endedAtMs: endedAt }
}

interface Row {
  readonly what: string
  readonly entries: readonly Entry[]
  /** What the tag `t` may name. */
  readonly tag: readonly (string | undefined)[]
}

const tagRows: readonly Row[] = [
  { what: 'an acknowledged put', entries: [entry(put('a', 't'), 1, 'ack', 2)], tag: ['a'] },
  { what: 'a put without an answer', entries: [entry(put('a', 't'), 1, 'unknown', 3)], tag: ['a', undefined] },
  { what: 'a refused put', entries: [entry(put('a', 't'), 1, 'fail', 2)], tag: [] },
  {
    what: 'one acknowledged put after the other',
    entries: [entry(put('a', 't'), 1, 'ack', 2), entry(put('b', 't'), 3, 'ack', 4)],
    tag: ['b'],
  },
  {
    what: 'two at the same time',
    entries: [entry(put('a', 't'), 1, 'ack', 4), entry(put('b', 't'), 2, 'ack', 3)],
    tag: ['a', 'b'],
  },
  {
    what: 'an unknown one after an acknowledged one',
    entries: [entry(put('a', 't'), 1, 'ack', 2), entry(put('b', 't'), 3, 'unknown', Infinity)],
    tag: ['a', 'b'],
  },
  {
    what: 'an unknown one that ended with its server, before an acknowledged one',
    entries: [entry(put('a', 't'), 1, 'unknown', 2), entry(put('b', 't'), 3, 'ack', 4)],
    tag: ['b'],
  },
  {
    what: 'an unknown one that its server may still do, and an acknowledged one',
    entries: [entry(put('a', 't'), 1, 'unknown', Infinity), entry(put('b', 't'), 3, 'ack', 4)],
    tag: ['a', 'b'],
  },
  {
    what: 'a delete of the image',
    entries: [entry(put('a', 't'), 1, 'ack', 2), entry(remove('a'), 3, 'ack', 4)],
    tag: [undefined],
  },
  {
    what: 'a delete of the image that the tag had before',
    entries: [entry(put('a', 't'), 1, 'ack', 2), entry(put('b', 't'), 3, 'ack', 4), entry(remove('a'), 5, 'ack', 6)],
    tag: ['b'],
  },
  {
    what: 'a delete without an answer',
    entries: [entry(put('a', 't'), 1, 'ack', 2), entry(remove('a'), 3, 'unknown', 5)],
    tag: ['a', undefined],
  },
  {
    what: 'a delete at the same time',
    entries: [entry(put('a', 't'), 1, 'ack', 4), entry(remove('a'), 2, 'ack', 3)],
    tag: ['a', undefined],
  },
  {
    what: 'a push after a delete',
    entries: [entry(put('a', 't'), 1, 'ack', 2), entry(remove('a'), 3, 'ack', 4), entry(put('a', 't'), 5, 'ack', 6)],
    tag: ['a'],
  },
]

describe('a tag after', () => {
  for (const { what, entries, tag } of tagRows) {
    test(what, () => {
      const { tags } = expectationsFrom(entries)
      assert.deepEqual(new Set(tags.get(keyOf(repository, 't'))?.allowed ?? []), new Set(tag))
    })
  }
})

describe('an image after', () => {
  const image = (entries: readonly Entry[]) => {
    const expected = expectationsFrom(entries).images.get(keyOf(repository, 'a'))
    return expected && [expected.mayExist, expected.mayBeAbsent]
  }
  const pushed = entry(put('a'), 1, 'ack', 2)

  test('an acknowledged push must exist', () => assert.deepEqual(image([pushed]), [true, false]))
  test('a push without an answer may exist', () =>
    assert.deepEqual(image([entry(put('a'), 1, 'unknown', 9)]), [true, true]))
  test('a refused push is not expected', () => assert.equal(image([entry(put('a'), 1, 'fail', 2)]), undefined))
  test('an acknowledged delete must not exist', () =>
    assert.deepEqual(image([pushed, entry(remove('a'), 3, 'ack', 4)]), [false, true]))
  test('a refused delete must exist', () =>
    assert.deepEqual(image([pushed, entry(remove('a'), 3, 'fail', 4)]), [true, false]))
  test('a delete without an answer may exist', () =>
    assert.deepEqual(image([pushed, entry(remove('a'), 3, 'unknown', 9)]), [true, true]))
  test('a delete and a push must exist', () =>
    assert.deepEqual(image([pushed, entry(remove('a'), 3, 'ack', 4), entry(put('a'), 5, 'ack', 6)]), [true, false]))
  test('a push that an unfinished delete may follow may exist', () =>
    assert.deepEqual(image([entry(remove('a'), 1, 'unknown', Infinity), entry(put('a'), 3, 'ack', 4)]), [true, true]))
})
