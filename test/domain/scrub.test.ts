// The scrub: what is due is read, longest unread first; all damage is found and marked, heals with a push, and a disk that fails marks nothing.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'

import { checkDatabaseIfDue } from '../../src/domain/database-check.ts'
import { deleteLayer, findLayer, openLayer } from '../../src/domain/layers.ts'
import type { StoreFault } from '../../src/domain/ports/store-audit.ts'
import type { Layer } from '../../src/domain/ports/metadata.ts'
import { scrub, type ScrubReport } from '../../src/domain/scrub.ts'
import { digestOf } from '../../src/lib/digest.ts'
import { fileDamages, flipBit, swapFiles, tamper } from '../support/damage.ts'
import { account, givenLayer, givenRepository, openTestRegistry, region } from '../support/registry.ts'
import { storedAs } from '../support/stored-as.ts'

const registryKey = { kind: 'private', accountId: account, region } as const
const dayMs = 24 * 3_600_000
const nothing: ScrubReport = { layers: 0, bytes: 0, damaged: 0, failed: 0 }

async function given(t: TestContext, contents: readonly string[]) {
  const registry = await openTestRegistry()
  t.after(() => registry.close())
  await givenRepository(registry, 'app')
  for (const content of contents) await givenLayer(registry, 'app', content)
  const { services } = registry
  const app = await services.metadata.read.repositories.find(registryKey, 'app')
  const find = (content: string) => services.metadata.read.layers.find(app?.id ?? '', digestOf(content))
  return {
    registry,
    services,
    find,
    get: async (content: string): Promise<Layer> => (await find(content)) ?? assert.fail(`${content} is there`),
    fileOf: ({ phys }: Layer) => join(registry.directory, 'blobs', phys),
    run: (change: Partial<typeof services> = {}, pace = async (_: number) => {}) =>
      scrub({ ...services, ...change }, { beforeMs: services.clock.now() - dayMs, pace }),
  }
}

