// A push is killed with -9 at any moment. The next one, a new process, sends what is missing and nothing else.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { pull } from '../../../src/client/transport/copy.ts'
import { makeImage } from '../../support/image-layout.ts'
import type { PushProcessInput } from './push-process.ts'
import { type Relay, startRelay } from './relay.ts'
import { contentOf, imageSample, writeSample } from './samples.ts'
import { useTransport } from './transport-setting.ts'

const mebibyte = 1024 * 1024
const partBytes = 10 * mebibyte
const parallel = 4
/** Twenty take a minute and a half: STOWAGE_TEST_LARGE=1. */
const rounds = process.env['STOWAGE_TEST_LARGE'] === '1' || process.env['CI'] === 'true' ? 20 : 2
const program = fileURLToPath(new URL('push-process.ts', import.meta.url))

describe('a push that is killed with -9', () => {
  const setting = useTransport()

  function runPush(relay: Relay, target: string, source: string, more: Partial<PushProcessInput> = {}) {
    const input: PushProcessInput = {
      endpoint: relay.origin,
      region: setting.stowage.env['AWS_REGION'] ?? '',
      accessKeyId: setting.stowage.env['AWS_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: setting.stowage.env['AWS_SECRET_ACCESS_KEY'] ?? '',
      host: relay.host,
      source,
      target,
      journalDirectory: setting.sandbox.path('killed-journal'),
      ...more,
    }
    const child = spawn(process.execPath, [program, JSON.stringify(input)], { stdio: ['ignore', 'pipe', 'pipe'] })
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
    let printed = ''
    let complaint = ''
    const watchers: ((bytes: number) => void)[] = []
    child.stdout.on('data', (piece: Buffer) => {
      printed = (printed + piece.toString()).slice(-2000)
      const bytes = Number(/(\d+)\n$/.exec(printed)?.[1] ?? Number.NaN)
      for (const watch of watchers) watch(bytes)
    })
    child.stderr.on('data', (piece: Buffer) => {
      complaint = (complaint + piece.toString()).slice(-2000)
    })
    return {
      ended,
      said: () => `${printed}\n${complaint}`,
      kill: () => child.kill('SIGKILL'),
      killAt: (threshold: number) =>
        watchers.push((bytes) => {
          if (bytes >= threshold) child.kill('SIGKILL')
        }),
    }
  }

  test(`resumes ${rounds} times, and each byte of a layer is taken once`, async () => {
    const image = makeImage({ seed: 'killed', layerBytes: [21 * mebibyte, 12 * mebibyte] })
    const there = setting.sandbox.path('killed')
    await writeSample(there, imageSample(image))
    const layerBytes = image.layers.reduce((total, layer) => total + layer.bytes.length, 0)
    const relay = await startRelay(setting.stowage.origin)
    try {
      for (let round = 0; round < rounds; round++) {
        await setting.createRepository(`killed/${round}`)
        const target = `${relay.host}/killed/${round}:v1`
        const threshold = Math.floor(Math.random() * layerBytes * 0.9)
        const first = runPush(relay, target, `oci:${there}:latest`)
        first.killAt(threshold)
        await first.ended
        const taken = acceptedBytes(relay)
        relay.clear()

        const second = runPush(relay, target, `oci:${there}:latest`)
        assert.equal(await second.ended, 0, `round ${round}, killed at ${threshold}: ${second.said()}`)
        const sent = sentBytes(relay)
        const config = image.config.bytes.length
        const context = `round ${round}, killed at ${threshold}: ${taken} bytes were there, then ${sent} were sent`
        assert.ok(taken + acceptedBytes(relay) <= layerBytes + 2 * config, context)
        // A part whose answer the dead process never saw is sent once more, and refused.
        assert.ok(sent <= layerBytes - taken + 2 * config + parallel * partBytes, context)
        relay.clear()

        const back = setting.sandbox.path(`killed-back-${round}`)
        await pull(`${setting.stowage.host}/killed/${round}:v1`, `oci:${back}:latest`, setting.options())
        assert.deepEqual(await contentOf(back), await contentOf(there))
        relay.clear()
      }
    } finally {
      await relay.close()
    }
  })

  test('by /v2/ goes on after the last chunk that the registry has', async () => {
    const chunkBytes = 5 * mebibyte
    const all = [0, 1, 2, 3].map((at) => at * chunkBytes)
    const image = makeImage({ seed: 'killed-v2', layerBytes: [18 * mebibyte] })
    const there = setting.sandbox.path('killed-v2')
    await writeSample(there, imageSample(image))
    await setting.createRepository('killed/v2')
    const relay = await startRelay(setting.stowage.origin)
    try {
      const target = `docker://${relay.host}/killed/v2:v1`
      const more = { chunkBytes, password: await setting.stowage.password() }
      // Killed while it waits to hear of its third chunk, which the registry has.
      const reached = Promise.withResolvers<void>()
      relay.plan((_operation, _path, headers) => headers['content-range']?.startsWith(`${all[2]}-`) === true, {
        kind: 'hold-answer',
        reached: reached.resolve,
      })
      const first = runPush(relay, target, `oci:${there}:latest`, more)
      await Promise.race([reached.promise, first.ended])
      first.kill()
      assert.equal(await first.ended, null, first.said())
      const taken = chunksOf(relay, (status) => status >= 200 && status < 300)
      assert.deepEqual(taken, all.slice(0, 3))
      relay.clear()

      const second = runPush(relay, target, `oci:${there}:latest`, more)
      assert.equal(await second.ended, 0, second.said())
      assert.deepEqual(chunksOf(relay), all.slice(taken.length))

      const back = setting.sandbox.path('killed-v2-back')
      await pull(`${setting.stowage.host}/killed/v2:v1`, `oci:${back}:latest`, setting.options())
      assert.deepEqual(await contentOf(back), await contentOf(there))
    } finally {
      await relay.close()
    }
  })
})

/** First bytes of a layer's chunks that a registry took by `/v2/`, or of all that were sent. The configuration is smaller than any. */
function chunksOf(relay: Relay, counts: (status: number) => boolean = () => true): readonly number[] {
  return relay.seen
    .filter(({ operation, status }) => operation === 'PATCH' && counts(status))
    .map(({ headers }) => (headers['content-range'] ?? '').split('-').map(Number))
    .flatMap(([first = 0, last = 0]) => (last - first > mebibyte ? [first] : []))
}

function acceptedBytes(relay: Relay): number {
  return partsOf(relay, (status) => status === 200)
}

function sentBytes(relay: Relay): number {
  return partsOf(relay, () => true)
}

function partsOf(relay: Relay, counts: (status: number) => boolean): number {
  return relay.seen.reduce(
    (total, { part, status }) => total + (part && counts(status) ? part.last - part.first + 1 : 0),
    0,
  )
}
