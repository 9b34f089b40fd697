// What happens on the way: throttles, failures, cuts, lost answers, URLs that ended, uploads that are gone, and wrong bytes.

import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'

import { createEcr, type EcrOptions } from '../../../src/client/create-ecr.ts'
import type { Ecr } from '../../../src/client/ecr.ts'
import { pull, push, type CopyOptions } from '../../../src/client/transport/copy.ts'
import type { TransferProgress } from '../../../src/client/transport/progress.ts'
import { makeImage } from '../../support/image-layout.ts'
import { type Relay, startRelay } from './relay.ts'
import { contentOf, imageSample, writeSample } from './samples.ts'
import { useTransport } from './transport-setting.ts'

const mebibyte = 1024 * 1024
const image = makeImage({ seed: 'faults', layerBytes: [11 * mebibyte, 300_000] })
const sample = imageSample(image)
const [big] = image.layers
const json = (type: string, message: string) => JSON.stringify({ __type: type, message })

describe('a transfer that meets a fault', () => {
  const setting = useTransport()
  let relay: Relay
  let ecr: Ecr
  const clientOf = (more: EcrOptions) =>
    createEcr({
      endpoint: relay.origin,
      region: setting.stowage.env['AWS_REGION'] ?? '',
      accessKeyId: setting.stowage.env['AWS_ACCESS_KEY_ID'],
      secretAccessKey: setting.stowage.env['AWS_SECRET_ACCESS_KEY'],
      ...more,
    })
  before(async () => {
    relay = await startRelay(setting.stowage.origin)
    ecr = clientOf({ maxAttempts: 1 })
  })
  after(async () => {
    ecr.destroy()
    await relay.close()
  })
  const options = (more: CopyOptions = {}) => setting.options({ ecr, ecrHosts: [relay.host], ...more })
  const operation = (name: string) => (seen: string) => seen === name

  let names = 0
  /** A layout of the sample, an empty repository, and a directory that does not exist yet. */
  async function begin() {
    const name = `faults/${names++}`
    const [there, back] = [setting.sandbox.path(`there-${names}`), setting.sandbox.path(`back-${names}`)]
    await writeSample(there, sample)
    await setting.createRepository(name)
    relay.clear()
    return { there, back, name, target: `${relay.host}/${name}:v1` }
  }

  async function assertPushed(there: string, back: string, name: string): Promise<void> {
    await pull(`${setting.stowage.host}/${name}:v1`, `oci:${back}:latest`, setting.options())
    assert.deepEqual(await contentOf(back), await contentOf(there))
  }

  const passing: readonly (readonly [string, string, Parameters<Relay['plan']>[1]])[] = [
    [
      'a throttle',
      'UploadLayerPart',
      { kind: 'answer', status: 400, body: json('ThrottlingException', 'Rate exceeded') },
    ],
    ['a 500', 'UploadLayerPart', { kind: 'answer', status: 500, body: json('ServerException', 'sorry') }],
    [
      'a page of a proxy',
      'InitiateLayerUpload',
      { kind: 'answer', status: 502, body: '<html>', headers: { 'content-type': 'text/html' } },
    ],
    ['a lost answer to a part', 'UploadLayerPart', { kind: 'lose-answer' }],
    ['a lost answer to the completion', 'CompleteLayerUpload', { kind: 'lose-answer' }],
    ['a lost answer to the image', 'PutImage', { kind: 'lose-answer' }],
    [
      'an upload that is gone',
      'UploadLayerPart',
      { kind: 'answer', status: 400, body: json('UploadNotFoundException', 'gone') },
    ],
    [
      'a throttled check',
      'BatchCheckLayerAvailability',
      { kind: 'answer', status: 429, body: json('TooManyRequestsException', 'slow') },
    ],
  ]
  for (const [title, name, trouble] of passing) {
    test(`a push goes on after ${title}`, async () => {
      const { there, back, name: repository, target } = await begin()
      relay.plan(operation(name), trouble)
      await push(`oci:${there}:latest`, target, options())
      await assertPushed(there, back, repository)
    })
  }

  const sentParts = () => relay.seen.flatMap(({ part }) => (part ? [part] : []))

  test('a layer whose completion was not answered is not sent again', async () => {
    const { there, back, name: repository, target } = await begin()
    relay.plan(operation('CompleteLayerUpload'), { kind: 'lose-answer' })
    await push(`oci:${there}:latest`, target, options())
    const sentBytes = sentParts().reduce((total, { first, last }) => total + last - first + 1, 0)
    const bytes = [...image.layers, image.config].reduce((total, blob) => total + blob.bytes.length, 0)
    assert.equal(sentBytes, bytes)
    await assertPushed(there, back, repository)
  })

  test('a push goes on in the middle of a part, and from the beginning, in the same upload', async () => {
    const { there, back, name: repository, target } = await begin()
    const last = 3 * mebibyte - 1
    const body = JSON.stringify({ __type: 'InvalidLayerPartException', message: 'no', lastValidByteReceived: last })
    relay.plan((_operation, _path, headers) => Number(headers['content-length']) > 10 * mebibyte, {
      kind: 'answer',
      status: 400,
      body,
    })
    await push(`oci:${there}:latest`, target, options())
    const parts = sentParts().filter((part) => part.last - part.first > 5 * mebibyte)
    assert.deepEqual(
      parts.map(({ first }) => first / mebibyte),
      [0, 3, 0],
    )
    assert.equal(new Set(sentParts().map(({ uploadId }) => uploadId)).size, 3)
    await assertPushed(there, back, repository)
  })

  test('a push of which hooks are told goes on after an upload that is gone', async () => {
    const { there, back, name: repository, target } = await begin()
    let sentBytes = 0
    const told = clientOf({ onChunkSent: ({ chunk }) => (sentBytes += chunk.byteLength) })
    try {
      const gone = { kind: 'answer', status: 400, body: json('UploadNotFoundException', 'gone') } as const
      relay.plan((_operation, _path, headers) => Number(headers['content-length']) > 10 * mebibyte, gone)
      await push(`oci:${there}:latest`, target, options({ ecr: told }))
      assert.ok(sentBytes > 11 * mebibyte)
      await assertPushed(there, back, repository)
    } finally {
      told.destroy()
    }
  })

  test('a push fails with what the server says once it has said it often enough', async () => {
    const { there, target } = await begin()
    relay.plan(
      operation('UploadLayerPart'),
      { kind: 'answer', status: 500, body: json('ServerException', 'It is broken.') },
      1000,
    )
    await assert.rejects(push(`oci:${there}:latest`, target, options()), {
      name: 'TransportError',
      code: 'Refused',
      message: `${target.replace(':v1', '')} refused: It is broken.`,
    })
  })

  test('a push with an expired token fails at once, and says so', async () => {
    const { there, target } = await begin()
    const trouble = {
      kind: 'answer',
      status: 400,
      body: json('ExpiredTokenException', 'The security token has expired.'),
    } as const
    relay.plan(operation('UploadLayerPart'), trouble, 1000)
    await assert.rejects(push(`oci:${there}:latest`, target, options()), {
      code: 'Unauthorized',
      message: `${target.replace(':v1', '')} wants other credentials: The security token has expired.`,
    })
    assert.ok(relay.seen.filter((one) => one.operation === 'UploadLayerPart').length <= 3, 'it is not tried again')
  })

  test('a pull goes on at the byte where it was cut', async () => {
    const { there, back, target } = await begin()
    await push(`oci:${there}:latest`, target, options())
    relay.clear()
    relay.plan((_, path) => path.includes(big?.digest ?? '-'), { kind: 'cut', afterBytes: 4 * mebibyte })
    await pull(target, `oci:${back}:latest`, options())
    assert.deepEqual(await contentOf(back), await contentOf(there))
    const ranges = relay.seen.filter((one) => one.path.includes(big?.digest ?? '-')).map((one) => one.headers.range)
    assert.equal(ranges.length, 2)
    assert.equal(ranges[0], undefined)
    assert.match(ranges[1] ?? '', /^bytes=[1-9]\d*-$/)
  })

  test('a pull asks for another URL when one has expired', async () => {
    const { there, back, target } = await begin()
    await push(`oci:${there}:latest`, target, options())
    relay.clear()
    const expired = '<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>'
    relay.plan((_, path) => path.startsWith('/layers/'), { kind: 'answer', status: 403, body: expired })
    await pull(target, `oci:${back}:latest`, options())
    assert.deepEqual(await contentOf(back), await contentOf(there))
    const asked = relay.seen.filter((one) => one.operation === 'GetDownloadUrlForLayer')
    assert.equal(asked.length, 4, 'three blobs, one of them twice')
  })

  test('a pull of wrong bytes fails, and leaves no blob of that name', async () => {
    const { there, back, target } = await begin()
    await push(`oci:${there}:latest`, target, options())
    relay.clear()
    relay.plan((_, path) => path.includes(big?.digest ?? '-'), { kind: 'damage' }, 1000)
    await assert.rejects(pull(target, `oci:${back}:latest`, options()), (error: Error) => {
      assert.match(
        error.message,
        new RegExp(
          `^127\\.0\\.0\\.1:\\d+/faults/\\d+ gave bytes with the digest sha256:[0-9a-f]{64} for ${big?.digest}\\.$`,
        ),
      )
      return true
    })
    const left = await readdir(back, { recursive: true })
    assert.deepEqual(
      left.filter(
        (name) => name.includes('partial') || name.includes(big?.digest.slice(7) ?? '-') || name === 'index.json',
      ),
      [],
    )
  })

  test('a pull of a wrong manifest fails before anything is written', async () => {
    const { there, back, target } = await begin()
    await push(`oci:${there}:latest`, target, options())
    relay.clear()
    const other = {
      imageId: { imageDigest: image.manifest.digest },
      imageManifest: '{}',
      imageManifestMediaType: image.manifest.mediaType,
    }
    relay.plan(operation('BatchGetImage'), {
      kind: 'answer',
      status: 200,
      body: JSON.stringify({ images: [other], failures: [] }),
    })
    await assert.rejects(pull(target, `oci:${back}:latest`, options()), { code: 'DigestMismatch' })
    await assert.rejects(readdir(back), { code: 'ENOENT' })
  })

  test('an aborted push stops, and the next one goes on', async () => {
    const { there, back, name, target } = await begin()
    const controller = new AbortController()
    const onProgress = (event: TransferProgress) => {
      if (event.kind === 'total' && event.doneBytes > 9 * mebibyte) controller.abort()
    }
    await assert.rejects(push(`oci:${there}:latest`, target, options({ signal: controller.signal, onProgress })), {
      code: 'Aborted',
      message: 'The transfer was aborted.',
    })
    relay.clear()
    await push(`oci:${there}:latest`, target, options())
    const first = relay.seen.find(({ part }) => part && part.last > mebibyte)?.part?.first ?? 0
    assert.ok(first >= 10 * mebibyte, `the big layer goes on at ${first}`)
    await assertPushed(there, back, name)
  })

  test('a push by /v2/ goes on where it was cut', async () => {
    const { there, back, name } = await begin()
    relay.plan((method) => method === 'PATCH', { kind: 'lose-answer' })
    await push(`oci:${there}:latest`, `docker://${relay.host}/${name}:v1`, options())
    const patches = relay.seen.filter((one) => one.operation === 'PATCH')
    assert.equal(patches.length, 1, 'the bytes were there: nothing is sent twice')
    await assertPushed(there, back, name)
  })

  test('progress ends with all bytes, and the second push skips them', async () => {
    const { there, target } = await begin()
    const events: TransferProgress[] = []
    await push(`oci:${there}:latest`, target, options({ onProgress: (event) => events.push(event) }))
    const bytes = sample.blobs.reduce((total, blob) => total + blob.bytes.length, 0)
    const totals = events.filter((event) => event.kind === 'total')
    const { bytesPerSecond, ...last } = totals.at(-1) ?? assert.fail('nothing was told')
    assert.deepEqual(last, {
      kind: 'total',
      doneBytes: bytes,
      totalBytes: bytes,
      skippedBytes: 0,
      blobsDone: 3,
      blobsTotal: 3,
    })
    assert.ok(bytesPerSecond > 0)
    const report = await push(`oci:${there}:latest`, target, options())
    assert.deepEqual([report.written, report.existed.length, report.writtenBytes], [[], 3, 0])
  })
})
