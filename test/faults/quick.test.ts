// The fault tests in their short form, and what shows that they can fail: another registry, whose faults are known. The long forms are
// `npm run faults -- --all`.

import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { describe, test } from 'node:test'

import { runFault, skipReason } from '../../faults/run-faults.ts'
import { faultTests } from '../../faults/tests.ts'
import { skipUnless } from '../support/client.ts'

const seed = 'quick'

/** F4 in its short form is test/simulation. */
const shortForms = faultTests.filter(({ id }) => id !== 'F4')

// They wait for processes, disks and the clock most of the time.
describe('what was acknowledged outlives', { concurrency: 4 }, () => {
  for (const fault of shortForms) {
    test(`${fault.id}: ${fault.title}`, { skip: skipReason(fault, undefined) ?? false }, async (t) => {
      const run = await runFault(fault, { seed, quick: true }, (line) => t.diagnostic(line))
      assert.deepEqual(run.problems, [], `see ${run.kept}`)
    })
  }
})

describe("docker-registry's known faults are found:", () => {
  const found = async (id: string, seconds: number): Promise<ReadonlySet<string>> => {
    const fault = faultTests.find((each) => each.id === id)
    assert.ok(fault)
    const { problems, kept } = await runFault(fault, { seed, seconds, peer: 'docker-registry' }, () => undefined)
    if (kept !== undefined) rmSync(kept, { recursive: true })
    return new Set(problems.map((problem) => problem.rule))
  }
  const skip = (...programs: readonly string[]): string | false => skipUnless('docker-registry', ...programs)

  test('garbage collection beside pushes breaks images', { skip: skip() }, async () => {
    assert.ok((await found('F5', 8)).has('C2'))
  })

  test('a tag that is moved when the server dies is lost', { skip: skip('strace') }, async () => {
    assert.deepEqual(await found('F2', 8), new Set(['C3', 'C4']))
  })
})
