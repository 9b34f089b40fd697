// Users at the data plane: AWS's samples of policies for pulling and pushing, and what becomes of a password that was given already (row T6).

import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'

import { digestOf } from '../../src/lib/digest.ts'
import { deleteIdentity } from '../../src/operations/admin/identities/delete-identity.ts'
import { deletePolicy } from '../../src/operations/admin/identities/delete-policy.ts'
import { updateAccessKey } from '../../src/operations/admin/identities/update-access-key.ts'
import { updatePolicy } from '../../src/operations/admin/identities/update-policy.ts'
import { getAuthorizationToken } from '../../src/operations/private/get-authorization-token.ts'
import {
  accountId,
  allow,
  as,
  givenUser,
  policyArn,
  policyText,
  repositoryArn,
  user,
} from '../operations/admin/identity-calls.ts'
import { givenImage, givenRepository, manifestOf, ociManifestType } from '../support/registry.ts'
import { begin, openApp, pathOf, type Answer, type Plane, type Sending } from './plane.ts'

// User guide of Amazon ECR, "Identity-based policy examples", and "Required IAM permissions for pushing an image".
const token = allow('ecr:GetAuthorizationToken')
const pull = allow(
  ['ecr:BatchCheckLayerAvailability', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchGetImage'],
  repositoryArn('app'),
)
const push = allow(
  [
    'ecr:CompleteLayerUpload',
    'ecr:UploadLayerPart',
    'ecr:InitiateLayerUpload',
    'ecr:BatchCheckLayerAvailability',
    'ecr:PutImage',
    'ecr:BatchGetImage',
  ],
  repositoryArn('app'),
)

interface UserPlane extends Plane {
  readonly accessKeyId: string
  /** Sends with the password that the user was given at first. */
  readonly sendAs: (method: string, target: string, sending?: Sending) => Promise<Answer>
}

async function openAs(t: TestContext, ...statements: readonly object[]): Promise<UserPlane> {
  const plane = await openApp(t)
  const { registry } = plane
  const { caller, accessKeyId } = await givenUser(registry, 'ann', ...statements)
  const { authorizationData } = await registry.perform(getAuthorizationToken, {}, as(registry, caller))
  const authorization = `Basic ${authorizationData?.[0]?.authorizationToken ?? ''}`
  const sendAs: UserPlane['sendAs'] = (method, target, sending = {}) =>
    plane.send(method, target, { ...sending, headers: { ...sending.headers, authorization } })
  return { ...plane, send: sendAs, sendAs, accessKeyId }
}

describe('a user with AWS’s samples', () => {
  test('of pulling: pulls from that repository, and does nothing else', async (t) => {
    const plane = await openAs(t, token, pull)
    const { digest } = await givenImage(plane.registry, 'app', 'v1')
    await givenRepository(plane.registry, 'other')
    await givenImage(plane.registry, 'other', 'v1')
    const layer = digestOf('layer of one')
    for (const path of ['manifests/v1', `manifests/${digest}`, `blobs/${layer}`]) {
      for (const method of ['GET', 'HEAD']) {
        assert.equal((await plane.sendAs(method, `/v2/app/${path}`)).status, 200, `${method} ${path}`)
        assert.equal((await plane.sendAs(method, `/v2/other/${path}`)).status, 403, `${method} ${path} of another`)
      }
    }
    const refused = await plane.sendAs('POST', '/v2/app/blobs/uploads/')
    assert.deepEqual([refused.status, refused.code], [403, 'DENIED'])
    assert.match(
      refused.message ?? '',
      /user\/ann is not authorized to perform: ecr:InitiateLayerUpload .* no identity-based policy/,
    )
    assert.equal((await plane.sendAs('DELETE', '/v2/app/manifests/v1')).status, 403)
    assert.equal((await plane.sendAs('GET', '/v2/app/tags/list')).status, 403)
  })

  test('of pushing: pushes to that repository, and downloads no layer', async (t) => {
    const plane = await openAs(t, token, push)
    const contents = ['{"config":1}', 'a layer']
    for (const content of contents) {
      const location = await begin(plane, 'app')
      const patched = await plane.sendAs('PATCH', location, { body: content })
      assert.equal(patched.status, 202)
      const end = `${pathOf(patched)}?digest=${digestOf(content)}`
      assert.equal((await plane.sendAs('PUT', end)).status, 201)
    }
    const headers = { 'content-type': ociManifestType }
    const put = { body: manifestOf(contents), headers }
    assert.equal((await plane.sendAs('PUT', '/v2/app/manifests/v1', put)).status, 201)
    assert.equal((await plane.sendAs('GET', `/v2/app/blobs/${digestOf('a layer')}`)).status, 403)
    assert.equal((await plane.sendAs('POST', '/v2/other/blobs/uploads/')).status, 403)
  })

  test('without ecr:GetAuthorizationToken there is no password', async (t) => {
    await assert.rejects(openAs(t, pull), { name: 'AccessDeniedException' })
  })
})

describe('row T6: a password that was given already', () => {
  test('follows its policy, its key and its user at once, in a running upload too', async (t) => {
    const plane = await openAs(t, token, push)
    const location = await begin(plane, 'app')
    const upload = (body: string) => plane.sendAs('PATCH', location, { body })
    assert.equal((await upload('one')).status, 202)
    const to = (...statements: readonly object[]) =>
      plane.registry.perform(updatePolicy, {
        accountId,
        policyArn: policyArn('of-ann'),
        policyDocument: policyText(...statements),
      })
    await to(token)
    assert.equal((await upload('two')).status, 403)
    await to(token, push)
    assert.equal((await upload('two')).status, 202)
    await plane.registry.perform(updateAccessKey, { accessKeyId: plane.accessKeyId, status: 'Inactive' })
    assert.equal((await upload('three')).status, 401)
    await plane.registry.perform(updateAccessKey, { accessKeyId: plane.accessKeyId, status: 'Active' })
    assert.equal((await upload('three')).status, 202)
    await plane.registry.perform(deleteIdentity, { ...user('ann'), force: true })
    assert.equal((await upload('four')).status, 401)
    await plane.registry.perform(deletePolicy, { accountId, policyArn: policyArn('of-ann') })
    await givenUser(plane.registry, 'ann', token, push)
    assert.equal((await upload('four')).status, 401)
  })
})
