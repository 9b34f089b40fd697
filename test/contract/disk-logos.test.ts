// Logos on disk.

import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import { openDiskLogos } from '../../src/storage/logos.ts'

const name = `${'ab'.repeat(32)}-0123456789abcdef`
const other = `${'cd'.repeat(32)}-0123456789abcdef`

async function openDirectory(t: { readonly after: (done: () => Promise<void>) => void }): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'stowage-logos-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  return directory
}

test('a logo comes back as it was put, after opening again too, and is absent once removed', async (t) => {
  const directory = await openDirectory(t)
  const bytes = Buffer.from([0, 255, 10, 13])
  const logos = await openDiskLogos(directory)
  assert.equal(await logos.read(name), undefined)
  await logos.put(name, bytes)
  await logos.put(other, Buffer.alloc(512_000, 7))
  assert.deepEqual(await logos.read(name), bytes)
  const again = await openDiskLogos(directory)
  assert.deepEqual(await again.read(name), bytes)
  for (const _ of [1, 2]) await again.remove(name)
  assert.equal(await again.read(name), undefined)
  assert.deepEqual(await readdir(join(directory, 'logos')), [`${other}.png`])
  const { mode } = await stat(join(directory, 'logos', `${other}.png`))
  assert.equal(mode & 0o777, 0o600)
})

test('names that are none lead nowhere', async (t) => {
  const directory = await openDirectory(t)
  const logos = await openDiskLogos(directory)
  await writeFile(join(directory, 'secrets.png'), 'secret')
  for (const bad of ['../secrets', '', name.toUpperCase(), `${name}/../../secrets`, `x${name}`, `${name}\n`]) {
    await assert.rejects(logos.put(bad, Buffer.from('x')), /not the name of a logo/)
    assert.equal(await logos.read(bad), undefined)
    await logos.remove(bad)
  }
  assert.deepEqual(await readdir(directory), ['logos', 'secrets.png'])
  assert.deepEqual(await readdir(join(directory, 'logos')), [])
})

test('what a crash cut short is gone at the next start', async (t) => {
  const directory = await openDirectory(t)
  const logos = await openDiskLogos(directory)
  await logos.put(name, Buffer.from('y'))
  await writeFile(join(directory, 'logos', `${other}.png.new`), 'half of')
  await openDiskLogos(directory)
  assert.deepEqual(await readdir(join(directory, 'logos')), [`${name}.png`])
})

test('logos are listed with the time they were put, and so is what lies under the name of one', async (t) => {
  const directory = await openDirectory(t)
  const logos = await openDiskLogos(directory)
  const listed = async () => {
    const all = []
    for await (const some of logos.list()) all.push(...some)
    return all.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  }
  assert.deepEqual(await listed(), [])
  for (const each of [name, other]) await logos.put(each, Buffer.from('y'))
  await utimes(join(directory, 'logos', `${name}.png`), 100, 100)
  await utimes(join(directory, 'logos', `${other}.png`), 200, 200)
  await writeFile(join(directory, 'logos', `${'ef'.repeat(32)}-0123456789abcdef.png.new`), 'half of')
  await writeFile(join(directory, 'logos', 'README'), 'hello')
  await writeFile(join(directory, 'logos', 'readme.png'), 'hello')
  // Under the name of a logo, so that it is swept as one.
  await mkdir(join(directory, 'logos', `${'ff'.repeat(32)}-0123456789abcdef.png`))
  await utimes(join(directory, 'logos', `${'ff'.repeat(32)}-0123456789abcdef.png`), 300, 300)
  assert.deepEqual(await listed(), [
    { name, putAtMs: 100_000 },
    { name: other, putAtMs: 200_000 },
    { name: `${'ff'.repeat(32)}-0123456789abcdef`, putAtMs: 300_000 },
  ])
})
