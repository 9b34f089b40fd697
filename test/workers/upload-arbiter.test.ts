import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { createUploadArbiter } from '../../src/workers/upload-arbiter.ts'

const settled = () => Promise.resolve()

describe('which worker an upload is with', () => {
  test('one at a time, and who had it before another one did not have it since', async () => {
    const { claim, release } = createUploadArbiter(settled)
    assert.equal(await claim(1, 'a'), 'moved', 'who asks first knows nothing of it either')
    assert.equal(await claim(2, 'a'), 'busy')
    assert.equal(await claim(2, 'b'), 'moved')
    release(1, 'a')
    assert.equal(await claim(1, 'a'), 'granted')
    release(1, 'a')
    assert.equal(await claim(2, 'a'), 'moved')
    release(1, 'a')
    assert.equal(await claim(1, 'a'), 'busy', 'nobody gives back what another one has')
    release(2, 'a')
    assert.equal(await claim(1, 'a'), 'moved')
  })

  test('a worker that has given it back, of which word is on its way, is not taken for busy', async () => {
    const asked: number[] = []
    const arbiter = createUploadArbiter(async (worker) => {
      asked.push(worker)
      arbiter.release(worker, 'a')
    })
    await arbiter.claim(1, 'a')
    assert.equal(await arbiter.claim(2, 'a'), 'moved')
    assert.deepEqual(asked, [1])
  })

  test('two that waited for the same word do not both get it', async () => {
    const arbiter = createUploadArbiter(async (worker) => {
      await Promise.resolve()
      if (worker === 1) arbiter.release(1, 'a')
    })
    await arbiter.claim(1, 'a')
    const answers = await Promise.all([arbiter.claim(2, 'a'), arbiter.claim(3, 'a')])
    assert.deepEqual(answers.toSorted(), ['busy', 'moved'])
  })

  test('a worker that is gone has nothing', async () => {
    const { claim, forget } = createUploadArbiter(settled)
    await claim(1, 'a')
    forget(1)
    assert.equal(await claim(2, 'a'), 'moved')
  })

  test('of uploads that are too many the oldest is forgotten, but none that a worker is at', async () => {
    const { claim, release } = createUploadArbiter(settled, 2)
    await claim(1, 'held')
    for (const upload of ['a', 'b', 'c']) {
      await claim(1, upload)
      release(1, upload)
    }
    assert.equal(await claim(2, 'held'), 'busy')
    assert.equal(await claim(1, 'c'), 'granted')
    assert.equal(await claim(1, 'a'), 'moved')
  })
})
