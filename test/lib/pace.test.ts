import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createRate, createShare } from '../../src/lib/pace.ts'

const never = new AbortController().signal
const took = async (work: () => Promise<void>) => {
  const startedMs = performance.now()
  await work()
  return performance.now() - startedMs
}

describe('a rate', () => {
  test('is held over many small pieces, and never exceeded', async () => {
    const pace = createRate(1_000_000, never)
    const ms = await took(async () => {
      for (let piece = 0; piece < 300; piece++) await pace(1000)
    })
    // The last sleep may be saved up. A machine that is busy is slower, never faster.
    assert.ok(ms >= 285, `${ms} ms for 300 ms of bytes`)
  })

  test('does not make up for time in which nothing was done', async () => {
    const pace = createRate(1_000_000, never)
    await pace(1)
    await new Promise((resolve) => setTimeout(resolve, 100))
    assert.ok((await took(() => pace(100_000))) >= 95)
  })

  test('ends a wait when it is stopped, and the next one before it begins', async () => {
    const stop = new AbortController()
    const pace = createRate(1, stop.signal)
    const waiting = pace(1_000_000)
    stop.abort()
    await assert.rejects(waiting, { name: 'AbortError' })
    await assert.rejects(pace(1), { name: 'AbortError' })
  })
})

describe('a share', () => {
  test('leaves the rest of the time to others', async () => {
    const pace = createShare(0.25, never)
    const until = performance.now() + 30
    while (performance.now() < until);
    assert.ok((await took(pace)) >= 85)
  })

  test('ends when it is stopped', async () => {
    const stop = new AbortController()
    const pace = createShare(0.25, stop.signal)
    stop.abort()
    await assert.rejects(pace(), { name: 'AbortError' })
  })
})
