import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { withPatience } from '../../src/lib/with-patience.ts'

const passing = new Error('it passes')
const passes = (error: unknown) => error === passing

describe('withPatience', () => {
  /** Fails with each of `errors`, one after the other, and then gives how often it was called. */
  function failing(...errors: readonly Error[]) {
    let calls = 0
    return async () => {
      const error = errors[calls++]
      if (error) throw error
      return calls
    }
  }

  test('does again what fails for a while', async () => {
    assert.equal(await withPatience(10_000, passes, failing(passing, passing)), 3)
  })

  test('gives other failures on at once', async () => {
    const other = new Error('it stays')
    await assert.rejects(withPatience(10_000, passes, failing(passing, other)), other)
  })

  test('has an end', async () => {
    const work = () => Promise.reject(passing)
    await assert.rejects(withPatience(50, passes, work), passing)
  })
})
