// Policies at the data plane: another account's docker, and what it may not learn.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { digestOf } from '../../src/lib/digest.ts'
import { deleteRepositoryPolicy } from '../../src/operations/private/delete-repository-policy.ts'
import { setRepositoryPolicy } from '../../src/operations/private/set-repository-policy.ts'
import { account, givenImage, givenRepository, otherAccount } from '../support/registry.ts'
import { begin, openApp, pathOf, pushBlob, type Plane } from './plane.ts'

const pull = ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchCheckLayerAvailability']
const push = [
  'ecr:BatchCheckLayerAvailability',
  'ecr:InitiateLayerUpload',
  'ecr:UploadLayerPart',
  'ecr:CompleteLayerUpload',
  'ecr:PutImage',
]

async function allow({ registry }: Plane, Action: readonly string[], repositoryName = 'app'): Promise<void> {
  const policyText = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: otherAccount }, Action }],
  })
  await registry.perform(setRepositoryPolicy, { repositoryName, policyText })
}

const as = otherAccount
const layer = digestOf('layer of one')

describe('another account', () => {
  test('with AWS’s sample of pulling: it pulls and does not push', async (t) => {
    const plane = await openApp(t)
    const { digest } = await givenImage(plane.registry, 'app', 'v1')
    const paths = [`manifests/v1`, `manifests/${digest}`, `blobs/${layer}`]
    for (const path of paths) assert.equal((await plane.send('GET', `/v2/app/${path}`, { as })).status, 403, path)
    await allow(plane, pull)
    for (const path of paths)
      for (const method of ['GET', 'HEAD'])
        assert.equal((await plane.send(method, `/v2/app/${path}`, { as })).status, 200, `${method} ${path}`)
    const refused = await plane.send('POST', '/v2/app/blobs/uploads/', { as })
    assert.deepEqual([refused.status, refused.code], [403, 'DENIED'])
    assert.match(
      refused.message ?? '',
      new RegExp(
        `^User: arn:aws:iam::${otherAccount}:root is not authorized to perform: ecr:InitiateLayerUpload on resource: arn:aws:ecr:us-east-1:${account}:repository/app because no resource-based policy allows`,
      ),
    )
    for (const path of [`manifests/v1`, `manifests/${digest}`])
      assert.equal((await plane.send('DELETE', `/v2/app/${path}`, { as })).status, 403)
    assert.equal((await plane.send('GET', '/v2/app/tags/list', { as })).status, 403)
  })

  test('with AWS’s sample of pushing: it pushes and neither pulls nor deletes', async (t) => {
    const plane = await openApp(t)
    await allow(plane, push)
    const location = await begin(plane, 'app', { as })
    const digest = digestOf('content')
    assert.equal((await plane.send('PUT', `${location}?digest=${digest}`, { as, body: 'content' })).status, 201)
    assert.equal((await plane.send('HEAD', `/v2/app/blobs/${digest}`, { as })).status, 200)
    assert.equal((await plane.send('GET', `/v2/app/blobs/${digest}`, { as })).status, 403)
    assert.equal((await plane.send('DELETE', `/v2/app/blobs/${digest}`, { as })).status, 403)
    assert.equal((await plane.send('GET', '/v2/app/manifests/v1', { as })).status, 403)
  })

  test('row P15: a right that is taken back ends an upload under way', async (t) => {
    const plane = await openApp(t)
    await allow(plane, push)
    const location = await begin(plane, 'app', { as })
    assert.equal((await plane.send('PATCH', location, { as, body: 'con' })).status, 202)
    await plane.registry.perform(deleteRepositoryPolicy, { repositoryName: 'app' })
    for (const [method, path] of [
      ['PATCH', location],
      ['GET', location],
      ['PUT', `${location}?digest=${digestOf('con')}`],
    ] as const)
      assert.equal((await plane.send(method, path, { as, body: method === 'GET' ? '' : 'tent' })).status, 403, method)
    assert.equal((await plane.send('HEAD', `/v2/app/blobs/${digestOf('con')}`)).status, 404)
  })

  test('row D22: it mounts only from where it may read; otherwise as if the layer were not there', async (t) => {
    const plane = await openApp(t)
    await allow(plane, push)
    for (const name of ['open', 'closed']) {
      await givenRepository(plane.registry, name)
      await pushBlob(plane, name, name)
    }
    await allow(plane, pull, 'open')
    const mount = (name: string) =>
      plane.send('POST', `/v2/app/blobs/uploads/?mount=${digestOf(name)}&from=${name}`, { as })
    assert.equal((await mount('open')).status, 201)
    const closed = await mount('closed')
    const missing = await mount('missing')
    assert.deepEqual([closed.status, closed.headers['range']], [202, '0-0'])
    assert.deepEqual([missing.status, missing.headers['range']], [202, '0-0'])
    assert.notEqual(pathOf(closed), pathOf(missing))
  })

  test('row D25: what it may not see answers like what is not there', async (t) => {
    const plane = await openApp(t)
    await givenImage(plane.registry, 'app', 'v1')
    for (const path of ['manifests/v1', `blobs/${layer}`, 'tags/list', `referrers/${layer}`]) {
      const there = await plane.send('GET', `/v2/app/${path}`, { as })
      const missing = await plane.send('GET', `/v2/nope/${path}`, { as })
      assert.deepEqual([there.status, there.code], [403, 'DENIED'])
      assert.equal(missing.text, there.text.replaceAll('repository/app', 'repository/nope'))
    }
  })

  test('with a right to some tags: it pushes and pulls those alone', async (t) => {
    const plane = await openApp(t)
    const { manifest, digest } = await givenImage(plane.registry, 'app', 'v1')
    const policyText = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: otherAccount },
          Action: ['ecr:PutImage', 'ecr:BatchGetImage'],
          Condition: { 'ForAnyValue:StringLike': { 'ecr:ImageTag': 'dev-*' } },
        },
      ],
    })
    await plane.registry.perform(setRepositoryPolicy, { repositoryName: 'app', policyText })
    const put = async (reference: string) => {
      const headers = { 'content-type': 'application/vnd.oci.image.manifest.v1+json' }
      return (await plane.send('PUT', `/v2/app/manifests/${reference}`, { as, body: manifest, headers })).status
    }
    assert.deepEqual(
      [
        await put('dev-1'),
        await put('v2'),
        await put(digest),
        await put(`${digest}?tag=dev-2`),
        await put(`${digest}?tag=v2`),
      ],
      [201, 403, 403, 201, 403],
    )
    const get = async (reference: string) => (await plane.send('GET', `/v2/app/manifests/${reference}`, { as })).status
    assert.deepEqual([await get('dev-1'), await get('v1'), await get(digest)], [200, 403, 403])
  })
})