describe('the scrub', () => {
  test('reads what is due, once, and paces itself by its bytes', async (t) => {
    const { registry, run } = await given(t, ['one', 'three'])
    assert.deepEqual(await run(), nothing)
    registry.advance(dayMs + 1)
    await givenLayer(registry, 'app', 'young')
    let paced = 0
    assert.deepEqual(await run({}, async (bytes) => void (paced += bytes)), { ...nothing, layers: 2, bytes: 8 })
    assert.equal(paced, 8)
    assert.deepEqual(await run(), nothing)
    registry.advance(dayMs + 1)
    assert.deepEqual(await run(), { ...nothing, layers: 3, bytes: 13 })
    assert.deepEqual(registry.backgroundErrors, [])
  })

  test('finds each kind of damage in one pass, marks it and says so, and a push heals it', async (t) => {
    const contents = [...fileDamages.map(({ what }) => `a layer that is ${what}`), 'swapped', 'swapped with', 'fine']
    const { registry, run, find, get, fileOf } = await given(t, contents)
    for (const { what, apply } of fileDamages) await apply(fileOf(await get(`a layer that is ${what}`)))
    await swapFiles(fileOf(await get('swapped')), fileOf(await get('swapped with')))
    registry.advance(dayMs + 1)
    const report = await run()
    assert.deepEqual([report.layers, report.damaged, report.failed], [contents.length, contents.length - 1, 0])
    for (const content of contents) assert.equal((await find(content)) !== undefined, content === 'fine', content)
    assert.deepEqual(
      registry.backgroundErrors.map((line) => line.replace(/: Error.*/, '')).toSorted(),
      contents
        .slice(0, -1)
        .map((content) => `checking the layer ${digestOf(content)}`)
        .toSorted(),
    )
    assert.equal(await registry.services.metadata.read.audit.countBad(), contents.length - 1)
    assert.deepEqual(await run(), nothing)
    for (const content of contents.slice(0, -1)) {
      await givenLayer(registry, 'app', content)
      const bytes = await Array.fromAsync((await openLayer(registry.ctx(), await get(content))) ?? [])
      assert.equal(Buffer.concat(bytes).toString(), content)
    }
    assert.equal(await registry.services.metadata.read.audit.countBad(), 0)
  })

  test('gives layers of before there were checksums theirs', async (t) => {
    const { registry, services, run, get } = await given(t, ['old', 'new'])
    const [old, young] = [await get('old'), await get('new')]
    await tamper(registry.directory, 'update blob set checksums = null where phys = ?', old.phys)
    await tamper(registry.directory, "update blob set checksums = 'AAAAAQ==' where phys = ?", young.phys)
    registry.advance(dayMs + 1)
    await run()
    assert.deepEqual(await services.metadata.read.layers.checksums(old.phys), storedAs('old').checksums)
    // Known ones are not made again from what is on the disk now.
    assert.deepEqual(await services.metadata.read.layers.checksums(young.phys), [1])
  })

  test('marks nothing when the disk gives no bytes, says so, and comes back to it', async (t) => {
    const { registry, services, run, find } = await given(t, ['one', 'two'])
    registry.advance(dayMs + 1)
    const failing = async () => {
      throw new Error('the disk is away')
    }
    assert.deepEqual(await run({ blobs: { ...services.blobs, read: failing } }), {
      ...nothing,
      layers: 2,
      bytes: 6,
      failed: 2,
    })
    assert.equal(registry.backgroundErrors.length, 2)
    assert.ok(await find('one'))
    assert.deepEqual(await run(), { ...nothing, layers: 2, bytes: 6 })
  })

  test('a layer that is collected meanwhile is no damage', async (t) => {
    const { registry, services, run } = await given(t, ['one'])
    registry.advance(dayMs + 1)
    const { collect } = await import('../../src/domain/collector.ts')
    const read: typeof services.blobs.read = async (...args) => {
      const app = await services.metadata.read.repositories.find(registryKey, 'app')
      await deleteLayer(registry.ctx(), app ?? assert.fail('app is there'), digestOf('one'))
      for (let cycle = 0; cycle < 2; cycle++) {
        await collect(services)
        registry.advance(11_000)
      }
      return services.blobs.read(...args)
    }
    const report = await run({ blobs: { ...services.blobs, read } })
    assert.deepEqual([report.damaged, report.failed], [0, 0])
    assert.deepEqual(registry.backgroundErrors, [])
  })

  test('ends at once when it is told to, with its file closed and nothing marked', async (t) => {
    const { registry, run, get, find, fileOf } = await given(t, ['one', 'two'])
    await flipBit(fileOf(await get('one')))
    registry.advance(dayMs + 1)
    const stopped = new Error('the server stops')
    const stop = async () => {
      throw stopped
    }
    await assert.rejects(run({}, stop), (error) => error === stopped)
    assert.ok(await find('one'))
    assert.deepEqual(registry.backgroundErrors, [])
    assert.equal((await run()).damaged, 1)
    const { layer } = await findLayer(registry.ctx(), registryKey, 'app', digestOf('one'))
    assert.equal(layer, undefined)
  })
})

describe('the check of the database', () => {
  async function open(t: TestContext) {
    const registry = await openTestRegistry()
    t.after(() => registry.close())
    let checks = 0
    const run = (faults: readonly StoreFault[] = []) =>
      checkDatabaseIfDue(
        { ...registry.services, checkStore: async () => (checks++, faults) },
        registry.services.clock.now() - dayMs,
      )
    return { registry, run, checks: () => checks }
  }

  test('is made when its time has come, counted from the first start, across restarts', async (t) => {
    const { registry, run, checks } = await open(t)
    assert.equal(await run(), undefined)
    registry.advance(dayMs - 1)
    assert.equal(await run(), undefined)
    registry.advance(1)
    assert.deepEqual(await run(), [])
    assert.equal(await run(), undefined)
    assert.equal(checks(), 1)
  })

  test('that found damage is made again each time', async (t) => {
    const { registry, run, checks } = await open(t)
    await run()
    registry.advance(dayMs)
    for (let time = 0; time < 2; time++)
      assert.deepEqual(await run([{ kind: 'damage', detail: 'row 7 missing' }]), ['row 7 missing'])
    assert.equal(checks(), 2)
  })
})
