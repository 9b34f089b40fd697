// Row P11 at the data plane: each route, done by a user who has just the rights it needs, and refused to one who has every right but one of them, with
// nothing changed.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'node:test'

import { digestOf } from '../../src/lib/digest.ts'
import { putInlinePolicy } from '../../src/operations/admin/identities/put-inline-policy.ts'
import { getAuthorizationToken } from '../../src/operations/private/get-authorization-token.ts'
import { allow, as, givenUser, policyText, repositoryArn, user, userArn } from '../operations/admin/identity-calls.ts'
import { givenImage, givenRepository, manifestOf, ociManifestType } from '../support/registry.ts'
import { begin, openApp, pathOf, type Plane, type Sending } from './plane.ts'

const layer = digestOf('layer of one')
const unsent = 'bytes that are not there yet'
const manifest = manifestOf(['{"config":"one"}', 'layer of one'])

interface Route {
  readonly method: string
  readonly path: string
  /** IAM's actions, in the order in which they are asked for. */
  readonly actions: readonly string[]
  readonly status: number
  /** `repository/app` unless it says otherwise. */
  readonly on?: string
  readonly sending?: Sending
  /** For uploads: the path goes on from its location. */
  readonly ofUpload?: true
}

const upload = { ofUpload: true, actions: ['UploadLayerPart'] } as const

const routes: readonly Route[] = [
  { method: 'GET', path: '/v2/_catalog', actions: ['DescribeRepositories'], on: repositoryArn('*'), status: 200 },
  { method: 'GET', path: '/v2/app/tags/list', actions: ['ListImages'], status: 200 },
  { method: 'GET', path: '/v2/app/manifests/v1', actions: ['BatchGetImage'], status: 200 },
  { method: 'HEAD', path: '/v2/app/manifests/v1', actions: ['BatchGetImage'], status: 200 },
  { method: 'GET', path: `/v2/app/manifests/${digestOf(manifest)}`, actions: ['BatchGetImage'], status: 200 },
  {
    method: 'PUT',
    path: '/v2/app/manifests/v2',
    actions: ['PutImage'],
    status: 201,
    sending: { body: manifest, headers: { 'content-type': ociManifestType } },
  },
  { method: 'DELETE', path: '/v2/app/manifests/v1', actions: ['BatchDeleteImage'], status: 202 },
  { method: 'GET', path: `/v2/app/blobs/${layer}`, actions: ['GetDownloadUrlForLayer'], status: 200 },
  { method: 'HEAD', path: `/v2/app/blobs/${layer}`, actions: ['BatchCheckLayerAvailability'], status: 200 },
  { method: 'DELETE', path: `/v2/app/blobs/${digestOf('unused')}`, actions: ['BatchDeleteImage'], status: 202 },
  { method: 'GET', path: `/v2/app/referrers/${digestOf(manifest)}`, actions: ['ListImageReferrers'], status: 200 },
  { method: 'POST', path: '/v2/app/blobs/uploads/', actions: ['InitiateLayerUpload'], status: 202 },
  {
    method: 'POST',
    path: `/v2/app/blobs/uploads/?digest=${digestOf(unsent)}`,
    actions: ['InitiateLayerUpload', 'UploadLayerPart', 'CompleteLayerUpload'],
    status: 201,
    sending: { body: unsent },
  },
  { ...upload, method: 'PATCH', path: '', status: 202, sending: { body: unsent } },
  { ...upload, method: 'GET', path: '', status: 204 },
  { ...upload, method: 'DELETE', path: '', status: 204 },
  {
    method: 'PUT',
    path: `?digest=${digestOf(unsent)}`,
    ofUpload: true,
    actions: ['UploadLayerPart', 'CompleteLayerUpload'],
    status: 201,
    sending: { body: unsent },
  },
]

/** Rows of images, tags, layers and policies: of an upload that failed, its row and its bytes may stay until it ends. */
function everyRow({ registry }: Plane, tables: readonly string[]): string {
  using database = new DatabaseSync(join(registry.directory, 'metadata.db'), { readOnly: true })
  return JSON.stringify(tables.map((name) => database.prepare(`select * from "${name}"`).all()))
}

