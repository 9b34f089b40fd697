import assert from 'node:assert/strict'
import { test } from 'node:test'

import {
  CreateRepositoryCommand,
  DescribeImagesCommand,
  ECRClient,
  GetAuthorizationTokenCommand,
  InitiateLayerUploadCommand,
  UploadLayerPartCommand,
} from '@aws-sdk/client-ecr'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'

import { image, layer, startRegistry } from '../../src/testing/index.ts'

for (const listen of [true, false]) {
  test(`operations are logged with what they were given, ${listen ? 'by the port' : 'without a port'}`, async () => {
    await using registry = await startRegistry({ listen })
    const { requestHandler, ...settings } = registry
    const ecr = new ECRClient({ ...settings, ...(listen ? {} : { requestHandler }), maxAttempts: 1 })
    const tags = [{ Key: 'team', Value: 'red' }]
    await ecr.send(new CreateRepositoryCommand({ repositoryName: 'app', tags }))
    await assert.rejects(ecr.send(new DescribeImagesCommand({ repositoryName: 'none' })))
    const { uploadId } = await ecr.send(new InitiateLayerUploadCommand({ repositoryName: 'app' }))
    const range = { partFirstByte: 0, partLastByte: 4 }
    await ecr.send(
      new UploadLayerPartCommand({ repositoryName: 'app', uploadId, ...range, layerPartBlob: Buffer.from('layer') }),
    )
    assert.deepEqual(
      registry.requests.all.map(({ operation, input, status, error, caller }) => [
        operation,
        input,
        status,
        error,
        caller,
      ]),
      [
        ['CreateRepository', { repositoryName: 'app', tags: [{ key: 'team', value: 'red' }] }, 200, undefined],
        ['DescribeImages', { repositoryName: 'none' }, 400, 'RepositoryNotFoundException'],
        ['InitiateLayerUpload', { repositoryName: 'app' }, 200, undefined],
        ['UploadLayerPart', { repositoryName: 'app', uploadId, ...range }, 200, undefined],
      ].map((expected) => [...expected, `arn:aws:iam::${registry.accountId}:root`]),
    )
    assert.equal(registry.requests.of('UploadLayerPart').length, 1)
    assert.equal([...registry.requests].length, 4)
    registry.requests.clear()
    assert.deepEqual(registry.requests.all, [])
  })
}

test('the data plane is logged by its own verbs, and found by the operations that it leads to', async () => {
  await using registry = await startRegistry({ listen: false })
  const made = image({ tag: 'v1' })
  await registry.put('app', made)
  const ecr = new ECRClient(registry)
  const { authorizationData } = await ecr.send(new GetAuthorizationTokenCommand({}))
  const authorization = `Basic ${authorizationData?.[0]?.authorizationToken ?? ''}`
  registry.requests.clear()
  const url = `${registry.endpoint}/v2/app/manifests`
  assert.equal((await registry.fetch(`${url}/v1`, { headers: { authorization } })).status, 200)
  const pushed = await registry.fetch(`${url}/v2`, {
    method: 'PUT',
    headers: { authorization, 'content-type': made.manifest.mediaType },
    body: Buffer.from(made.manifest.bytes),
  })
  assert.equal(pushed.status, 201)
  assert.equal((await registry.fetch(`${url}/v1`)).status, 401)
  assert.deepEqual(
    registry.requests.all.map(({ operation, status, performed }) => [
      operation,
      status,
      performed.map((one) => one.operation),
    ]),
    [
      ['GET manifest', 200, ['BatchGetImage']],
      ['PUT manifest', 201, ['PutImage']],
      ['GET manifest', 401, []],
    ],
  )
  const [push] = registry.requests.of('PutImage')
  assert.equal(push?.operation, 'PUT manifest')
  assert.equal(push?.input?.['imageTag'], 'v2')
})

test('no secret, no token and no layer is in it', async () => {
  await using registry = await startRegistry({ listen: false })
  const ecr = new ECRClient(registry)
  const made = image({ layers: [layer('the bytes of a layer that nobody may log')] })
  await registry.put('app', made)
  const { authorizationData } = await ecr.send(new GetAuthorizationTokenCommand({}))
  const token = authorizationData?.[0]?.authorizationToken ?? ''
  await registry.fetch(`${registry.endpoint}/v2/`, { headers: { authorization: `Basic ${token}` } })
  const { uploadId } = await ecr.send(new InitiateLayerUploadCommand({ repositoryName: 'app' }))
  const [secretLayer] = made.layers
  assert.ok(secretLayer)
  const range = { partFirstByte: 0, partLastByte: secretLayer.size - 1 }
  await ecr.send(
    new UploadLayerPartCommand({ repositoryName: 'app', uploadId, ...range, layerPartBlob: secretLayer.bytes }),
  )
  const sts = new STSClient(registry)
  await sts
    .send(
      new AssumeRoleCommand({
        RoleArn: `arn:aws:iam::${registry.accountId}:role/none`,
        RoleSessionName: 'test',
        TokenCode: '123456',
        SerialNumber: 'GAHT12345678',
      }),
    )
    .catch(() => {})
  const said = JSON.stringify(registry.requests.all)
  assert.equal(registry.requests.of('AssumeRole').length, 1)
  for (const secret of [
    token,
    registry.credentials.secretAccessKey,
    'the bytes of a layer',
    Buffer.from(secretLayer.bytes).toString('base64'),
    '"123456"',
  ])
    assert.equal(said.includes(secret), false, secret.slice(0, 20))
})
