import assert from 'node:assert/strict'
import { test } from 'node:test'

import { rememberSome } from '../../src/lib/remember-some.ts'

test('an answer is computed once, until others were asked for later; no answer is no answer to remember', () => {
  const computed: string[] = []
  const find = rememberSome((text) => {
    computed.push(text)
    return text.startsWith('no') ? undefined : text.length
  }, 2)
  assert.deepEqual([find('a'), find('a'), find('bb'), find('a')], [1, 1, 2, 1])
  assert.deepEqual(computed, ['a', 'bb'])
  // `bb` was asked for longest ago.
  assert.equal(find('ccc'), 3)
  assert.equal(find('a'), 1)
  assert.deepEqual(computed, ['a', 'bb', 'ccc'])
  assert.equal(find('bb'), 2)
  assert.deepEqual(computed, ['a', 'bb', 'ccc', 'bb'])
  computed.length = 0
  for (const text of ['no 1', 'no 2', 'no 3', 'no 1']) assert.equal(find(text), undefined)
  assert.deepEqual(computed, ['no 1', 'no 2', 'no 3', 'no 1'])
  assert.equal(find('a'), 1)
  assert.equal(computed.length, 4, 'strangers push nothing out')
})
