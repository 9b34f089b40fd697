import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import fc from 'fast-check'

import {
  blob,
  boolean,
  double,
  integer,
  list,
  long,
  map,
  optional,
  string,
  struct,
  timestamp,
  type Schema,
} from '../../src/model/schema.ts'
import { maxResults, registryId, repositoryName } from '../../src/model/shapes/common.ts'
import { imageIdentifierList, imageTag } from '../../src/model/shapes/image.ts'
import { layerDigest, uploadId } from '../../src/model/shapes/layer.ts'
import { replicationConfiguration } from '../../src/model/shapes/registry.ts'
import { imageTagMutability, imageTagMutabilityExclusionFilters } from '../../src/model/shapes/repository.ts'
import { violation, violations } from '../../src/model/violation.ts'

const namePattern = `must satisfy regular expression '(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*'`

describe('J8 a repository name', () => {
  const good = [
    'ab',
    'a0',
    '00',
    'a/b',
    'a.b',
    'a_b',
    'a__b',
    'a-b',
    'a---b',
    'team/app/web',
    'a'.repeat(256),
    'a/'.repeat(127) + 'ab',
  ]
  for (const name of good) {
    test(`${shown(name)} is one`, () => assert.equal(violation(repositoryName, name, 'repositoryName'), undefined))
  }
  const tooShort = 'must have length greater than or equal to 2'
  const tooLong = 'must have length less than or equal to 256'
  const bad: readonly (readonly [name: string, constraint: string])[] = [
    ['', tooShort],
    ['a', tooShort],
    ['A', tooShort],
    ['a'.repeat(257), tooLong],
    ['A'.repeat(257), tooLong],
    ...[
      'A/b',
      'a//b',
      '/a',
      'a/',
      'a..b',
      'a/../b',
      '..',
      './a',
      '%2e%2e',
      'a\0b',
      '-a',
      'a-',
      '_a',
      'a_',
      'a___b',
      'a._b',
      'a b',
      ' ab',
      'ab ',
      'a\nb',
      'ab\n',
      'ab\r\n',
      'a\\b',
      'a:b',
      'a@b',
      'a%b',
      "a'b",
      '__proto__',
      'constructor\u0000',
      '\u0430b', // Cyrillic a
      'ａｂ', // full width
      'a\u0301b',
      '\u{1F40B}',
      'a\u200bb',
      '٠١', // digits, but not ASCII
    ].map((name) => [name, namePattern] as const),
  ]
  for (const [name, constraint] of bad) {
    test(`${shown(name)} is none`, () => {
      assert.deepEqual(violation(repositoryName, name, 'repositoryName'), { parameter: 'repositoryName', constraint })
    })
  }
})

