import assert from 'node:assert/strict'
import { test } from 'node:test'

import { createRepository } from '../../src/operations/private/create-repository.ts'
import { initiateLayerUpload } from '../../src/operations/private/initiate-layer-upload.ts'
import { uploadLayerPart } from '../../src/operations/private/upload-layer-part.ts'
import { sweep } from '../../src/domain/recovery.ts'
import { account, givenRepository, otherAccount, rootOf } from '../support/registry.ts'
import { assertRefused, call, openRegistry } from './calls.ts'
import { testRepositoryRules } from './repository-rules.ts'
import { complete, open, part } from './uploads.ts'

testRepositoryRules(initiateLayerUpload, 'InitiateLayerUpload', {})

test('gives the id of a new upload, and the size of parts that ECR advises', async (t) => {
  const registry = await openRegistry(t)
  await givenRepository(registry, 'app')
  const input = { registryId: account, repositoryName: 'app' }
  const answers = [await call(registry, initiateLayerUpload, input), await call(registry, initiateLayerUpload, input)]
  const ids = new Set<unknown>()
  for (const answer of answers) {
    const { uploadId, ...rest } = answer as { readonly uploadId: unknown } // compared below
    assert.match(String(uploadId), /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    assert.deepEqual(rest, { partSize: 10_485_760 })
    ids.add(uploadId)
  }
  assert.equal(ids.size, 2)
})

test('an account has so many open uploads and no more; completed and expired ones make room', async (t) => {
  const registry = await openRegistry(t, { limits: { openUploadsPerAccount: 2 } })
  await givenRepository(registry, 'app')
  await givenRepository(registry, 'other')
  const first = await open(registry)
  await open(registry, 'other')
  const full = {
    name: 'ServerException',
    message: `The account already has the maximum allowed number of open uploads which is '2'`,
  }
  await assertRefused(registry, initiateLayerUpload, { repositoryName: 'app' }, full)
  // Others have a number of their own.
  const stranger = registry.ctx({ caller: rootOf(otherAccount) })
  await registry.perform(createRepository, { repositoryName: 'app' }, stranger)
  await open(registry, 'app', stranger)

  await call(registry, uploadLayerPart, part(first, 0, 'layer'))
  await complete(registry, first, 'layer')
  await open(registry)
  await assertRefused(registry, initiateLayerUpload, { repositoryName: 'app' }, full)

  registry.advance(registry.services.limits.uploadLifeMs + 1)
  await sweep(registry.services)
  await open(registry)
})

test('a full disk is told before anything is sent', async (t) => {
  const registry = await openRegistry(t)
  await givenRepository(registry, 'app')
  const ctx = registry.ctx()
  // A disk cannot be filled in a test; how it is measured is in the contract of blobs.
  const full = { ...ctx, blobs: { ...ctx.blobs, freeBytes: async () => 0 } }
  await assertRefused(
    registry,
    initiateLayerUpload,
    { repositoryName: 'app' },
    { name: 'ServerException', message: 'The registry storage is full' },
    full,
  )
})
