import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { StorageBusyError, StorageFullError } from '../../src/domain/ports/storage-errors.ts'
import { EcrError, errorNameOf, sentences, type SentenceKey } from '../../src/model/errors.ts'
import { deleteLayer } from '../../src/operations/distribution/delete-layer.ts'
import { headImage } from '../../src/operations/distribution/head-image.ts'
import { cancelLayerUpload, getLayerUpload } from '../../src/operations/distribution/layer-uploads.ts'
import { listCatalog, listTags } from '../../src/operations/distribution/listings.ts'
import { mountLayer } from '../../src/operations/distribution/mount-layer.ts'
import { batchCheckLayerAvailability } from '../../src/operations/private/batch-check-layer-availability.ts'
import { batchDeleteImage } from '../../src/operations/private/batch-delete-image.ts'
import { batchGetImage } from '../../src/operations/private/batch-get-image.ts'
import { completeLayerUpload } from '../../src/operations/private/complete-layer-upload.ts'
import { initiateLayerUpload } from '../../src/operations/private/initiate-layer-upload.ts'
import { listImageReferrers } from '../../src/operations/private/list-image-referrers.ts'
import { putImage } from '../../src/operations/private/put-image.ts'
import { faultOf } from '../../src/protocol/distribution/faults.ts'
import { givenRepository } from '../support/registry.ts'
import { begin, openPlane } from './plane.ts'

/** What the data plane performs. GetDownloadUrlForLayer and UploadLayerPart are only permitted, never performed. */
const performed = [
  deleteLayer,
  headImage,
  cancelLayerUpload,
  getLayerUpload,
  listCatalog,
  listTags,
  mountLayer,
  batchCheckLayerAvailability,
  batchDeleteImage,
  batchGetImage,
  completeLayerUpload,
  initiateLayerUpload,
  listImageReferrers,
  putImage,
]
/** Answered 201, because what was asked for is so. */
const taken = ['ImageAlreadyExistsException', 'LayerAlreadyExistsException']

describe('every sentence of every error that an operation of the data plane declares has a code of the specification', () => {
  const declared = new Set([...performed.flatMap((operation) => operation.errors), 'AccessDeniedException'])
  // The table of sentences is the list of its own keys.
  const keys = (Object.keys(sentences) as SentenceKey[]).filter(
    (key) => declared.has(errorNameOf(key)) && !taken.includes(errorNameOf(key)),
  )
  for (const key of keys) {
    test(key, () => {
      for (const ecrQuirks of [false, true]) {
        const fault = faultOf(new EcrError(key, 'the sentence', {}), 'manifest', ecrQuirks)
        assert.equal(fault?.message, 'the sentence')
        assert.ok(fault.status >= 400)
      }
    })
  }
})

test('storage that is full or busy says which, and when to come back', () => {
  const full = faultOf(new StorageFullError(), 'upload', false)
  assert.deepEqual([full?.status, full?.code, full?.message], [507, 'UNAVAILABLE', 'The registry storage is full'])
  const busy = faultOf(new StorageBusyError(), 'upload', false)
  assert.deepEqual([busy?.status, busy?.code, busy?.headers], [503, 'UNAVAILABLE', { 'Retry-After': '1' }])
})

test('a full disk in the middle of an upload is 507 and the upload stays', async (t) => {
  const plane = await openPlane(t)
  await givenRepository(plane.registry, 'app')
  const location = await begin(plane, 'app')
  const { blobs } = plane.registry.services
  const works = { ...blobs }
  Object.assign(blobs, { append: () => Promise.reject(new StorageFullError('no space')) })
  const answer = await plane.send('PATCH', location, { body: 'bytes' })
  assert.deepEqual([answer.status, answer.code, answer.message], [507, 'UNAVAILABLE', 'The registry storage is full'])
  Object.assign(blobs, works)
  assert.equal((await plane.send('PATCH', location, { body: 'bytes' })).status, 202)
})

test('what is no fault of the client is left to the adapter', async (t) => {
  assert.equal(faultOf(new TypeError('a defect'), 'blob', false), undefined)
  const plane = await openPlane(t)
  await givenRepository(plane.registry, 'app')
  Object.assign(plane.registry.services.blobs, { freeBytes: () => Promise.reject(new TypeError('a defect')) })
  const { status, code, defect } = await plane.send('POST', '/v2/app/blobs/uploads/')
  assert.deepEqual([status, code, defect], [500, 'UNKNOWN', new TypeError('a defect')])
})
