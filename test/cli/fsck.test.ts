// `stowage fsck`, as an operator calls it: what it prints, how it ends, with a server and without one.

import assert from 'node:assert/strict'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'

import { digestOf } from '../../src/lib/digest.ts'
import { flipBit, strayFile } from '../support/damage.ts'
import { account, givenImage, givenRepository, openTestRegistry, region } from '../support/registry.ts'
import { dataDirectory, run, serve } from './program.ts'

const layer = digestOf('layer of one')

/** A data directory with an image in it, and the physical name of its layer. */
async function given(t: TestContext): Promise<{ readonly data: string; readonly phys: string }> {
  const data = dataDirectory(t)
  await mkdir(data)
  const registry = await openTestRegistry({ directory: data })
  await givenRepository(registry, 'app')
  await givenImage(registry, 'app', 'v1')
  const { metadata } = registry.services
  const app = await metadata.read.repositories.find({ kind: 'private', accountId: account, region }, 'app')
  const found = await metadata.read.layers.find(app?.id ?? '', layer)
  await registry.close()
  return { data, phys: found?.phys ?? assert.fail('the layer is there') }
}

const counted = 'checked 1 repositories, 1 images, 0 deleted images, 2 layers of 28 bytes, '

describe('stowage fsck', () => {
  test('without a server: says what it looked at, and ends with 0', async (t) => {
    const { data } = await given(t)
    for (const flags of [[], ['--deep'], ['--repair'], ['--deep', '--repair']])
      assert.deepEqual(await run(['fsck', '--data', data, ...flags]), {
        code: 0,
        stdout: `${counted}2 files\nnothing found\n`,
        stderr: '',
      })
  })

  test('says what is wrong, what a repair would do and what it did, and ends with 1', async (t) => {
    const { data, phys } = await given(t)
    await flipBit(join(data, 'blobs', phys))
    const stray = await strayFile(data, phys)
    const means = 'the file of a layer holds other bytes: images with it can not be pulled'
    const remedy = 'marks the layer bad, so that it is absent and the next push brings it again'
    const file = `file-unowned blobs/${stray} (12 bytes): no table knows the file`
    assert.deepEqual(await run(['fsck', '--data', data]), {
      code: 1,
      stdout: `${file}; --repair moves the file to the trash\n${counted}3 files\n1 found\n`,
      stderr: '',
    })
    assert.deepEqual(await run(['fsck', '--data', data, '--deep']), {
      code: 1,
      stdout:
        `layer-content ${layer} (blobs/${phys}): ${means}; --repair ${remedy}\n` +
        `${file}; --repair moves the file to the trash\n${counted}3 files\n2 found\n`,
      stderr: '',
    })
    assert.deepEqual(await run(['fsck', '--data', data, '--deep', '--repair']), {
      code: 1,
      stdout:
        `layer-content ${layer} (blobs/${phys}): ${means}; repaired: ${remedy}\n` +
        `${file}; repaired: moves the file to the trash\n${counted}3 files\n2 found, 2 repaired\n`,
      stderr: '',
    })
    // Nothing was deleted.
    const files = await readdir(join(data, 'blobs', phys.slice(0, 2)))
    assert.deepEqual(files.toSorted(), [phys.slice(3), stray.slice(3)].toSorted())
    assert.deepEqual(await run(['fsck', '--data', data, '--repair']), {
      code: 1,
      stdout: `layer-marked ${layer} (blobs/${phys}): a layer is known to be damaged, and absent until it is pushed again\n${counted}3 files\n1 found, 0 repaired\n`,
      stderr: '',
    })
  })

  test('beside a server, as JSON', async (t) => {
    const { data, phys } = await given(t)
    const server = await serve(t, [], data)
    await flipBit(join(data, 'blobs', phys))
    const { code, stdout, stderr } = await run(['fsck', '--data', data, '--deep', '--repair', '--json'])
    assert.deepEqual({ code, stderr }, { code: 1, stderr: '' })
    assert.deepEqual(JSON.parse(stdout), {
      online: true,
      serverPid: server.child.pid,
      findings: [
        {
          kind: 'layer-content',
          subject: layer,
          detail: `blobs/${phys}`,
          repaired: true,
          means: 'the file of a layer holds other bytes: images with it can not be pulled',
        },
      ],
      found: 1,
      checked: { repositories: 1, images: 1, layers: 2, layerBytes: 28, deletedImages: 0, files: 2 },
      repaired: 1,
      complete: true,
    })
    // The running server sees what the command wrote.
    const metrics = await (await fetch(`${server.origin}/metrics`)).text()
    assert.match(metrics, /^stowage_damaged_layers 1$/m)
  })

  test('a directory that is none of ours is refused with 2, and stays as it is', async (t) => {
    const data = dataDirectory(t)
    await mkdir(data)
    await writeFile(join(data, 'letter.txt'), 'dear all')
    assert.deepEqual(await run(['fsck', '--data', data]), {
      code: 2,
      stdout: '',
      stderr: `stowage: ${data} is not a data directory of stowage (it has no metadata.db): name one with --data\n`,
    })
    assert.deepEqual(await readdir(data), ['letter.txt'])
  })

  test('a database that is none is refused with 1', async (t) => {
    const data = dataDirectory(t)
    await mkdir(data)
    await writeFile(join(data, 'metadata.db'), 'This is not a database at all. '.repeat(200))
    const { code, stdout, stderr } = await run(['fsck', '--data', data])
    assert.deepEqual({ code, stdout }, { code: 1, stdout: '' })
    assert.match(
      stderr,
      /^stowage: cannot open the database .*metadata\.db: file is not a database; restore a backup with "stowage restore"\n$/,
    )
  })
})