const cases: readonly (readonly [what: string, schema: Schema, value: unknown, constraint: string | undefined])[] = [
  ['J9 an account id', registryId, '123456789012', undefined],
  ['J9 an account id of one digit', registryId, '1', "must satisfy regular expression '[0-9]{12}'"],
  ['J9 an account id of 13 digits', registryId, '1234567890123', "must satisfy regular expression '[0-9]{12}'"],
  ['J9 an account id of other digits', registryId, '١٢٣٤٥٦٧٨٩٠١٢', "must satisfy regular expression '[0-9]{12}'"],
  ['J9 an account id and a line end', registryId, '123456789012\n', "must satisfy regular expression '[0-9]{12}'"],
  ['J10 an empty image tag', imageTag, '', 'must have length greater than or equal to 1'],
  ['J10 an image tag of 300 characters', imageTag, 'a'.repeat(300), undefined],
  ['J10 an image tag of 301 characters', imageTag, 'a'.repeat(301), 'must have length less than or equal to 300'],
  ['J12 an empty list of image ids', imageIdentifierList, [], 'must have length greater than or equal to 1'],
  ['J12 a hundred image ids', imageIdentifierList, Array.from({ length: 100 }, () => ({})), undefined],
  [
    'J12 101 image ids',
    imageIdentifierList,
    Array.from({ length: 101 }, () => ({})),
    'must have length less than or equal to 100',
  ],
  [
    'J12 10,000 image ids',
    imageIdentifierList,
    Array.from({ length: 10_000 }, () => ({})),
    'must have length less than or equal to 100',
  ],
  ['J13 a page of one', maxResults, 1, undefined],
  ['J13 a page of 1000', maxResults, 1000, undefined],
  ['J13 a page of none', maxResults, 0, 'Member must have value greater than or equal to 1'],
  ['J13 a page of less than none', maxResults, -1, 'Member must have value greater than or equal to 1'],
  ['J13 a page of 1001', maxResults, 1001, 'Member must have value less than or equal to 1000'],
  ['a digest of any algorithm', layerDigest, 'md5:00', undefined],
  [
    'J11 a digest with a path in it',
    layerDigest,
    'sha256:../../x',
    "must satisfy regular expression '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
  ],
  ['an upload id', uploadId, '01234567-89ab-cdef-ABCD-0123456789ab', undefined],
  [
    'an upload id with more behind it',
    uploadId,
    '01234567-89ab-cdef-ABCD-0123456789ab/x',
    `must satisfy regular expression '${uploadId.pattern ?? ''}'`,
  ],
  [
    'a mode that is none',
    imageTagMutability,
    'mutable',
    'Member must satisfy enum value set: [MUTABLE, IMMUTABLE, IMMUTABLE_WITH_EXCLUSION, MUTABLE_WITH_EXCLUSION]',
  ],
  [
    'a mode by the name of a prototype',
    imageTagMutability,
    'constructor',
    'Member must satisfy enum value set: [MUTABLE, IMMUTABLE, IMMUTABLE_WITH_EXCLUSION, MUTABLE_WITH_EXCLUSION]',
  ],
  [
    'no bytes where one is asked for',
    blob({ min: 1 }),
    new Uint8Array(),
    'must have length greater than or equal to 1',
  ],
  ['as many bytes as there may be', blob({ max: 2 }), new Uint8Array(2), undefined],
  ['one byte more than there may be', blob({ max: 2 }), new Uint8Array(3), 'must have length less than or equal to 2'],
  ['a negative position', long({ min: 0 }), -1, 'Member must have value greater than or equal to 0'],
  ['a number without constraints', integer(), -5, undefined],
  ['a double', double(), -0.5, undefined],
  ['a boolean', boolean(), false, undefined],
  ['a time', timestamp(), -1, undefined],
  ['an alternation, anchored as a whole', string({ pattern: 'a|b' }), 'ab', "must satisfy regular expression 'a|b'"],
  ['a pattern that is anchored already', string({ pattern: '^a+$' }), 'aaa', undefined],
  ['a value before a length', string({ values: ['a'], min: 3 }), 'b', 'Member must satisfy enum value set: [a]'],
]

