// Broken and hostile layouts, archives and references: one clear sentence, and nothing half-written.

import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { execFile } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'

import { Header } from 'tar'

import { copy } from '../../../src/client/transport/copy.ts'
import { makeImage, makeIndex, ociTypes, layoutPath } from '../../support/image-layout.ts'
import { tarEnd, tarHeader, tarPadding } from '../../support/tar.ts'
import { contentOf, descriptorOf, imageSample, manifestBlob, type Sample, writeSample } from './samples.ts'

const image = makeImage({ seed: 'bad', layerBytes: [5000, 700] })
const [layer] = image.layers
const run = promisify(execFile)
const isRoot = process.getuid?.() === 0 && process.platform === 'linux'

describe('bad input', () => {
  let home = ''
  let count = 0
  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'stowage-bad-'))
  })
  after(() => rm(home, { recursive: true, force: true }))

  const fresh = (suffix = '') => join(home, `${count++}${suffix}`)
  async function layoutOf(sample: Sample = imageSample(image)): Promise<string> {
    const directory = fresh()
    await writeSample(directory, sample)
    return directory
  }

  /** The copy fails with this, and its target is not there or shows no image. */
  async function assertRefused(source: string, code: string, sentence: RegExp, kind = 'oci'): Promise<void> {
    const target = fresh()
    await assert.rejects(copy(source, `${kind}:${target}`), (error: Error & { readonly code?: string }) => {
      assert.deepEqual([error.name, error.code], ['TransportError', code], String(error.stack))
      assert.match(error.message, sentence)
      return true
    })
    const left: readonly string[] = await readdir(target, { recursive: true }).catch(() => [])
    assert.deepEqual(
      left.filter((name) => name.includes('.partial') || name === 'index.json'),
      [],
    )
    assert.deepEqual(
      (await readdir(home)).filter((name) => name.startsWith('.partial')),
      [],
    )
  }

  test('a directory that is no layout', async () => {
    const directory = fresh()
    await mkdir(directory)
    await assertRefused(
      `oci:${directory}`,
      'InvalidLayout',
      /is not a usable OCI image layout: it has no file oci-layout\.$/,
    )
    await assertRefused(`oci:${directory}/absent`, 'InvalidLayout', /it has no file oci-layout\.$/)
  })

  test('a layout whose index is no JSON', async () => {
    const directory = await layoutOf()
    await writeFile(join(directory, 'index.json'), '{')
    await assertRefused(`oci:${directory}`, 'InvalidLayout', /: it is not JSON\.$/)
  })

  test('a layout whose index nests without end', async () => {
    const directory = await layoutOf()
    await writeFile(join(directory, 'index.json'), `{"manifests":${'['.repeat(100_000)}`)
    await assertRefused(`oci:${directory}`, 'InvalidLayout', /: its JSON is too deep\.$/)
  })

  test('a tag that is not there', async () => {
    await assertRefused(`oci:${await layoutOf()}:absent`, 'ImageMissing', /holds no image absent\.$/)
  })

  test('a blob that is missing, short, long, or another one', async () => {
    const change = async (how: (file: string) => Promise<unknown>) => {
      const directory = await layoutOf()
      await how(layoutPath(directory, layer?.digest ?? ''))
      return `oci:${directory}`
    }
    const size = layer?.bytes.length ?? 0
    const { digest = '' } = layer ?? {}
    await assertRefused(
      await change((file) => rm(file)),
      'BlobMissing',
      new RegExp(`does not hold the blob ${digest}\\.$`),
    )
    await assertRefused(
      await change((file) => truncate(file, 10)),
      'SizeMismatch',
      new RegExp(`holds 10 bytes for ${digest}, not ${size}\\.$`),
    )
    await assertRefused(
      await change((file) => truncate(file, size + 1)),
      'SizeMismatch',
      new RegExp(`holds ${size + 1} bytes`),
    )
    await assertRefused(
      await change((file) => writeFile(file, Buffer.alloc(size))),
      'DigestMismatch',
      new RegExp(`gave bytes with the digest sha256:[0-9a-f]{64} for ${digest}\\.$`),
    )
  })

  test('a manifest that is changed, too large, or of the wrong kind', async () => {
    const changed = await layoutOf()
    const file = layoutPath(changed, image.manifest.digest)
    await writeFile(file, (await readFile(file, 'utf8')).replace('"size"', '"Size"'))
    await assertRefused(`oci:${changed}`, 'DigestMismatch', /gave bytes with the digest/)
    const large = manifestBlob({
      config: descriptorOf(image.config),
      layers: [],
      annotations: { pad: 'x'.repeat(5_000_000) },
    })
    await assertRefused(
      `oci:${await layoutOf({ root: large, blobs: [] })}`,
      'TooLarge',
      /is larger than 4194304 bytes\.$/,
    )
    const mixed = manifestBlob({ config: descriptorOf(image.config), layers: [], manifests: [] })
    await assertRefused(`oci:${await layoutOf({ root: mixed, blobs: [] })}`, 'InvalidManifest', /mixes the members/)
  })

  test('indexes in indexes', async () => {
    let root = image.manifest
    const blobs = [image.config, ...image.layers]
    for (let depth = 0; depth < 10; depth++) {
      blobs.push(root)
      root = manifestBlob({ manifests: [descriptorOf(root)] }, ociTypes.index)
    }
    await assertRefused(`oci:${await layoutOf({ root, blobs })}`, 'TooDeep', /^The image nests more than 8 indexes\.$/)
  })

  test('a platform that is not there', async () => {
    const index = makeIndex({ seed: 'bad-index', layerBytes: [100] }, [{ os: 'linux', architecture: 'amd64' }])
    const blobs = index.images.flatMap((one) => [one.manifest, one.config, ...one.layers])
    const source = `oci:${await layoutOf({ root: index.manifest, blobs })}`
    const wanted = copy(source, `oci:${fresh()}`, { platform: 'linux/s390x' })
    await assert.rejects(wanted, { message: 'The image is not there for linux/s390x; it is there for linux/amd64.' })
  })

  test('a docker archive cannot hold several platforms', async () => {
    const index = makeIndex({ seed: 'bad-index', layerBytes: [100] }, [{ os: 'linux', architecture: 'amd64' }])
    const blobs = index.images.flatMap((one) => [one.manifest, one.config, ...one.layers])
    const source = `oci:${await layoutOf({ root: index.manifest, blobs })}`
    await assertRefused(
      source,
      'Unsupported',
      /cannot hold an image of several platforms: choose one\.$/,
      'docker-archive',
    )
    const file = fresh('.tar')
    await copy(source, `docker-archive:${file}:app:v1`, { platform: 'linux/amd64' })
    assert.ok((await readFile(file)).includes('"RepoTags":["app:v1"]'))
  })

  test('a directory with other files is not written into', async () => {
    const target = fresh()
    await mkdir(target)
    await writeFile(join(target, 'thesis.txt'), 'mine')
    await assert.rejects(copy(`oci:${await layoutOf()}`, `oci:${target}`), { code: 'InvalidLayout' })
    assert.deepEqual(await readdir(target), ['thesis.txt'])
  })

  test('an archive that exists is left alone, unless it may be replaced', async () => {
    const target = fresh('.tar')
    await writeFile(target, 'mine')
    const source = `oci:${await layoutOf()}`
    await assert.rejects(copy(source, `oci-archive:${target}`), {
      message: `${target} exists already, and an archive is never added to.`,
    })
    assert.equal(await readFile(target, 'utf8'), 'mine')
    await copy(source, `oci-archive:${target}`, { overwrite: true })
    await copy(`oci-archive:${target}`, `oci:${fresh()}`)
  })

  test('a full disk', { skip: isRoot ? false : 'needs root to mount a small tmpfs' }, async (t) => {
    const disk = fresh()
    await mkdir(disk)
    t.after(() => run('umount', ['-l', disk]).catch(() => undefined))
    try {
      await run('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk])
    } catch (error) {
      t.skip(`can not mount a tmpfs here: ${String(error)}`)
      return
    }
    const large = makeImage({ seed: 'bad-large', layerBytes: [200_000] })
    const source = `oci:${await layoutOf(imageSample(large))}`
    for (const target of [
      `oci:${disk}/layout`,
      `oci-archive:${disk}/image.tar`,
      `docker-archive:${disk}/saved.tar:app:v1`,
    ]) {
      await assert.rejects(copy(source, target), (error: Error & { readonly code?: string }) => {
        assert.deepEqual([error.name, error.code], ['TransportError', 'DiskFull'], String(error.stack))
        assert.match(error.message, /^There is no room left on the disk for \S+\.$/)
        return true
      })
    }
    const left = (await readdir(disk, { recursive: true, withFileTypes: true }))
      .filter((one) => one.isFile())
      .map((one) => one.name)
    assert.deepEqual(
      left.filter((name) => name !== 'oci-layout' && name !== large.config.digest.slice(7)),
      [],
    )
  })

  describe('archives', () => {
    const entry = (name: string, bytes: Buffer) =>
      Buffer.concat([tarHeader(name, bytes.length), bytes, tarPadding(bytes.length)])
    const special = (fields: ConstructorParameters<typeof Header>[0]) => {
      const header = new Header(fields)
      header.encode()
      return header.block ?? Buffer.alloc(0)
    }
    async function archive(...pieces: readonly Buffer[]): Promise<string> {
      const file = fresh('.tar')
      await writeFile(file, Buffer.concat([...pieces, tarEnd]))
      return `oci-archive:${file}`
    }
    const file = entry('oci-layout', Buffer.from('{"imageLayoutVersion":"1.0.0"}'))

    const hostile: readonly (readonly [string, readonly Buffer[], RegExp])[] = [
      ['a name out of the tree', [file, entry('../outside', Buffer.from('x'))], /"\.\.\/outside" leads out of it\.$/],
      [
        'an absolute name',
        [file, entry('/etc/passwd', Buffer.from('x'))],
        /"\/etc\/passwd" is no name of a file in it\.$/,
      ],
      [
        'a link out of the tree',
        [file, special({ path: 'index.json', type: 'SymbolicLink', linkpath: '../../etc/passwd', size: 0 })],
        /leads out of it\.$/,
      ],
      [
        'an absolute link',
        [file, special({ path: 'index.json', type: 'SymbolicLink', linkpath: '/etc/passwd', size: 0 })],
        /is no name of a file in it\.$/,
      ],
      [
        'a link to itself',
        [file, special({ path: 'index.json', type: 'Link', linkpath: 'index.json', size: 0 })],
        /index\.json is a link that leads nowhere\.$/,
      ],
      [
        'a device',
        [file, special({ path: 'index.json', type: 'CharacterDevice', size: 0 })],
        /index\.json is neither a file nor a directory\.$/,
      ],
      ['a file twice', [file, file], /it holds oci-layout twice\.$/],
      [
        'nothing of use',
        [entry('readme', Buffer.from('x'))],
        /it holds neither an OCI layout nor what docker saves\.$/,
      ],
      ['a damaged header', [file, Buffer.alloc(512, 7)], /the header at byte 1024 is damaged\.$/],
      ['a file longer than the archive', [tarHeader('oci-layout', 1_000_000)], /it is cut off\.$/],
    ]
    for (const [title, pieces, sentence] of hostile) {
      test(`an archive with ${title}`, async () => {
        await assertRefused(await archive(...pieces), 'InvalidArchive', sentence)
      })
    }

    test('an archive that is cut off anywhere', async () => {
      const whole = fresh('.tar')
      await copy(`oci:${await layoutOf()}`, `oci-archive:${whole}`)
      const bytes = await readFile(whole)
      for (const share of [0.1, 0.5, 0.9]) {
        const cut = fresh('.tar')
        await writeFile(cut, bytes.subarray(0, Math.floor(bytes.length * share)))
        await assertRefused(`oci-archive:${cut}`, 'InvalidArchive', /it is cut off\.$/)
      }
    })

    test('an archive whose compression is damaged', async () => {
      const whole = fresh('.tar')
      await copy(`oci:${await layoutOf()}`, `oci-archive:${whole}`)
      const packed = gzipSync(await readFile(whole))
      const good = fresh('.tar.gz')
      await writeFile(good, packed)
      const target = fresh()
      await copy(`oci-archive:${good}`, `oci:${target}`)
      assert.equal((await contentOf(target)).blobs.length, 4)
      const bad = fresh('.tar.gz')
      await writeFile(bad, packed.subarray(0, 500))
      await assertRefused(`oci-archive:${bad}`, 'InvalidArchive', /its compression is damaged/)
    })
  })
})
