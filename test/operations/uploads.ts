// What the tests of uploads share: opening one, sending parts as JSON, and the ids that no upload of the caller has.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Context } from '../../src/domain/context.ts'
import { digestOf } from '../../src/lib/digest.ts'
import { cancelLayerUpload } from '../../src/operations/distribution/layer-uploads.ts'
import type { Operation } from '../../src/operations/operation.ts'
import { batchCheckLayerAvailability } from '../../src/operations/private/batch-check-layer-availability.ts'
import { completeLayerUpload } from '../../src/operations/private/complete-layer-upload.ts'
import { createRepository } from '../../src/operations/private/create-repository.ts'
import { initiateLayerUpload } from '../../src/operations/private/initiate-layer-upload.ts'
import { uploadLayerPart } from '../../src/operations/private/upload-layer-part.ts'
import { account, givenRepository, otherAccount, rootOf, type TestRegistry } from '../support/registry.ts'
import { assertRefused, call, invalid, openRegistry, type Refusal, wrongType } from './calls.ts'

export const where = `repository with name 'app' in registry with id '${account}'`
export const unknownId = '00000000-0000-4000-8000-000000000000'

/** An upload's id. */
export async function open(registry: TestRegistry, repositoryName = 'app', ctx?: Context): Promise<string> {
  const { uploadId } = await registry.perform(initiateLayerUpload, { repositoryName }, ctx)
  assert.ok(uploadId !== undefined)
  return uploadId
}

/** The JSON of a part that begins at `first`. */
export function part(uploadId: string, first: number, bytes: string | Uint8Array) {
  const layerPartBlob = Buffer.from(bytes)
  const partLastByte = first + layerPartBlob.length - 1
  return {
    repositoryName: 'app',
    uploadId,
    partFirstByte: first,
    partLastByte,
    layerPartBlob: layerPartBlob.toString('base64'),
  }
}

export function complete(registry: TestRegistry, uploadId: string, ...contents: readonly (string | Uint8Array)[]) {
  const layerDigests = contents.map((content) => digestOf(content))
  return call(registry, completeLayerUpload, { repositoryName: 'app', uploadId, layerDigests })
}

/** Whether a repository has a layer. */
export async function isThere(registry: TestRegistry, digest: string, repositoryName = 'app'): Promise<boolean> {
  const input = { repositoryName, layerDigests: [digest] }
  const { layers } = await registry.perform(batchCheckLayerAvailability, input)
  return layers?.[0]?.layerAvailability === 'AVAILABLE'
}

export function uploadNotFound(uploadId: string, registryId = account): Refusal {
  return {
    name: 'UploadNotFoundException',
    message: `The upload with id '${uploadId}' does not exist in the repository with name 'app' in registry with id '${registryId}'`,
  }
}

/**
 * Tests J16 for an operation on an upload: whatever the reason that an upload is not the caller's, the words are the same.
 * @param rest arguments beside repository and upload
 */
export function testUploadIds(operation: Operation, rest: Readonly<Record<string, unknown>>): void {
  const pattern = '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}'

  test(`J16 ${operation.name}: the upload of someone else, of elsewhere, or of the past is not there`, async (t) => {
    const registry = await openRegistry(t)
    await givenRepository(registry, 'app')
    await givenRepository(registry, 'other')
    const stranger = registry.ctx({ caller: rootOf(otherAccount) })
    const abroad = registry.ctx({ region: 'eu-west-1' })
    for (const ctx of [stranger, abroad]) await registry.perform(createRepository, { repositoryName: 'app' }, ctx)
    const used = await open(registry)
    await call(registry, uploadLayerPart, part(used, 0, 'layer'))
    await complete(registry, used, 'layer')
    const cancelled = await open(registry)
    await registry.perform(cancelLayerUpload, { repositoryName: 'app', uploadId: cancelled })
    const mine = await open(registry)
    for (const [what, uploadId, ctx] of [
      ['random', unknownId, registry.ctx()],
      ['completed', used, registry.ctx()],
      ['cancelled', cancelled, registry.ctx()],
      ['of another repository', await open(registry, 'other'), registry.ctx()],
      ['of another account', await open(registry, 'app', stranger), registry.ctx()],
      ['of another region', await open(registry, 'app', abroad), registry.ctx()],
      ['of an account, asked for by another', mine, stranger],
      ['of a region, asked for in another', mine, abroad],
    ] as const) {
      await t.test(what, () =>
        assertRefused(
          registry,
          operation,
          { ...rest, repositoryName: 'app', uploadId },
          uploadNotFound(uploadId, ctx.caller.accountId),
          ctx,
        ),
      )
    }
    await t.test('a day after its last byte', async () => {
      registry.advance(registry.services.limits.uploadLifeMs)
      await assertRefused(registry, operation, { ...rest, repositoryName: 'app', uploadId: mine }, uploadNotFound(mine))
    })
  })

  test(`${operation.name}: upload ids that are none`, async (t) => {
    const registry = await openRegistry(t)
    await givenRepository(registry, 'app')
    const notOne = invalid('uploadId', `must satisfy regular expression '${pattern}'`)
    for (const [uploadId, refusal] of [
      [undefined, invalid('uploadId', 'must not be null')],
      ['', notOne],
      ['x', notOne],
      [unknownId.slice(1), notOne],
      [`${unknownId}0`, notOne],
      [`${unknownId}\n`, notOne],
      ['../../../../../../etc/passwd', notOne],
      [7, wrongType('uploadId must be a string')],
    ] as const) {
      await assertRefused(registry, operation, { ...rest, repositoryName: 'app', uploadId }, refusal)
    }
  })
}
