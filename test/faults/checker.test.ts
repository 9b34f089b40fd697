// Each rule of the checker finds what it is there for: a real server stands behind a proxy that lies about one thing.

import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'

import { ECRClient } from '@aws-sdk/client-ecr'

import { checkAlive } from '../../faults/check-alive.ts'
import { checkImages } from '../../faults/check-images.ts'
import { checkListings } from '../../faults/check-listings.ts'
import { checkByProgram, checkFiles } from '../../faults/check-storage.ts'
import { createClient, noTotals } from '../../faults/client.ts'
import { send, type Target } from '../../faults/data-plane.ts'
import { expectationsFrom } from '../../faults/expectations.ts'
import type { Problem } from '../../faults/fault-test.ts'
import { type Image, makeImage, openLayerSource } from '../../faults/images.ts'
import { type Journal, openJournal } from '../../faults/journal.ts'
import { createRandom } from '../../faults/random.ts'
import { createReader } from '../../faults/reader.ts'
import type { Registry } from '../../faults/registry.ts'
import { openStowageServer } from '../../faults/server.ts'
import { watchWords } from '../../faults/watch-words.ts'
import { readKeys } from '../../src/assemble.ts'

const repository = 'faults/one'

interface Said {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly body: Buffer
}

/** What the proxy says instead of what the server said; undefined for the truth. */
type Lie = (call: string, said: Said) => Said | undefined

