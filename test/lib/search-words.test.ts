import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { markOf, rangeOf, termsOf, wordCharactersMax, wordsOf } from '../../src/lib/search-words.ts'

describe('the words of a text', () => {
  for (const [text, words] of [
    ['', []],
    [' \t\n\u0000', []],
    ['app', ['app']],
    ['team/my-app_v1.2', ['team/my-app_v1.2', 'my-app_v1.2', 'app_v1.2', 'v1.2', '2']],
    ['The  THE the', ['the']],
    ['(fast),', ['(fast),', 'fast),']],
    ['100%', ['100%']],
    ['% _ \\', ['%', '_', '\\']],
    ["it's", ["it's", 's']],
    ['u\u0308ber', ['über']],
    ['ﬁne', ['fine']],
    ['日本', ['日本', '本']],
    ['\u{1F40B}whale', ['\u{1F40B}whale', 'whale']],
    ['one\u0001two', ['one', 'two']],
  ] as const) {
    test(JSON.stringify(text), () => assert.deepEqual(wordsOf(text), words))
  }

  test('are cut where they are long, and never through a character', () => {
    assert.deepEqual(wordsOf('x'.repeat(200)), ['x'.repeat(wordCharactersMax)])
    const [first] = wordsOf(`${'x'.repeat(wordCharactersMax - 1)}\u{1F40B}`)
    assert.equal(first, 'x'.repeat(wordCharactersMax - 1))
    assert.deepEqual(termsOf('x'.repeat(200)), wordsOf('x'.repeat(200)))
  })

  test('are found again by every beginning of theirs, whatever the text', () => {
    for (const text of ['Team/My-App', 'ÄÖÜ 容器', 'İstanbul', 'ẞtraße', 'a\u0301b']) {
      const words = wordsOf(text)
      for (const word of words) assert.ok(words.includes(wordsOf(word)[0] ?? ''), word)
      for (const term of termsOf(text))
        assert.ok(
          words.some((word) => word.startsWith(term)),
          term,
        )
    }
  })

  test('of the most hostile description are few and quickly made', () => {
    const startedMs = performance.now()
    for (const text of ['a-'.repeat(512), '容'.repeat(1024), '\ufdfa'.repeat(1024), '\u0300'.repeat(1024)]) {
      const words = wordsOf(text)
      assert.ok(words.length <= 2048, `${words.length}`)
      assert.ok(words.every((word) => word.length <= wordCharactersMax))
    }
    assert.ok(performance.now() - startedMs < 1000)
  })
})

describe('what somebody looks for', () => {
  for (const [text, terms] of [
    ['', []],
    ['  ', []],
    ['Nginx', ['nginx']],
    ['my-app', ['my-app']],
    ['app apple app', ['apple']],
    ['b a', ['b', 'a']],
    ['100% _', ['100%', '_']],
  ] as const) {
    test(JSON.stringify(text), () => assert.deepEqual(termsOf(text), terms))
  }

  test('is never a mark', () => {
    assert.deepEqual(termsOf(markOf('x')), ['x'])
    assert.notEqual(markOf('x'), 'x')
  })
})

test('a range holds the words that begin with the term, and no other ones', () => {
  const { low, high } = rangeOf('app')
  const bytes = (text: string) => Buffer.from(text)
  const isIn = (word: string) => bytes(word).compare(bytes(low)) >= 0 && bytes(word).compare(bytes(high)) < 0
  for (const word of ['app', 'apple', 'app\u{1F40B}', 'appé', 'app\uffff']) assert.ok(isIn(word), word)
  for (const word of ['ap', 'apo', 'apq', 'b', 'APP', 'aq']) assert.ok(!isIn(word), word)
})
