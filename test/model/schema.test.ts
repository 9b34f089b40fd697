import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

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
  type Infer,
} from '../../src/model/schema.ts'

/** True when two types are the same one, readonly and optional members included. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
/** Writes an intersection of records as one record, so that types can be compared. */
type Flat<T> = { [K in keyof T]: T[K] }
/** Does not compile when the types differ. */
function same<_Holds extends true>(): void {}

const filters = list(struct({ filter: string({ min: 1 }) }), { min: 1, max: 5 })
const thing = struct({
  name: string(),
  mode: string({ values: ['ON', 'OFF'] }),
  size: optional(long({ min: 0 })),
  filters: optional(filters),
})

describe('schemas', () => {
  test('state the type of their values', () => {
    type Thing = {
      readonly name: string
      readonly mode: 'ON' | 'OFF'
      readonly size?: number | undefined
      readonly filters?: Infer<typeof filters> | undefined
    }
    same<Same<Flat<Infer<typeof thing>>, Thing>>()
    same<Same<Flat<Infer<typeof filters>[number]>, { readonly filter: string }>>()
    const counts = map(string({ values: ['LOW', 'HIGH'] }), integer())
    same<Same<Infer<typeof counts>, { readonly LOW?: number; readonly HIGH?: number }>>()
    const kinds = struct({ at: timestamp(), on: boolean(), bytes: blob(), share: double() })
    type Kinds = { readonly at: number; readonly on: boolean; readonly bytes: Uint8Array; readonly share: number }
    same<Same<Flat<Infer<typeof kinds>>, Kinds>>()
    // @ts-expect-error: not of the values
    const wrong: Infer<typeof thing> = { name: 'a', mode: 'AUTO' }
    assert.equal(wrong.name, 'a')
  })

  test('are plain data that the model test and the generated pages read', () => {
    assert.deepEqual(thing, {
      kind: 'struct',
      members: {
        name: { kind: 'string' },
        mode: { kind: 'string', values: ['ON', 'OFF'] },
        size: { kind: 'optional', schema: { kind: 'long', min: 0 } },
        filters: {
          kind: 'optional',
          schema: {
            kind: 'list',
            min: 1,
            max: 5,
            member: { kind: 'struct', members: { filter: { kind: 'string', min: 1 } } },
          },
        },
      },
    })
    assert.deepEqual(map(string({ max: 3 }), blob({ max: 9 })), {
      kind: 'map',
      key: { kind: 'string', max: 3 },
      value: { kind: 'blob', max: 9 },
    })
    const scalars = [integer({ max: 1 }), double(), boolean(), timestamp()]
    assert.deepEqual(scalars, [
      { kind: 'integer', max: 1 },
      { kind: 'double' },
      { kind: 'boolean' },
      { kind: 'timestamp' },
    ])
  })

  test('of members say whether they must be there', () => {
    const name = string({ max: 9 })
    assert.deepEqual(memberOf(name), { schema: name, required: true })
    assert.deepEqual(memberOf(optional(name)), { schema: name, required: false })
  })
})