describe('the checker', () => {
  const directory = mkdtempSync(join(tmpdir(), 'stowage-checker-'))
  const words = watchWords()
  const random = createRandom('checker')
  let registry: Registry
  let proxy: Server
  let target: Target
  let ecr: ECRClient
  let journal: Journal
  let lie: Lie = () => undefined
  let [kept, tagged, deleted]: Image[] = []

  before(async () => {
    const [dataDir, logFile] = [join(directory, 'data'), join(directory, 'server.log')]
    registry = await openStowageServer({ dataDir, logFile, repositories: [repository], onBody: words.onBody })
    words.keepSecret(registry.secrets)
    proxy = createServer(
      (incoming, outgoing) => void forward(registry.target.origin, incoming, outgoing, (...all) => lie(...all)),
    )
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    const address = proxy.address()
    assert.ok(typeof address === 'object' && address)
    target = { ...registry.target, origin: `http://127.0.0.1:${address.port}` }
    const credentials = readKeys(dataDir)[0]
    assert.ok(credentials)
    ecr = new ECRClient({ endpoint: target.origin, region: 'us-east-1', credentials, maxAttempts: 1 })
    journal = openJournal(join(directory, 'journal'))
    const client = createClient(
      'client',
      { target, ecr, journal, repositories: [repository], turn: async () => {}, signal: new AbortController().signal },
      random,
      noTotals(),
    )
    const layers = openLayerSource('checker', 0, 64 * 1024)
    const push = async (name: string, tag: string | undefined, subject?: Image): Promise<Image> => {
      const image = makeImage(name, layers, random, subject)
      assert.ok(await client.push(image, { repository, tag, byApi: false }))
      return image
    }
    kept = await push('kept', undefined)
    tagged = await push('tagged', 'v1')
    await push('referrer', undefined, tagged)
    deleted = await push('deleted', 'gone')
    assert.ok(await client.remove(repository, deleted.digest))
  })

  after(async () => {
    ecr.destroy()
    proxy.close()
    proxy.closeAllConnections()
    await registry.close()
    journal.close()
    rmSync(directory, { recursive: true, force: true })
  })

  /** The rules that a whole look finds broken. */
  async function look(): Promise<readonly string[]> {
    const expectations = expectationsFrom(journal.entries())
    const [reader, isMeant] = [createReader(target), () => true]
    const problems: readonly Problem[] = [
      ...(await checkImages({ reader, expectations, isMeant, layersLast: true })),
      ...(await checkListings({
        target,
        ecr,
        reader,
        expectations,
        repositories: [repository],
        isMeant,
        clockMoves: false,
      })),
      ...(await checkAlive({ ...registry, target })),
      ...(await checkFiles(registry.dataDir)).problems,
      ...words.check(registry.logFile, true),
    ]
    return [...new Set(problems.map((problem) => problem.rule))].toSorted()
  }

  async function lookThrough(told: Lie): Promise<readonly string[]> {
    lie = told
    try {
      return await look()
    } finally {
      lie = () => undefined
    }
  }

  const at =
    (part: string, change: (said: Said) => Said): Lie =>
    (call, said) =>
      call.includes(part) ? change(said) : undefined
  const text = (said: Said, from: string | RegExp, to: string): Said => ({
    ...said,
    body: Buffer.from(said.body.toString().replaceAll(from, to)),
  })
  const missing = (said: Said): Said => ({ ...said, status: 404, body: Buffer.from('{}') })

  test('finds nothing wrong with a server that tells the truth', async () => {
    assert.deepEqual(await look(), [])
    assert.deepEqual(await checkByProgram(registry.dataDir), [])
  })

  test('C1: an image that is gone', async () => {
    assert.deepEqual(await lookThrough(at(`manifests/${kept?.digest}`, missing)), ['C1', 'C4'])
  })

  test('C1: a manifest with another byte', async () => {
    const changed = await lookThrough(
      at(`manifests/${kept?.digest}`, (said) => text(said, 'schemaVersion', 'schemaVersiom')),
    )
    assert.deepEqual(changed, ['C1', 'C4'])
  })

  test('C2: a layer with another byte', async () => {
    const flip = (said: Said): Said => ({
      ...said,
      body: Buffer.concat([Buffer.of((said.body[0] ?? 0) ^ 1), said.body.subarray(1)]),
    })
    assert.deepEqual(await lookThrough(at(`blobs/${kept?.blobs[1]?.digest}`, flip)), ['C2', 'C4'])
  })

  test('C2: a layer that is cut', async () => {
    const cut = (said: Said): Said => ({ ...said, body: said.body.subarray(1) })
    assert.deepEqual(await lookThrough(at(`blobs/${kept?.blobs[1]?.digest}`, cut)), ['C2', 'C4'])
  })

  test('C3: a tag that fails', async () => {
    assert.deepEqual(await lookThrough(at('manifests/v1', (said) => ({ ...said, status: 500 }))), ['C3', 'C4'])
  })

  test('C3: a tag that names another image', async () => {
    const bytes = kept?.bytes ?? Buffer.alloc(0)
    const headers = (said: Said): Said['headers'] => ({ ...said.headers, 'docker-content-digest': kept?.digest })
    assert.deepEqual(
      await lookThrough(at('manifests/v1', (said) => ({ ...said, headers: headers(said), body: bytes }))),
      ['C3'],
    )
  })

  test('C4: a tag in the list that nobody pushed', async () => {
    assert.deepEqual(await lookThrough(at('tags/list', (said) => text(said, '"v1"', '"v1","v2"'))), ['C4', 'C6'])
  })

  test('C4: a referrer that is not listed', async () => {
    const none = (said: Said): Said => text(said, /"manifests":\[.*\]/g, '"manifests":[]')
    assert.deepEqual(await lookThrough(at('referrers/', none)), ['C4'])
  })

  test('C5: a deleted image that is back', async () => {
    const back = (said: Said): Said => ({
      status: 200,
      headers: { ...said.headers, 'content-type': deleted?.mediaType, 'docker-content-digest': deleted?.digest },
      body: deleted?.bytes ?? Buffer.alloc(0),
    })
    assert.deepEqual(await lookThrough(at(`manifests/${deleted?.digest}`, back)), ['C5'])
  })

  test('C6: a size that the API tells otherwise', async () => {
    const other = at('DescribeImages', (said) =>
      text(said, `"imageSizeInBytes":${kept?.imageBytes}`, '"imageSizeInBytes":1'),
    )
    assert.deepEqual(await lookThrough(other), ['C6'])
  })

  test('C6: a time of push that can not be', async () => {
    const other = at('DescribeImages', (said) => text(said, /"imagePushedAt":[\d.]+/g, '"imagePushedAt":1700000000'))
    assert.deepEqual(await lookThrough(other), ['C6'])
  })

  test('C7 and C8: a file that nobody owns', async () => {
    const [prefix = ''] = readdirSync(join(registry.dataDir, 'blobs'))
    const file = join(registry.dataDir, 'blobs', prefix, `${prefix}${'0'.repeat(30)}`)
    writeFileSync(file, 'x')
    try {
      assert.deepEqual(await look(), ['C8'])
      assert.match((await checkByProgram(registry.dataDir))[0]?.text ?? '', new RegExp(`${prefix}0{30}`))
    } finally {
      rmSync(file)
    }
  })

  test('C9: a server that is not ready', async () => {
    assert.deepEqual(await lookThrough(at('readyz', (said) => ({ ...said, status: 503 }))), ['C9'])
  })

  // The last one: what was said stays said.
  test('C10: a stack trace and a secret in an answer', async () => {
    const [secret = ''] = registry.secrets
    lie = at('tags/list', (said) => ({
      ...said,
      status: 400,
      body: Buffer.from(`Error: no\n    at f (x.js:1:2)\n${secret}`),
    }))
    await send(target, { method: 'GET', path: `/v2/${repository}/tags/list` })
    lie = () => undefined
    assert.deepEqual(
      words.check(registry.logFile, true).map((problem) => problem.rule),
      ['C10', 'C10'],
    )
  })
})

/** `call` of a lie is the path, and the operation of the API. */
async function forward(origin: string, incoming: IncomingMessage, outgoing: ServerResponse, lie: Lie): Promise<void> {
  const call = `${incoming.url} ${String(incoming.headers['x-amz-target'] ?? '')}`
  const { method, headers } = incoming
  const onward = request(new URL(incoming.url ?? '/', origin), { method, headers })
  onward.once('response', (answer) => {
    const pieces: Buffer[] = []
    answer.on('data', (piece: Buffer) => pieces.push(piece))
    answer.once('end', () => {
      const truth: Said = { status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(pieces) }
      const said = lie(call, truth) ?? truth
      const { 'content-length': _, 'transfer-encoding': __, ...others } = said.headers
      outgoing.writeHead(
        said.status,
        method === 'HEAD' ? said.headers : { ...others, 'content-length': said.body.length },
      )
      outgoing.end(said.body)
    })
  })
  onward.once('error', () => outgoing.destroy())
  incoming.pipe(onward)
}
