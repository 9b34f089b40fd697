import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'

import { createTurns } from '../../src/lib/turns.ts'

/** Pieces of work that say when they start, and that end when told to. */
function pieces(count: number) {
  const started: number[] = []
  const all = Array.from({ length: count }, (_, at) => {
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    const work = () => {
      started.push(at)
      return promise
    }
    return { work, end: () => resolve(at), fail: (error: Error) => reject(error) }
  })
  return { started, all }
}

describe('turns', () => {
  test('so many at a time, the others in the order they came', async () => {
    const { started, all } = pieces(5)
    const turn = createTurns(2)
    const answers = all.map(({ work }) => turn(work))
    await setImmediate()
    assert.deepEqual(started, [0, 1])
    all[1]?.end()
    await setImmediate()
    assert.deepEqual(started, [0, 1, 2])
    all[0]?.end()
    all[2]?.end()
    await setImmediate()
    assert.deepEqual(started, [0, 1, 2, 3, 4])
    for (const { end } of all) end()
    assert.deepEqual(await Promise.all(answers), [0, 1, 2, 3, 4])
  })

  test('work that fails gives its turn on, and its error to its caller alone', async () => {
    const { started, all } = pieces(2)
    const turn = createTurns(1)
    const [first, second] = all.map(({ work }) => turn(work))
    all[0]?.fail(new Error('broken'))
    await assert.rejects(first ?? Promise.resolve(), { message: 'broken' })
    all[1]?.end()
    assert.equal(await second, 1)
    assert.deepEqual(started, [0, 1])
  })

  test('work that throws at once gives its turn on', async () => {
    const turn = createTurns(1)
    const thrown = turn(() => {
      throw new Error('at once')
    })
    await assert.rejects(thrown, { message: 'at once' })
    assert.equal(await turn(async () => 'next'), 'next')
  })

  test('a turn that was given back is there again, and never more than that', async () => {
    const turn = createTurns(1)
    for (const at of [0, 1, 2]) assert.equal(await turn(async () => at), at)
    const { started, all } = pieces(2)
    const answers = all.map(({ work }) => turn(work))
    await setImmediate()
    assert.deepEqual(started, [0])
    for (const { end } of all) end()
    await Promise.all(answers)
  })
})
