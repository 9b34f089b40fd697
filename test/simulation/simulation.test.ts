// The real domain in simulated histories: a seed decides who goes on when, what clients ask, when the clock jumps, the server is killed and
// the power fails (docs/storage-layout.md says why nothing is lost).

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { simulate } from './simulate.ts'

test('what was acknowledged is there, what was not is there wholly or not at all', async (t) => {
  // A machine that is very busy does fewer of them, and says so.
  const done = await simulate({ runs: 300, commands: 40, stopAfterMs: 90_000 })
  t.diagnostic(`${done} histories`)
})

describe('a store breaks that promise, and is found out, which does not sync', () => {
  test('bytes', async () => {
    await assert.rejects(simulate({ runs: 300, commands: 40, seed: 1, syncs: { bytes: false, directory: true } }))
  })

  test('directories', async () => {
    await assert.rejects(simulate({ runs: 300, commands: 40, seed: 1, syncs: { bytes: true, directory: false } }))
  })
})
