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
  memberOf,
  optional,
  string,
  struct,
  timestamp,
  type Schema,
} from '../../src/model/schema.ts'
import { decode, encode, WireTypeError } from '../../src/model/wire.ts'
import { anyText } from '../support/any-text.ts'

const thing = struct({
  name: string({ min: 2, pattern: '[a-z]+' }),
  count: optional(integer({ min: 1 })),
  size: optional(long()),
  share: optional(double()),
  on: optional(boolean()),
  bytes: optional(blob()),
  at: optional(timestamp()),
  names: optional(list(string())),
  labels: optional(map(string(), string())),
  parts: optional(list(struct({ part: optional(integer()) }))),
})

describe('decode', () => {
  const cases: readonly (readonly [what: string, json: string, value: unknown])[] = [
    [
      'every kind',
      '{"name":"ab","count":1,"size":2,"share":0.5,"on":false,"names":["x"],"labels":{"k":"v"},"parts":[{"part":3}]}',
      { name: 'ab', count: 1, size: 2, share: 0.5, on: false, names: ['x'], labels: { k: 'v' }, parts: [{ part: 3 }] },
    ],
    ['base64 as bytes', '{"bytes":"AAH/"}', { bytes: Buffer.from([0, 1, 255]) }],
    ['base64 with one padding', '{"bytes":"AAE="}', { bytes: Buffer.from([0, 1]) }],
    ['base64 with two paddings', '{"bytes":"AA=="}', { bytes: Buffer.from([0]) }],
    ['no bytes', '{"bytes":""}', { bytes: Buffer.alloc(0) }],
    ['seconds with a fraction as milliseconds', '{"at":1448878779.809}', { at: 1_448_878_779_809 }],
    ['seconds before 1970', '{"at":-1.5}', { at: -1500 }],
    ['what breaks constraints, which are not its business', '{"name":"X","count":0}', { name: 'X', count: 0 }],
    ['an object without its required member', '{}', {}],
    ['null as absence', '{"name":null,"count":null,"names":null,"labels":null}', {}],
    [
      'null in a list and in a map as absence',
      '{"names":["a",null,"b"],"labels":{"k":null,"l":"v"}}',
      { names: ['a', 'b'], labels: { l: 'v' } },
    ],
    ['J4 -0 as 0', '{"count":-0,"share":-0.0}', { count: 0, share: 0 }],
    ['J4 a whole number in any spelling', '{"count":1e2,"size":4.0}', { count: 100, size: 4 }],
    ['the largest whole number', '{"size":9007199254740991}', { size: Number.MAX_SAFE_INTEGER }],
    [
      'J25 nothing of members the schema does not have',
      '{"name":"ab","isAdmin":true,"createdAt":1,"parts":[{"role":"root"}]}',
      { name: 'ab', parts: [{}] },
    ],
    ['J25 members by their exact case only', '{"Name":"ab","NAME":"cd"}', {}],
    ['J5 the last one of a member given twice', '{"name":"first","name":"last"}', { name: 'last' }],
    [
      'J6 nothing of prototype names',
      '{"__proto__":{"name":"x"},"constructor":{"prototype":{"name":"x"}},"prototype":1}',
      {},
    ],
    ['text beyond ASCII', '{"name":"Wal\\ud83d\\udc0b"}', { name: 'Wal\u{1F40B}' }],
  ]
  for (const [what, json, value] of cases) {
    test(`gives ${what}`, () => assert.deepEqual(decode(thing, JSON.parse(json)), value))
  }

  test('J6 takes no member from the prototype of the document', () => {
    const named = struct({ constructor: optional(struct({ name: optional(string()) })), toString: optional(string()) })
    assert.deepEqual(Object.entries(decode(named, JSON.parse('{}'))), [])
  })

  test('J6 keeps a map key of a prototype name as a plain member', () => {
    const { labels } = decode(thing, JSON.parse('{"labels":{"__proto__":"v","constructor":"w"}}'))
    assert.deepEqual(Object.entries(labels ?? {}), [
      ['__proto__', 'v'],
      ['constructor', 'w'],
    ])
    assert.equal(Object.getPrototypeOf(labels), Object.prototype)
    assert.equal(Object.hasOwn(Object.prototype, 'name'), false)
  })

  const body = 'The request body must be an object'
  const refused: readonly (readonly [json: string, message: string])[] = [
    ['null', body],
    ['[]', body],
    ['"text"', body],
    ['1', body],
    ['true', body],
    ['{"name":1}', 'name must be a string'],
    ['{"name":["ab"]}', 'name must be a string'],
    ['{"name":{}}', 'name must be a string'],
    ['{"name":true}', 'name must be a string'],
    ['{"name":"\\ud800"}', 'name holds a lone surrogate'],
    ['{"name":"a\\udc00b"}', 'name holds a lone surrogate'],
    ['{"count":"10"}', 'count must be a number'],
    ['{"count":1.5}', 'count must be a whole number'],
    ['{"count":1e999}', 'count must be a number'],
    ['{"count":-1e999}', 'count must be a number'],
    ['{"size":9007199254740993}', 'size must be a whole number'],
    ['{"size":1.0000000001}', 'size must be a whole number'],
    ['{"share":1e999}', 'share must be a number'],
    ['{"share":"NaN"}', 'share must be a number'],
    ['{"on":"true"}', 'on must be a boolean'],
    ['{"on":0}', 'on must be a boolean'],
    ['{"at":"2015-11-30T10:19:39Z"}', 'at must be a number of seconds'],
    ['{"at":1e999}', 'at must be a number of seconds'],
    ['{"bytes":1}', 'bytes must be base64'],
    ['{"bytes":"A"}', 'bytes must be base64'],
    ['{"bytes":"AA"}', 'bytes must be base64'],
    ['{"bytes":"===="}', 'bytes must be base64'],
    ['{"bytes":"A==="}', 'bytes must be base64'],
    ['{"bytes":"AA==AAAA"}', 'bytes must be base64'],
    ['{"bytes":"AA A"}', 'bytes must be base64'],
    ['{"bytes":"AAA\\n"}', 'bytes must be base64'],
    ['{"bytes":"AAAA\\r\\n\\r\\n"}', 'bytes must be base64'],
    ['{"bytes":"AA-A"}', 'bytes must be base64'],
    ['{"bytes":"AA_A"}', 'bytes must be base64'],
    ['{"bytes":"AA%A"}', 'bytes must be base64'],
    ['{"bytes":"AA\\u00e9A"}', 'bytes must be base64'],
    ['{"names":"x"}', 'names must be a list'],
    ['{"names":{"0":"x","length":1}}', 'names must be a list'],
    ['{"names":["a",1]}', 'names.2 must be a string'],
    ['{"labels":[]}', 'labels must be an object'],
    ['{"labels":{"k":1}}', 'labels.k must be a string'],
    ['{"parts":[{},1]}', 'parts.2 must be an object'],
    ['{"parts":[{"part":"1"}]}', 'parts.1.part must be a number'],
  ]
  for (const [json, message] of refused) {
    test(`J4 refuses ${json}`, () => {
      const thrown = catchError(() => decode(thing, JSON.parse(json)))
      assert.ok(thrown instanceof WireTypeError, String(thrown))
      assert.equal(thrown.message, message)
    })
  }

  test('refuses with nothing but WireTypeError, whatever the document', () => {
    const names = fc.constantFrom(...Object.keys(thing.members), '__proto__')
    const json = fc.oneof(fc.jsonValue(), fc.dictionary(names, fc.jsonValue(), { noNullPrototype: true }))
    fc.assert(
      fc.property(json, (given) => {
        const thrown = catchError(() => decode(thing, given))
        assert.ok(thrown === undefined || thrown instanceof WireTypeError, String(thrown))
      }),
    )
  })
})

