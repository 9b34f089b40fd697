// Uploads when requests for one upload cross each other: what was acknowledged holds, and nothing is left behind.

import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'

import type { Context } from '../../src/domain/context.ts'
import { findLayer, openLayer } from '../../src/domain/layers.ts'
import type { Blobs } from '../../src/domain/ports/blobs.ts'
import type { RegistryKey } from '../../src/domain/ports/metadata.ts'
import { StorageFullError } from '../../src/domain/ports/storage-errors.ts'
import { recover, sweep } from '../../src/domain/recovery.ts'
import { deleteRepository } from '../../src/domain/repositories.ts'
import { appendToUpload, beginUpload, cancelUpload, completeUpload, getUpload } from '../../src/domain/uploads.ts'
import { digestOf } from '../../src/lib/digest.ts'
import { EcrError } from '../../src/model/errors.ts'
import { completeLayerUpload } from '../../src/operations/private/complete-layer-upload.ts'
import { uploadLayerPart } from '../../src/operations/private/upload-layer-part.ts'
import { account, givenRepository, openTestRegistry, region, type TestRegistry } from '../support/registry.ts'

const registryKey: RegistryKey = { kind: 'private', accountId: account, region }

interface Setting {
  readonly registry: TestRegistry
  readonly ctx: Context
  /** Begins an upload in `app` and sends it `text`. */
  readonly given: (text: string) => Promise<string>
  readonly state: (uploadId: string) => ReturnType<typeof getUpload>
  readonly uploadFiles: () => Promise<readonly string[]>
}

async function open(t: TestContext): Promise<Setting> {
  const registry = await openTestRegistry()
  t.after(() => registry.close())
  await givenRepository(registry, 'app')
  const ctx = registry.ctx({ plane: 'distribution' })
  const state = (uploadId: string) => getUpload(ctx, registryKey, 'app', uploadId)
  return {
    registry,
    ctx,
    state,
    given: async (text) => {
      const { id } = await beginUpload(ctx, registryKey, 'app')
      if (text !== '') await appendToUpload(ctx, await state(id), undefined, once(text))
      return id
    },
    uploadFiles: () => readdir(join(registry.directory, 'uploads')),
  }
}

async function* once(text: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(text)
}

/** `ctx` with a store in which `before` and `after` happen around one call. */
function crossedBy<K extends 'publish' | 'append'>(
  ctx: Context,
  name: K,
  around: { readonly before?: () => Promise<void>; readonly after?: () => Promise<void> },
): Context {
  const call = async (...given: Parameters<Blobs[K]>) => {
    await around.before?.()
    // One method's own arguments are handed on to it.
    const result = await (ctx.blobs[name] as (...args: Parameters<Blobs[K]>) => Promise<unknown>)(...given)
    await around.after?.()
    return result
  }
  return { ...ctx, blobs: { ...ctx.blobs, [name]: call } }
}

const named = (name: string) => (error: unknown) => error instanceof Error && error.name === name

