// What single places do beyond carrying an image: archives of docker, choosing a platform, mounting, dry runs, other people's aliases.

import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { describe, test } from 'node:test'

import { copy, pull, push } from '../../../src/client/transport/copy.ts'
import { writeDockerArchive } from '../../support/docker-archive.ts'
import { makeImage, makeIndex, sha256 } from '../../support/image-layout.ts'
import { tarEnd, tarHeader, tarPadding } from '../../support/tar.ts'
import { attestedSample, contentOf, descriptorOf, imageSample, manifestBlob, writeSample } from './samples.ts'
import { useTransport } from './transport-setting.ts'

const platforms = [
  { os: 'linux', architecture: 'amd64' },
  { os: 'linux', architecture: 'arm64', variant: 'v8' },
]

describe('places', () => {
  const setting = useTransport()
  let count = 0
  const fresh = () => setting.sandbox.path(`places-${count++}`)
  const repository = () => setting.createRepository(`places/${count++}`)

  test('what docker saved arrives with its layers and configuration, and goes back the same', async () => {
    const image = makeImage({ seed: 'saved', layerBytes: [3000, 40_000] })
    const [saved, again, back] = [`${fresh()}.tar`, `${fresh()}.tar`, fresh()]
    await writeDockerArchive(saved, image, 'app:v1')
    const target = `${await repository()}:v1`
    const { digest } = await push(`docker-archive:${saved}`, target, setting.options())
    await pull(target, `oci:${back}`, setting.options())
    const blobs = [image.config, ...image.layers].map((blob) => blob.digest)
    assert.deepEqual((await contentOf(back)).blobs, [...blobs, digest].toSorted())
    await pull(target, `docker-archive:${again}:app:v1`, setting.options())
    const sent = await push(`docker-archive:${again}:app:v1`, target, setting.options())
    assert.deepEqual([sent.digest, sent.writtenBytes], [digest, 0])
  })

  test('an older archive of docker, whose equal layers are links', async () => {
    const image = makeImage({ seed: 'linked', layerBytes: [3000] })
    const [layer] = image.layers
    const config = Buffer.from(
      JSON.stringify({
        os: 'linux',
        architecture: 'amd64',
        rootfs: { type: 'layers', diff_ids: [layer?.digest, layer?.digest] },
      }),
    )
    const list = Buffer.from(
      JSON.stringify([{ Config: 'c.json', RepoTags: ['app:v1'], Layers: ['one/layer.tar', 'two/layer.tar'] }]),
    )
    const link = tarHeader('two/layer.tar', 0)
    link.write('2', 156)
    link.write('../one/layer.tar', 157)
    link.write('        ', 148)
    link.write(
      `${link
        .reduce((total, byte) => total + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    )
    const entries = (
      [
        ['manifest.json', list],
        ['c.json', config],
        ['one/layer.tar', layer?.bytes ?? Buffer.alloc(0)],
      ] as const
    ).flatMap(([name, bytes]) => [tarHeader(name, bytes.length), bytes, tarPadding(bytes.length)])
    const [saved, back] = [`${fresh()}.tar`, fresh()]
    await writeFile(saved, Buffer.concat([...entries, link, tarEnd]))
    const { digest } = await copy(`docker-archive:${saved}`, `oci:${back}`)
    assert.deepEqual((await contentOf(back)).blobs, [layer?.digest ?? '', sha256(config), digest].toSorted())
  })

  test('one platform of an index is an image of its own', async () => {
    const [there, back] = [fresh(), fresh()]
    const { images, manifest } = makeIndex({ seed: 'one-platform', layerBytes: [2000] }, platforms)
    await writeSample(there, {
      root: manifest,
      blobs: images.flatMap((image) => [image.manifest, image.config, ...image.layers]),
    })
    const [, arm] = images
    for (const platform of ['linux/arm64', 'linux/arm64/v8', 'linux/aarch64']) {
      const report = await copy(`oci:${there}`, `oci:${back}:arm`, { platform })
      assert.equal(report.digest, arm?.manifest.digest)
    }
    assert.deepEqual(await contentOf(back), {
      entries: [`${arm?.manifest.digest} arm`],
      blobs: [arm?.manifest, arm?.config, ...(arm?.layers ?? [])].map((blob) => blob?.digest ?? '').toSorted(),
      others: [],
    })
  })

  test('blobs of a repository beside it are mounted, by the API and by /v2/', async () => {
    const there = fresh()
    await writeSample(there, attestedSample('mounted'))
    const [one, two, three] = [await repository(), await repository(), await repository()]
    await push(`oci:${there}:latest`, `${one}:v1`, setting.options())
    const byApi = await copy(`${one}:v1`, `${two}:v1`, setting.options())
    assert.deepEqual([byApi.written, byApi.mounted.length], [[], 10])
    const byDataPlane = await copy(`docker://${one}:v1`, `docker://${three}:v1`, setting.options())
    assert.deepEqual([byDataPlane.written, byDataPlane.mounted.length], [[], 10])
    const back = fresh()
    await pull(`${three}:v1`, `oci:${back}:latest`, setting.options())
    assert.deepEqual(await contentOf(back), await contentOf(there))
  })

  test('a dry run says what would go, and nothing goes', async () => {
    const [there, target] = [fresh(), await repository()]
    const image = makeImage({ seed: 'dry', layerBytes: [2000] })
    await writeSample(there, imageSample(image))
    const report = await push(`oci:${there}`, `${target}:v1`, setting.options({ dryRun: true }))
    assert.deepEqual(report.written, [image.config.digest, ...image.layers.map((layer) => layer.digest)])
    await assert.rejects(pull(`${target}:v1`, `oci:${fresh()}`, setting.options()), { code: 'ImageMissing' })
  })

  test('layers that are kept elsewhere are not copied, and named', async () => {
    const image = makeImage({ seed: 'foreign', layerBytes: [2000] })
    const foreign = {
      mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
      digest: `sha256:${'f'.repeat(64)}`,
      size: 9,
    }
    const root = manifestBlob({
      config: descriptorOf(image.config),
      layers: [foreign, ...image.layers.map(descriptorOf)],
    })
    const [there, back, target] = [fresh(), fresh(), await repository()]
    await writeSample(there, { root, blobs: [image.config, ...image.layers] })
    const report = await push(`oci:${there}`, `${target}:v1`, setting.options())
    assert.deepEqual(report.foreign, [foreign.digest])
    await pull(`${target}:v1`, `oci:${back}:latest`, setting.options())
    assert.deepEqual(await contentOf(back), await contentOf(there))
  })

  test('tags: the one of the reference, more on request, latest without any; by digest none', async () => {
    const [there, target] = [fresh(), await repository()]
    const image = makeImage({ seed: 'tags', layerBytes: [100] })
    await writeSample(there, imageSample(image))
    assert.deepEqual((await push(`oci:${there}`, target, setting.options())).tags, ['latest'])
    assert.deepEqual((await push(`oci:${there}`, `${target}:v1`, setting.options({ tags: ['v2', 'v1'] }))).tags, [
      'v1',
      'v2',
    ])
    const { digest } = image.manifest
    assert.deepEqual((await push(`oci:${there}`, `${target}@${digest}`, setting.options())).tags, [])
    const { imageIds = [] } = await setting.ecr.call('ListImages', {
      repositoryName: target.slice(target.indexOf('/') + 1),
    })
    assert.deepEqual(imageIds.map((id) => id.imageTag ?? '').toSorted(), ['latest', 'v1', 'v2'])
    await assert.rejects(push(`oci:${there}`, `${target}@sha256:${'0'.repeat(64)}`, setting.options()), {
      code: 'DigestMismatch',
    })
  })

  test('an immutable tag is refused in the words of ECR', async () => {
    const name = `places/immutable-${count++}`
    const target = await setting.createRepository(name, { imageTagMutability: 'IMMUTABLE' })
    const [one, two] = [fresh(), fresh()]
    await writeSample(one, imageSample(makeImage({ seed: 'immutable-1', layerBytes: [100] })))
    await writeSample(two, imageSample(makeImage({ seed: 'immutable-2', layerBytes: [100] })))
    await push(`oci:${one}`, `${target}:v1`, setting.options())
    await push(`oci:${one}`, `${target}:v1`, setting.options())
    const words = `The image tag 'v1' already exists in the '${name}' repository and cannot be overwritten because the tag is immutable.`
    await assert.rejects(push(`oci:${two}`, `${target}:v1`, setting.options()), (error: Error) => {
      assert.ok(
        error.message.startsWith(`${target} refused: The image tag 'v1' already exists`),
        `${error.message}\n${words}`,
      )
      return true
    })
  })

  test('an alias of somebody else is not pushed to', async () => {
    const there = fresh()
    await writeSample(there, imageSample(makeImage({ seed: 'alias', layerBytes: [100] })))
    const own = await setting.createPublicRepository('places/alias')
    const [host = '', alias = ''] = own.split('/')
    await assert.rejects(push(`oci:${there}`, `${host}/elses/places/alias:v1`, setting.options()), {
      code: 'Refused',
      message: `${host} refused: the alias 'elses' is not yours; yours are ${alias}.`,
    })
  })

  test('a repository that does not exist is refused in the words of ECR, and the journal is empty in the end', async () => {
    const there = fresh()
    await writeSample(there, imageSample(makeImage({ seed: 'absent', layerBytes: [100] })))
    await assert.rejects(push(`oci:${there}`, `${setting.stowage.host}/places/absent:v1`, setting.options()), {
      code: 'Refused',
      message: /refused: The repository with name 'places\/absent' does not exist in the registry with id '\d{12}'$/,
    })
    const left = await readdir(setting.sandbox.path('journal')).catch((): string[] => [])
    assert.deepEqual(left, [])
  })

  test('wrong credentials at /v2/ are said to be wrong', async () => {
    const target = await repository()
    const there = fresh()
    await writeSample(there, imageSample(makeImage({ seed: 'stranger', layerBytes: [100] })))
    const credentials = async () => ({ kind: 'password', username: 'AWS', password: 'wrong' }) as const
    await assert.rejects(push(`oci:${there}`, `docker://${target}:v1`, setting.options({ credentials })), {
      code: 'Unauthorized',
    })
    await assert.rejects(
      push(`oci:${there}`, `docker://${target}:v1`, setting.options({ credentials: async () => undefined })),
      { code: 'Unauthorized' },
    )
  })

  test('the layout of an earlier pull is added to', async () => {
    const [one, two, back] = [fresh(), fresh(), fresh()]
    const images = [
      makeImage({ seed: 'added-1', layerBytes: [100] }),
      makeImage({ seed: 'added-2', layerBytes: [100] }),
    ] as const
    await writeSample(one, imageSample(images[0]))
    await writeSample(two, imageSample(images[1]))
    await copy(`oci:${one}`, `oci:${back}:one`)
    await copy(`oci:${two}`, `oci:${back}:two`)
    await copy(`oci:${two}`, `oci:${back}:one`)
    const { entries } = await contentOf(back)
    assert.deepEqual(entries, [`${images[1].manifest.digest} one`, `${images[1].manifest.digest} two`])
    const index = JSON.parse(await readFile(`${back}/index.json`, 'utf8')) as { readonly schemaVersion: number }
    assert.equal(index.schemaVersion, 2)
  })
})