async function prepare(plane: Plane) {
  const { registry } = plane
  await givenImage(registry, 'app', 'v1')
  await plane.send('POST', `/v2/app/blobs/uploads/?digest=${digestOf('unused')}`, { body: 'unused' })
  const { caller } = await givenUser(registry, 'ann')
  const set = (...statements: readonly object[]) =>
    registry.perform(putInlinePolicy, { ...user('ann'), policyName: 'p', policyDocument: policyText(...statements) })
  await set(allow('*'))
  const { authorizationData } = await registry.perform(getAuthorizationToken, {}, as(registry, caller))
  const authorization = `Basic ${authorizationData?.[0]?.authorizationToken ?? ''}`
  const send = (method: string, target: string, sending: Sending = {}) =>
    plane.send(method, target, { ...sending, headers: { ...sending.headers, authorization } })
  return { set, send }
}

describe('each route needs its own rights and no other', () => {
  for (const { method, path, actions, status, on, sending, ofUpload } of routes) {
    test(`${method} ${ofUpload ? '<upload>' : ''}${path}`, async (t) => {
      const plane = await openApp(t)
      const { set, send } = await prepare(plane)
      const resource = on ?? repositoryArn('app')
      for (const missing of actions) {
        const action = `ecr:${missing}`
        await set({ Effect: 'Allow', NotAction: action, Resource: '*' })
        const asked = `${ofUpload ? await begin(plane, 'app') : ''}${path}`
        const tables = ['manifest', 'tag', 'repo_blob', 'blob', 'repository']
        if (actions[0] === missing) tables.push('upload', 'trash')
        const untouched = everyRow(plane, tables)
        const refused = await send(method, asked, sending)
        assert.equal(refused.status, 403, missing)
        if (method !== 'HEAD') {
          assert.equal(refused.code, 'DENIED')
          assert.equal(
            refused.message,
            `User: ${userArn('ann')} is not authorized to perform: ${action} on resource: ${resource} ` +
              `because no identity-based policy allows the ${action} action`,
          )
        }
        assert.equal(everyRow(plane, tables), untouched, 'nothing is changed')
      }
      if (ofUpload) await set(allow('ecr:InitiateLayerUpload', repositoryArn('app')))
      const own = ofUpload ? pathOf(await send('POST', '/v2/app/blobs/uploads/')) : ''
      const needed = actions.map((action) => `ecr:${action}`)
      await set(allow(needed, resource))
      assert.equal((await send(method, `${own}${path}`, sending)).status, status)
    })
  }

  test('GET /v2/ needs none', async (t) => {
    const plane = await openApp(t)
    const { set, send } = await prepare(plane)
    await set({ Effect: 'Deny', Action: '*', Resource: '*' })
    assert.equal((await send('GET', '/v2/')).status, 200)
  })

  test('a mount needs InitiateLayerUpload, and the right to read where the layer is', async (t) => {
    const plane = await openApp(t)
    const { set, send } = await prepare(plane)
    await givenRepository(plane.registry, 'to')
    const mount = `/v2/to/blobs/uploads/?mount=${layer}&from=app`
    const begins = allow('ecr:InitiateLayerUpload', repositoryArn('to'))
    const reads = allow(['ecr:GetDownloadUrlForLayer', 'ecr:BatchCheckLayerAvailability'], repositoryArn('app'))
    await set(reads)
    assert.equal((await send('POST', mount)).status, 403)
    // As if there were no such layer (row D22).
    await set(begins)
    assert.equal((await send('POST', mount)).status, 202)
    await set(begins, reads)
    assert.equal((await send('POST', mount)).status, 201)
  })

  test('the bytes of an upload are judged once a request, and the next request again', async (t) => {
    const plane = await openApp(t)
    const { set, send } = await prepare(plane)
    const location = pathOf(await send('POST', '/v2/app/blobs/uploads/'))
    const about = t.mock.method(plane.registry.services.metadata.read.policies, 'about')
    assert.equal((await send('PATCH', location, { body: unsent })).status, 202)
    assert.equal(about.mock.callCount(), 1)
    await set(allow('ecr:InitiateLayerUpload'))
    assert.equal((await send('PATCH', location, { body: unsent })).status, 403)
  })
})
