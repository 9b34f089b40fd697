import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { lockDataDirectory } from '../../src/storage/lock.ts'

describe('the lock of the data directory', () => {
  let directory = ''
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'stowage-lock-'))
  })
  after(() => rm(directory, { recursive: true }))

  const lockHere = async (place: string) => {
    const lock = await lockDataDirectory(place)
    if (!('release' in lock)) assert.fail(`held by ${lock.heldBy}`)
    return lock
  }

  test('makes the directory, is exclusive, and can be taken again after its release', async () => {
    const place = join(directory, 'made', 'here')
    const lock = await lockHere(place)
    assert.deepEqual(await lockDataDirectory(place), { heldBy: process.pid })
    await lock.release()
    await lock.release()
    await (await lockHere(place)).release()
  })

  test('another process holds it until it is killed, even with -9', async () => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'support', 'hold-lock.ts'), directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    assert.deepEqual(await lockDataDirectory(directory), { heldBy: child.pid })
    child.kill('SIGKILL')
    await once(child, 'exit')
    await (await lockHere(directory)).release()
  })

  test('nobody has it while workers of a server live that is gone, one of several too', async (t) => {
    const place = join(directory, 'workers')
    await (await lockHere(place)).release()
    const program = join(import.meta.dirname, 'support', 'hold-for-worker.ts')
    const workers = [0, 1].map(() =>
      spawn(process.execPath, [program, place], { stdio: ['ignore', 'pipe', 'inherit'] }),
    )
    t.after(() => workers.forEach((worker) => worker.kill('SIGKILL')))
    await Promise.all(workers.map((worker) => once(worker.stdout, 'data')))
    for (const worker of workers) {
      assert.deepEqual(await lockDataDirectory(place), { heldBy: undefined })
      worker.kill('SIGKILL')
      await once(worker, 'exit')
    }
    await (await lockHere(place)).release()
  })
})
