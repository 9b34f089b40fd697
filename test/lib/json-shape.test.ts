import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import fc from 'fast-check'

import { shapeFault } from '../../src/lib/json-shape.ts'
import { anyText } from '../support/any-text.ts'

describe('shapeFault', () => {
  const cases: readonly (readonly [string, string, 'too-deep' | 'duplicate-key' | undefined])[] = [
    ['an empty text', '', undefined],
    ['a scalar', '"text"', undefined],
    ['three levels', '{"a":[{}]}', undefined],
    ['four levels', '{"a":[{"b":[]}]}', 'too-deep'],
    ['four levels of lists', '[[[[', 'too-deep'],
    ['brackets in a string', '{"a":"[[[[{{{{"}', undefined],
    ['brackets in a string behind an escaped quote', String.raw`{"a":"\"[[[[{{{{"}`, undefined],
    ['brackets behind a string that ends in an escaped backslash', String.raw`{"a":"\\","b":[[[[`, 'too-deep'],
    ['many siblings', `[${'[],'.repeat(100)}[]]`, undefined],
    ['a key twice', '{"a":1,"a":1}', 'duplicate-key'],
    ['a key twice, once with an escape', String.raw`{"a":1,"\u0061":2}`, 'duplicate-key'],
    ['a key twice, both with escapes', String.raw`{"\"":1,"\u0022":2}`, 'duplicate-key'],
    ['a key twice with white space', '{ "a" :1 ,\n\t"a" : 2 }', 'duplicate-key'],
    ['a key twice with an object between', '{"a":{"b":{}},"a":2}', 'duplicate-key'],
    ['a key twice with a list between', '{"a":["a","a"],"a":2}', 'duplicate-key'],
    ['a key twice in an object of a list', '[{},{"a":1,"a":2}]', 'duplicate-key'],
    ['__proto__ twice', '{"__proto__":1,"__proto__":2}', 'duplicate-key'],
    ['an empty key twice', '{"":1,"":2}', 'duplicate-key'],
    ['a key in another object', '{"a":{"a":{"a":1}}}', undefined],
    ['keys that differ in case', '{"a":1,"A":2}', undefined],
    ['a key that is a value too', '{"a":"a","b":"a"}', undefined],
    ['a list of equal strings', '["a","a"]', undefined],
    ['a string that never ends', '{"a', undefined],
    ['an object that never ends', '{"a":1,', undefined],
    ['more closed than opened', ']}]}{"a":1}', undefined],
  ]
  for (const [what, text, expected] of cases) {
    test(`${what}: ${expected ?? 'nothing wrong'}`, () => {
      assert.equal(shapeFault(text, { depth: 3, uniqueKeys: true }), expected)
    })
  }

  test('keys may repeat where that is not asked', () => {
    assert.equal(shapeFault('{"a":1,"a":1}', { depth: 3, uniqueKeys: false }), undefined)
  })

  test('never throws, whatever the text', () => {
    const piece = fc.constantFrom('{', '}', '[', ']', '"', '\\', ',', ':', 'a', 'u0061', ' ', '1')
    const text = fc.oneof(
      anyText,
      fc.array(piece).map((pieces) => pieces.join('')),
    )
    fc.assert(fc.property(text, (given) => void shapeFault(given, { depth: 3, uniqueKeys: true })))
  })

  test('agrees with a count over the document, however it is written', () => {
    fc.assert(
      fc.property(document, fc.integer({ min: 1, max: 5 }), (node, depth) => {
        const text = write(node)
        JSON.parse(text) // what is generated is JSON
        const found = shapeFault(text, { depth, uniqueKeys: true })
        if (found === 'too-deep') assert.ok(depthOf(node) > depth)
        else if (found === 'duplicate-key') assert.ok(hasDuplicate(node))
        else assert.ok(depthOf(node) <= depth && !hasDuplicate(node))
        assert.equal(shapeFault(text, { depth, uniqueKeys: false }), depthOf(node) > depth ? 'too-deep' : undefined)
      }),
      { numRuns: 500 },
    )
  })

  test('takes linear time', () => {
    const limits = { depth: 32, uniqueKeys: true }
    const started = performance.now()
    for (const text of [
      `"${'\\'.repeat(5_000_000)}"`,
      `"${String.raw`\"`.repeat(2_500_000)}`,
      '"'.repeat(2_500_000),
      `[${'{},'.repeat(1_500_000)}{}]`,
    ]) {
      assert.equal(shapeFault(text, limits), undefined)
    }
    assert.ok(performance.now() - started < 2000)
  })
})

type Node =
  | { readonly kind: 'scalar'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly Node[] }
  | { readonly kind: 'object'; readonly members: readonly (readonly [key: string, escaped: boolean, value: Node])[] }

const scalar = fc
  .oneof(
    fc.string({ unit: fc.constantFrom('{', '[', '"', '\\', ',', 'a') }).map((text) => JSON.stringify(text)),
    fc.constantFrom('1', 'true', 'null'),
  )
  .map((text): Node => ({ kind: 'scalar', text }))
// Few keys, so that they meet.
const key = fc.string({ unit: fc.constantFrom('a', '"', '\\', '{'), maxLength: 2 })

const { document } = fc.letrec<{ document: Node }>((tie) => ({
  document: fc.oneof(
    { depthSize: 'medium' },
    scalar,
    fc.array(tie('document'), { maxLength: 3 }).map((items): Node => ({ kind: 'list', items })),
    fc
      .array(fc.tuple(key, fc.boolean(), tie('document')), { maxLength: 3 })
      .map((members): Node => ({ kind: 'object', members })),
  ),
}))

function write(node: Node): string {
  switch (node.kind) {
    case 'scalar':
      return node.text
    case 'list':
      return `[${node.items.map(write).join(', ')}]`
    case 'object':
      return `{${node.members.map(([name, escaped, value]) => `${writeKey(name, escaped)} :${write(value)}`).join(',')}}`
  }
}

function writeKey(name: string, escaped: boolean): string {
  if (!escaped) return JSON.stringify(name)
  return `"${name.replaceAll(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`
}

function depthOf(node: Node): number {
  return node.kind === 'scalar' ? 0 : 1 + Math.max(0, ...partsOf(node).map(depthOf))
}

function hasDuplicate(node: Node): boolean {
  const names = node.kind === 'object' ? node.members.map(([name]) => name) : []
  return new Set(names).size < names.length || partsOf(node).some(hasDuplicate)
}

function partsOf(node: Node): readonly Node[] {
  if (node.kind === 'list') return node.items
  return node.kind === 'object' ? node.members.map(([, , value]) => value) : []
}