describe('encode', () => {
  test('writes members in the order of the schema, and nothing else', () => {
    const given = { secret: 1, at: 1_448_878_779_809, bytes: new Uint8Array([0, 1, 255]), name: 'ab', on: undefined }
    assert.equal(JSON.stringify(encode(thing, given)), '{"name":"ab","bytes":"AAH/","at":1448878779.809}')
  })

  test('keeps empty lists, maps and texts: empty is not absent', () => {
    const given = { name: '', names: [], labels: {}, parts: [{}] }
    assert.equal(JSON.stringify(encode(thing, given)), '{"name":"","names":[],"labels":{},"parts":[{}]}')
  })

  test('writes the bytes of a view, not of the buffer below it', () => {
    const view = new Uint8Array([9, 9, 1, 2, 9]).subarray(2, 4)
    assert.deepEqual(encode(thing, { bytes: view }), { bytes: 'AQI=' })
  })

  test('and decode agree on every value of every kind', () => {
    fc.assert(
      fc.property(valueOf(thing), (value) => {
        assert.deepEqual(decode(thing, JSON.parse(JSON.stringify(encode(thing, value)))), value)
      }),
      { numRuns: 300 },
    )
  })
})

/** Values of a schema's type, whatever its constraints. */
function valueOf(schema: Schema): fc.Arbitrary<unknown> {
  switch (schema.kind) {
    case 'string':
      return anyText.filter((text) => text.isWellFormed())
    case 'integer':
    case 'long':
      return fc.maxSafeInteger()
    case 'double':
      return fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (number === 0 ? 0 : number))
    case 'boolean':
      return fc.boolean()
    case 'blob':
      return fc.uint8Array().map((bytes) => Buffer.from(bytes))
    case 'timestamp':
      // Seconds in a double hold milliseconds exactly for some 285,000 years around 1970; a date ends a little earlier.
      return fc.integer({ min: -8_640_000_000_000, max: 8_640_000_000_000 })
    case 'list':
      return fc.array(valueOf(schema.member), { maxLength: 4 })
    case 'map':
      return fc.dictionary(fc.string(), valueOf(schema.value), { maxKeys: 4, noNullPrototype: true })
    case 'struct': {
      const members = Object.entries(schema.members).map(([name, member]) => [name, valueOf(memberOf(member).schema)])
      return fc.record(Object.fromEntries(members), { requiredKeys: [], noNullPrototype: true })
    }
  }
}

function catchError(work: () => unknown): unknown {
  try {
    work()
    return undefined
  } catch (error) {
    return error
  }
}