describe('violation', () => {
  for (const [what, schema, value, constraint] of cases) {
    test(`${what}: ${constraint ?? 'nothing broken'}`, () => {
      assert.deepEqual(
        violation(schema, value, 'it'),
        constraint === undefined ? undefined : { parameter: 'it', constraint },
      )
    })
  }

  const nested = struct({
    name: string({ min: 2 }),
    mode: optional(string({ values: ['ON', 'OFF'] })),
    filters: optional(imageTagMutabilityExclusionFilters),
    labels: optional(map(string({ max: 3 }), integer({ max: 9 }))),
    inner: optional(struct({ size: long({ min: 1 }) })),
    lists: optional(list(list(string({ max: 1 }), { max: 2 }))),
  })
  const filter = { filterType: 'WILDCARD', filter: 'v*' }
  const places: readonly (readonly [what: string, value: unknown, parameter: string, constraint: string])[] = [
    ['a required member that is absent', {}, 'name', 'must not be null'],
    [
      'the first member in the order of declaration',
      { mode: 'x', name: 'a' },
      'name',
      'must have length greater than or equal to 2',
    ],
    ['an absent member before a broken one', { mode: 'x' }, 'name', 'must not be null'],
    ['an optional member', { name: 'ab', mode: 'x' }, 'mode', 'Member must satisfy enum value set: [ON, OFF]'],
    [
      'a list that is too long',
      { name: 'ab', filters: Array.from({ length: 6 }, () => filter) },
      'filters',
      'must have length less than or equal to 5',
    ],
    [
      'a required member of an item of a list',
      { name: 'ab', filters: [filter, { filter: 'v' }] },
      'filters.2.member.filterType',
      'must not be null',
    ],
    [
      'a member of an item of a list',
      { name: 'ab', filters: [{ ...filter, filter: 'a/b' }] },
      'filters.1.member.filter',
      "must satisfy regular expression '^[0-9a-zA-Z._*-]{1,128}$'",
    ],
    ['a key of a map', { name: 'ab', labels: { four: 1 } }, 'labels', 'must have length less than or equal to 3'],
    [
      'a value of a map',
      { name: 'ab', labels: { a: 1, b: 10 } },
      'labels.b.member',
      'Member must have value less than or equal to 9',
    ],
    [
      'a member of a member',
      { name: 'ab', inner: { size: 0 } },
      'inner.size',
      'Member must have value greater than or equal to 1',
    ],
    [
      'a list in a list',
      { name: 'ab', lists: [['a'], ['a', 'bb']] },
      'lists.2.member.2.member',
      'must have length less than or equal to 1',
    ],
  ]
  for (const [what, value, parameter, constraint] of places) {
    test(`names ${what}`, () => assert.deepEqual(violation(nested, value), { parameter, constraint }))
  }

  test('finds nothing in a value that keeps every constraint', () => {
    const value = {
      name: 'ab',
      mode: 'ON',
      filters: [filter],
      labels: { abc: 9 },
      inner: { size: 1 },
      lists: [[], ['a', 'b']],
    }
    assert.equal(violation(nested, value), undefined)
  })

  test('a repository name follows the pattern that is shown, and may have runs of separators besides', () => {
    // ECR shows its older pattern: a name that follows it must be accepted.
    const shownToClients = new RegExp(`^(?:${repositoryName.shownPattern ?? ''})$`)
    const text = fc.string({ unit: fc.constantFrom('a', '0', '.', '_', '-', '/'), minLength: 2, maxLength: 8 })
    fc.assert(
      fc.property(text, (name) => {
        const accepted = violation(repositoryName, name) === undefined
        assert.equal(accepted, shownToClients.test(name.replaceAll(/(?<=[a-z0-9])(?:__|-{2,})(?=[a-z0-9])/g, '-')))
      }),
      { numRuns: 1000 },
    )
  })

  test('J8 a near miss costs no time, whatever its length', () => {
    const near: readonly (readonly [Schema, string])[] = [
      [repositoryName, `${'a'.repeat(255)}!`],
      [repositoryName, `${'a-'.repeat(127)}a!`],
      [repositoryName, `a${'-'.repeat(254)}!`],
      [repositoryName, `${'a/'.repeat(127)}a!`],
      [layerDigest, 'a'.repeat(262_144)],
      [layerDigest, `${'a'.repeat(262_144)}:`],
      [layerDigest, `a:${'0'.repeat(262_144)}x`],
      [uploadId, '0'.repeat(262_144)],
      [repositoryFilterOf(), `${'a.'.repeat(127)}a!`],
      [repositoryFilterOf(), `${'a'.repeat(255)}!`],
    ]
    for (const [schema, text] of near) {
      const started = performance.now()
      assert.notEqual(violation(schema, text), undefined)
      const spent = performance.now() - started
      assert.ok(spent < 50, `${text.slice(0, 20)}... took ${spent} ms`)
    }
  })
})

describe('violations', () => {
  const schema = struct({
    name: string({ min: 2 }),
    missing: integer(),
    labels: optional(map(string({ max: 1 }), integer({ max: 9 }))),
    names: optional(list(string({ values: ['a', 'b'] }), { max: 1 })),
    bytes: optional(blob({ max: 1 })),
  })
  const bad = { name: 'x', labels: { long: 10 }, names: ['a', 'c'], bytes: Buffer.alloc(2) }
  test('every one that is broken, in the order of declaration', () => {
    assert.deepEqual(violations(schema, bad), [
      { parameter: 'name', constraint: 'must have length greater than or equal to 2' },
      { parameter: 'missing', constraint: 'must not be null' },
      { parameter: 'labels', constraint: 'must have length less than or equal to 1' },
      { parameter: 'labels.long.member', constraint: 'Member must have value less than or equal to 9' },
      { parameter: 'names', constraint: 'must have length less than or equal to 1' },
      { parameter: 'names.2.member', constraint: 'Member must satisfy enum value set: [a, b]' },
      { parameter: 'bytes', constraint: 'must have length less than or equal to 1' },
    ])
  })
  test('the first of them is the violation', () => {
    assert.deepEqual(violation(schema, bad), violations(schema, bad)[0])
    assert.deepEqual(violation(schema, { ...bad, name: 'xy' }), violations(schema, bad)[1])
    assert.deepEqual(violations(schema, { name: 'xy', missing: 1 }), [])
  })
})

function repositoryFilterOf(): Schema {
  const rule = replicationConfiguration.members['rules']
  assert.ok(rule?.kind === 'list' && rule.member.kind === 'struct')
  const filters = rule.member.members['repositoryFilters']
  assert.ok(filters?.kind === 'optional' && filters.schema.kind === 'list' && filters.schema.member.kind === 'struct')
  const filter = filters.schema.member.members['filter']
  assert.ok(filter?.kind === 'string')
  return filter
}

function shown(text: string): string {
  const quoted = JSON.stringify(text)
  return quoted.length <= 24 ? quoted : `${quoted.slice(0, 20)}... (${text.length})`
}
