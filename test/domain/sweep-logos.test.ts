// Logos that a crash between file and row left.

import assert from 'node:assert/strict'
import { readdir, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

import { sweepLogos } from '../../src/domain/public/sweep-logos.ts'
import { newRepository } from '../contract/metadata-samples.ts'
import { openTestRegistry } from '../support/registry.ts'

const hourMs = 3_600_000
const nameOf = (at: number) => `${String(at).padStart(64, '0')}-0123456789abcdef`

test('old ones that no catalog names go; young ones and named ones stay', async (t) => {
  const registry = await openTestRegistry()
  t.after(() => registry.close())
  const { metadata, logos, clock } = registry.services
  const now = clock.now()
  const put = async (at: number, putAtMs: number) => {
    await logos.put(nameOf(at), Buffer.from('logo'))
    await utimes(join(registry.directory, 'logos', `${nameOf(at)}.png`), putAtMs / 1000, putAtMs / 1000)
  }
  const old = now - 10 * hourMs
  // More catalogs than are read in one go, the named logo in the last.
  const repositories = []
  for (let at = 0; at < 501; at++) repositories.push(await newRepository(metadata))
  const byId = repositories.map(({ id }) => id).toSorted()
  await put(1, old)
  await put(2, old)
  await put(3, old)
  await put(4, now - hourMs)
  await put(5, now)
  await metadata.write(async (tx) => {
    for (const [at, id] of byId.entries())
      await tx.catalog.put(id, { description: 'no logo', ...(at === 500 && { logo: nameOf(2) }) })
  })
  assert.equal(await sweepLogos(registry.services), 2)
  const left = async () => (await readdir(join(registry.directory, 'logos'))).toSorted()
  assert.deepEqual(
    await left(),
    [2, 4, 5].map((at) => `${nameOf(at)}.png`),
  )
  assert.equal(await sweepLogos(registry.services), 0)
  registry.advance(1)
  assert.equal(await sweepLogos(registry.services), 1)
  assert.deepEqual(
    await left(),
    [2, 5].map((at) => `${nameOf(at)}.png`),
  )
})
