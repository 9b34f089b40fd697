// Which tags may move: user guide, "Preventing image tags from being overwritten in Amazon ECR".

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import fc from 'fast-check'

import type { TagMutability } from '../../src/domain/ports/metadata.ts'
import { checkMutability, matchesWildcard, mayMove } from '../../src/domain/tag-mutability.ts'

describe('a tag that is taken', () => {
  const filters = ['latest', 'dev-*']
  for (const [tagMutability, exclusionFilters, tag, moves] of [
    ['MUTABLE', [], 'v1', true],
    ['IMMUTABLE', [], 'v1', false],
    ['IMMUTABLE_WITH_EXCLUSION', filters, 'v1', false],
    ['IMMUTABLE_WITH_EXCLUSION', filters, 'latest', true],
    ['IMMUTABLE_WITH_EXCLUSION', filters, 'dev-7', true],
    ['IMMUTABLE_WITH_EXCLUSION', filters, 'dev-', true],
    ['IMMUTABLE_WITH_EXCLUSION', filters, 'LATEST', false],
    ['IMMUTABLE_WITH_EXCLUSION', filters, 'my-latest', false],
    ['MUTABLE_WITH_EXCLUSION', filters, 'v1', true],
    ['MUTABLE_WITH_EXCLUSION', filters, 'latest', false],
    ['MUTABLE_WITH_EXCLUSION', filters, 'dev-7', false],
  ] as const) {
    test(`${tag} ${moves ? 'moves' : 'stays'} with ${tagMutability}`, () =>
      assert.equal(mayMove({ tagMutability, exclusionFilters }, tag), moves))
  }
})

describe('mode and filters', () => {
  const refusal = (constraint: string) => ({
    name: 'InvalidParameterException',
    message: `Invalid parameter at 'ImageTagMutabilityExclusionFilters' failed to satisfy constraint: 'ImageTagMutabilityExclusionFilters ${constraint}'`,
  })
  for (const mode of ['MUTABLE', 'IMMUTABLE'] satisfies readonly TagMutability[]) {
    test(`${mode} has none`, () => {
      assert.deepEqual(checkMutability(mode, undefined), [])
      assert.deepEqual(checkMutability(mode, []), [])
      assert.throws(
        () => checkMutability(mode, ['a']),
        refusal(`must be null when imageTagMutability is set as ${mode}`),
      )
    })
  }

  for (const mode of ['IMMUTABLE_WITH_EXCLUSION', 'MUTABLE_WITH_EXCLUSION'] satisfies readonly TagMutability[]) {
    test(`${mode} has some, in the order given`, () => {
      assert.deepEqual(checkMutability(mode, ['b*', 'a']), ['b*', 'a'])
      for (const filters of [undefined, []]) {
        assert.throws(
          () => checkMutability(mode, filters),
          refusal(`can't be null when imageTagMutability is set as ${mode}`),
        )
      }
    })
  }
})

describe('matchesWildcard', () => {
  for (const [pattern, text, matches] of [
    ['a', 'a', true],
    ['a', 'A', false],
    ['a', 'ab', false],
    ['a', 'ba', false],
    ['*', '', true],
    ['*', 'anything', true],
    ['**', 'anything', true],
    ['a*', 'a', true],
    ['*a', 'ba', true],
    ['*a', 'ab', false],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'a-c-b', false],
    ['*ab', 'aab', true],
    ['v.', 'vx', false],
    ['v.*', 'v.1', true],
    ['', '', true],
    ['', 'a', false],
  ] as const) {
    test(`'${pattern}' ${matches ? 'matches' : 'does not match'} '${text}'`, () =>
      assert.equal(matchesWildcard(pattern, text), matches))
  }

  test('agrees with the definition', () => {
    const texts = (units: readonly string[]) => fc.string({ unit: fc.constantFrom(...units), maxLength: 8 })
    fc.assert(
      fc.property(texts(['a', 'b', '.', '*', '*']), texts(['a', 'b', '.', '*']), (pattern, text) =>
        assert.equal(matchesWildcard(pattern, text), defined(pattern, text)),
      ),
      { numRuns: 5000 },
    )
  })

  test('a hostile filter costs nothing', () => {
    const started = performance.now()
    assert.equal(matchesWildcard(`${'*a'.repeat(63)}*b`, 'a'.repeat(300)), false)
    assert.ok(performance.now() - started < 50)
  })
})

/** A star is nothing, or any character and a star again. */
function defined(pattern: string, text: string): boolean {
  if (pattern === '') return text === ''
  if (pattern.startsWith('*')) {
    return defined(pattern.slice(1), text) || (text !== '' && defined(pattern, text.slice(1)))
  }
  return pattern.charAt(0) === text.charAt(0) && text !== '' && defined(pattern.slice(1), text.slice(1))
}