describe('requests for one upload that cross each other', () => {
  test('a part that meets bytes on their way is told where those end, or follows them', async (t) => {
    const { ctx, given, state, registry } = await open(t)
    const uploadId = await given('')
    const [began, rest] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const slow = async function* () {
      yield Buffer.from('half ')
      began.resolve()
      await rest.promise
      yield Buffer.from('and half')
    }
    const first = appendToUpload(ctx, await state(uploadId), 0, slow())
    await began.promise
    const send = (firstByte: number, text: string) =>
      registry.perform(uploadLayerPart, {
        repositoryName: 'app',
        uploadId,
        partFirstByte: firstByte,
        partLastByte: firstByte + text.length - 1,
        layerPartBlob: Buffer.from(text),
      })
    const again = assert.rejects(send(0, 'half and half'), (error) => {
      assert.ok(error instanceof EcrError)
      assert.equal(error.name, 'InvalidLayerPartException')
      // Either may be the first after them.
      assert.ok([12, 21].includes(Number(error.members['lastValidByteReceived'])), error.message)
      return true
    })
    const next = send(13, ' and more')
    setTimeout(rest.resolve, 100)
    assert.equal(await first, 13)
    await again
    assert.equal((await next).lastByteReceived, 21)
  })

  test('bytes sent between the rename and the commit of a completion do not replace the acknowledged layer', async (t) => {
    const { ctx, given, state } = await open(t)
    const uploadId = await given('acknowledged')
    const crossing = crossedBy(ctx, 'publish', {
      after: async () => {
        await appendToUpload(ctx, await state(uploadId), 0, once('somebody els'))
        await assert.rejects(
          completeUpload(ctx, await state(uploadId), [digestOf('somebody els')]),
          named('InvalidLayerException'),
        )
      },
    })
    const digest = await completeUpload(crossing, await state(uploadId), [digestOf('acknowledged')])
    const repository = await ctx.metadata.read.repositories.find(registryKey, 'app')
    const layer = await ctx.metadata.read.layers.find(repository?.id ?? '', digest)
    assert.ok(layer)
    const pieces = await openLayer(ctx, layer)
    assert.equal(
      Buffer.concat(await Array.fromAsync(pieces ?? [], (piece) => Buffer.from(piece))).toString(),
      'acknowledged',
    )
  })

  test('a completion beside another one is told to come back, and then that the upload is over', async (t) => {
    const { registry, given, state } = await open(t)
    const uploadId = await given('once')
    const input = { repositoryName: 'app', uploadId, layerDigests: [digestOf('once')] }
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => registry.perform(completeLayerUpload, input)))
    const told = outcomes.map((outcome) => (outcome.status === 'fulfilled' ? 'done' : String(outcome.reason.sentence)))
    assert.deepEqual(told.toSorted(), ['ServerException/busy', 'ServerException/busy', 'done'])
    await assert.rejects(registry.perform(completeLayerUpload, input), named('UploadNotFoundException'))
    await assert.rejects(state(uploadId), named('UploadNotFoundException'))
    assert.deepEqual(registry.backgroundErrors, [])
  })

  test('bytes that go on arriving for a cancelled upload are not acknowledged and not kept', async (t) => {
    const { registry, ctx, given, state, uploadFiles } = await open(t)
    const uploadId = await given('begun')
    const cancel = async () => cancelUpload(ctx, await state(uploadId))
    const late = appendToUpload(crossedBy(ctx, 'append', { before: cancel }), await state(uploadId), 0, once('late'))
    await assert.rejects(late, named('UploadNotFoundException'))
    assert.deepEqual(await uploadFiles(), [])

    const other = await given('')
    const part = { partFirstByte: 0, partLastByte: 3, layerPartBlob: Buffer.from('late') }
    const api = crossedBy(registry.ctx(), 'append', { before: async () => cancelUpload(ctx, await state(other)) })
    await assert.rejects(
      registry.perform(uploadLayerPart, { repositoryName: 'app', uploadId: other, ...part }, api),
      named('UploadNotFoundException'),
    )
    assert.deepEqual(await uploadFiles(), [])
  })

  test('an upload that is cancelled while it is completed is an upload that is not there', async (t) => {
    const { ctx, given, state, uploadFiles } = await open(t)
    const uploadId = await given('begun')
    const begun = await state(uploadId)
    const cancelled = crossedBy(ctx, 'publish', { before: async () => cancelUpload(ctx, await state(uploadId)) })
    await assert.rejects(completeUpload(cancelled, begun, [digestOf('begun')]), named('UploadNotFoundException'))
    assert.deepEqual(await uploadFiles(), [])
  })

  test('nor is it, through the API, an upload without parts', async (t) => {
    const { registry, ctx, given, state } = await open(t)
    const api = registry.ctx({ plane: 'api' })
    for (const text of ['begun', '']) {
      const uploadId = await given('begun')
      const begun = await state(uploadId)
      await cancelUpload(ctx, begun)
      await assert.rejects(completeUpload(api, begun, [digestOf(text)]), named('UploadNotFoundException'))
    }
  })

  test('an empty completion through the API leaves the upload usable', async (t) => {
    const { registry, given } = await open(t)
    const uploadId = await given('')
    const complete = (text: string) =>
      registry.perform(completeLayerUpload, { repositoryName: 'app', uploadId, layerDigests: [digestOf(text)] })
    await assert.rejects(complete(''), named('EmptyUploadException'))
    const part = { partFirstByte: 0, partLastByte: 3, layerPartBlob: Buffer.from('more') }
    await registry.perform(uploadLayerPart, { repositoryName: 'app', uploadId, ...part })
    assert.equal((await complete('more')).layerDigest, digestOf('more'))
  })
})

describe('sweeps', () => {
  test('give back the bytes of uploads whose repository was deleted', async (t) => {
    const { registry, ctx, given, uploadFiles } = await open(t)
    await given('never finished')
    await deleteRepository(ctx, registryKey, 'app', true)
    assert.equal((await uploadFiles()).length, 1)
    await sweep(registry.services)
    assert.deepEqual(await uploadFiles(), [])
  })

  test('leave an upload alone that somebody works on, and end one that nobody continued', async (t) => {
    const { registry, given, uploadFiles, state } = await open(t)
    const uploadId = await given('begun')
    assert.deepEqual(await recover(registry.services), { orphans: 0, damaged: 0 })
    assert.deepEqual(await sweep(registry.services), { expiredUploads: 0, unlinked: 0 })
    assert.deepEqual(await uploadFiles(), [uploadId])
    registry.advance(registry.services.limits.uploadLifeMs + 1)
    await assert.rejects(state(uploadId), named('UploadNotFoundException'))
    assert.deepEqual(await sweep(registry.services), { expiredUploads: 1, unlinked: 1 })
    assert.deepEqual(await uploadFiles(), [])
  })

  test('leave an upload alone whose bytes come so slowly that its life would end meanwhile', async (t) => {
    const { registry, ctx, given, state } = await open(t)
    const uploadId = await given('')
    const { uploadLifeMs } = registry.services.limits
    async function* slowly(): AsyncGenerator<Uint8Array> {
      for (const text of ['a', 'b', 'c']) {
        registry.advance(uploadLifeMs * 0.6)
        yield Buffer.from(text)
        assert.deepEqual(await sweep(registry.services), { expiredUploads: 0, unlinked: 0 })
      }
    }
    assert.equal(await appendToUpload(ctx, await state(uploadId), 0, slowly()), 3)
    assert.equal(await completeUpload(ctx, await state(uploadId), [digestOf('abc')]), digestOf('abc'))
  })
})

test('on a full disk a layer that no image names is still found, although its lease cannot be renewed', async (t) => {
  const { registry, ctx, given, state } = await open(t)
  const digest = await completeUpload(ctx, await state(await given('layer')), [digestOf('layer')])
  registry.advance(registry.services.limits.leaseMs * 0.75)
  const full = () => Promise.reject(new StorageFullError('the database has no room'))
  const { layer } = await findLayer({ ...ctx, metadata: { ...ctx.metadata, write: full } }, registryKey, 'app', digest)
  assert.equal(layer?.digest, digest)
})
