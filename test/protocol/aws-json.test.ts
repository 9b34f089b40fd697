// AWS JSON 1.1 through the whole API handler: targets, media types, documents, wire types, signatures and the form of every answer.

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'

import { privateOperations } from '../../src/operations/private/index.ts'
import { privateModelNames } from '../../src/operations/private/model-names.ts'
import { account, givenRepository, otherAccount } from '../support/registry.ts'
import { assertAnswer, assertFault, jsonType, openSignedApi, targetPrefix, type Answer } from './signed-api.ts'

const api = await openSignedApi({ after })
await givenRepository(api.registry, 'app')

const registryOutput = { registryId: account, replicationConfiguration: { rules: [] } }
const serialization = (answer: Answer, message: string) => assertFault(answer, 400, 'SerializationException', message)

describe('answers', () => {
  test('absent members are left out, times are seconds with a fraction', async () => {
    api.registry.advance(123)
    const { text } = await api.call('CreateRepository', { repositoryName: 'answered' })
    api.registry.advance(-123)
    assert.equal(
      text,
      `{"repository":{"repositoryArn":"arn:aws:ecr:us-east-1:${account}:repository/answered","registryId":"${account}",` +
        `"repositoryName":"answered","repositoryUri":"localhost:4510/answered","createdAt":1795262400.123,` +
        `"imageTagMutability":"MUTABLE","imageScanningConfiguration":{"scanOnPush":false},` +
        `"encryptionConfiguration":{"encryptionType":"AES256"}}}`,
    )
  })

  test('an empty output is {}', async () => {
    const resourceArn = `arn:aws:ecr:us-east-1:${account}:repository/app`
    assertAnswer(await api.call('TagResource', { resourceArn, tags: [] }), {})
  })

  test("an operation's error is 400, with its type in body and header", async () => {
    assertFault(
      await api.call('ListImages', { repositoryName: 'absent' }),
      400,
      'RepositoryNotFoundException',
      `The repository with name 'absent' does not exist in the registry with id '${account}'`,
    )
  })

  test('the members of an error stand beside its message', async () => {
    const encryptionConfiguration = { encryptionType: 'KMS', kmsKey: '?' }
    assertFault(
      await api.call('CreateRepository', { repositoryName: 'keyless', encryptionConfiguration }),
      400,
      'KmsException',
      "The operation failed due to a KMS exception: the key '?' is not valid",
      { kmsError: "the key '?' is not valid" },
    )
  })

  test('the log line says who did what with which repository, and why not', async () => {
    const who = {
      service: 'ecr',
      operation: 'ListImages',
      principal: `arn:aws:iam::${account}:root`,
      accountId: account,
      region: 'us-east-1',
    }
    assert.deepEqual((await api.call('ListImages', { repositoryName: 'app' })).log, { ...who, repository: 'app' })
    const refused = await api.call('ListImages', { repositoryName: 'absent' })
    assert.deepEqual(refused.log, { ...who, error: 'RepositoryNotFoundException' })
  })
})

describe('J1 targets', () => {
  for (const target of [
    undefined,
    '',
    '.',
    'DescribeRegistry',
    '.DescribeRegistry',
    `${targetPrefix}.`,
    targetPrefix,
    `${targetPrefix}.describeRegistry`,
    `${targetPrefix}.DESCRIBEREGISTRY`,
    `${targetPrefix}.DescribeRegistry `,
    `${targetPrefix}.DescribeRegistry,${targetPrefix}.DescribeRegistry`,
    `${targetPrefix}..DescribeRegistry`,
    `${targetPrefix}/DescribeRegistry`,
    `${targetPrefix.toLowerCase()}.DescribeRegistry`,
    'AmazonEC2ContainerRegistry_V20150922.DescribeRegistry',
    'SpencerFrontendService.DescribeRegistry',
    'com.amazonaws.ecr.DescribeRegistry',
    'undefined.GetCallerIdentity',
    'undefined.DescribeRegistry',
  ]) {
    test(`${JSON.stringify(target)}: UnknownOperationException without a message`, async () => {
      const media = ['Content-Type', jsonType] as const
      const headers = target === undefined ? [media] : [media, ['X-Amz-Target', target] as const]
      assertFault(await api.send({ headers, body: '{}' }), 400, 'UnknownOperationException', undefined)
    })
  }
})

describe('J2 what is not in the public list does not exist', () => {
  const internal =
    'MountLayer HeadImage DeleteLayer ListTags ListRepositories AppendLayer AbortLayerUpload Replicate Admin Converge ' +
    'InternalPutImage GetCallerIdentity CreateRepositoryInternal __proto__ constructor toString hasOwnProperty handle'
  for (const name of internal.split(' ')) {
    test(`${name}: UnknownOperationException without a message`, async () => {
      assertFault(await api.call(name, { repositoryName: 'app' }), 400, 'UnknownOperationException', undefined)
    })
  }

  const offered = new Set(privateOperations.map(({ name }) => name))
  for (const name of privateModelNames.filter((name) => !offered.has(name))) {
    test(`${name} of the model says that it is not offered yet`, async () => {
      const message = `The operation ${name} is not offered by this server yet`
      assertFault(await api.call(name, { repositoryName: 'app' }), 400, 'UnknownOperationException', message)
    })
  }

  for (const name of offered) {
    test(`${name} is there, and wants a signature`, async () => {
      const answer = await api.call(name, {}, { how: null })
      assertFault(answer, 400, 'MissingAuthenticationTokenException', 'Missing Authentication Token')
    })
  }
})

describe('J23 what a browser can send never runs anything', () => {
  const toCreate = ['X-Amz-Target', `${targetPrefix}.CreateRepository`] as const

  for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'post']) {
    test(`${method} with a good signature: 405`, async () => {
      const answer = await api.call('CreateRepository', { repositoryName: 'forged' }, { method })
      assertFault(answer, 405, 'UnknownOperationException', undefined)
    })
  }

  for (const target of ['//', '/x', '/v1/', '/%2e', '/index.html']) {
    test(`POST ${target} with a good signature: 404`, async () => {
      const answer = await api.call('DescribeRegistry', {}, { target })
      assertFault(answer, 404, 'UnknownOperationException', undefined)
    })
  }

  for (const type of [
    undefined,
    '',
    'text/plain',
    'text/plain;application/x-amz-json-1.1',
    'application/json',
    'application/x-amz-json-1.0',
    'application/x-amz-json-1.11',
    'multipart/form-data',
    'application/x-www-form-urlencoded',
  ]) {
    test(`Content-Type ${type}: SerializationException`, async () => {
      const headers = type === undefined ? [toCreate] : [toCreate, ['Content-Type', type] as const]
      const answer = await api.send({ headers, body: '{"repositoryName":"forged"}' })
      serialization(answer, 'Content-Type must be application/x-amz-json-1.1')
    })
  }

  for (const type of ['application/x-amz-json-1.1; charset=utf-8', 'Application/X-AMZ-JSON-1.1', `${jsonType} `]) {
    test(`Content-Type ${JSON.stringify(type)} is the right one`, async () => {
      const headers = [
        ['X-Amz-Target', `${targetPrefix}.DescribeRegistry`],
        ['Content-Type', type],
      ] as const
      assertAnswer(await api.send({ headers, body: '{}' }), registryOutput)
    })
  }

  test('a form of a page, without a signature and without a target', async () => {
    const headers = [['Content-Type', 'application/x-www-form-urlencoded']] as const
    const body = 'Action=CreateRepository&Version=2015-09-21&repositoryName=forged'
    const answer = await api.send({ headers, body, how: null })
    assert.equal(answer.status, 400)
    assert.match(answer.text, /<Code>InvalidAction<\/Code>/)
  })

  test('nothing of it was created', async () => {
    assert.equal((await api.call('DescribeRepositories', { repositoryNames: ['forged'] })).status, 400)
  })
})

test('J24 a Content-Encoding is refused: bodies are not decompressed', async () => {
  for (const encoding of ['gzip', 'br', 'deflate', 'aws-chunked', 'identity', '']) {
    assertFault(
      await api.call('DescribeRegistry', {}, { headers: [['Content-Encoding', encoding]] }),
      415,
      'UnsupportedMediaTypeException',
      'A Content-Encoding of the request body is not supported',
    )
  }
})

describe('signatures', () => {
  const mismatch =
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and ' +
    'signing method. Consult the service documentation for details.'

  test('another secret: InvalidSignatureException', async () => {
    const key = { accessKeyId: `AKIATEST${account}`, secretAccessKey: `secret-of-${otherAccount}` }
    const answer = await api.call('DescribeRegistry', {}, { how: { key } })
    assertFault(answer, 400, 'InvalidSignatureException', mismatch)
  })

  test('a body that was not signed: InvalidSignatureException, and it is not read as JSON before', async () => {
    const answer = await api.call('DescribeRegistry', '{', { how: { payload: '{}' } })
    assertFault(answer, 400, 'InvalidSignatureException', mismatch)
  })

  test('a key that nobody has: UnrecognizedClientException', async () => {
    const key = { accessKeyId: 'AKIANOBODY', secretAccessKey: 'x' }
    const answer = await api.call('DescribeRegistry', {}, { how: { key } })
    const message = 'The security token included in the request is invalid.'
    assertFault(answer, 400, 'UnrecognizedClientException', message)
  })

  test('one for another service: InvalidSignatureException', async () => {
    const answer = await api.call('DescribeRegistry', {}, { how: { service: 'sts' } })
    const message = "Credential should be scoped to correct service: 'ecr'. "
    assertFault(answer, 400, 'InvalidSignatureException', message)
  })

  test('the account is that of the key and the region that of the scope', async () => {
    await api.call('CreateRepository', { repositoryName: 'far' }, { as: otherAccount, how: { region: 'eu-west-1' } })
    const { text } = await api.call('DescribeRepositories', {}, { as: otherAccount, how: { region: 'eu-west-1' } })
    assert.deepEqual(
      JSON.parse(text).repositories.map((repository: { repositoryArn: string }) => repository.repositoryArn),
      [`arn:aws:ecr:eu-west-1:${otherAccount}:repository/far`],
    )
    assertAnswer(await api.call('DescribeRepositories', {}, { as: otherAccount }), { repositories: [] })
    assert.equal((await api.call('DescribeRepositories', { repositoryNames: ['far'] })).status, 400)
  })

  test('J13 a token of one account is nothing to another', async () => {
    await givenRepository(api.registry, 'zz')
    const { nextToken } = JSON.parse((await api.call('DescribeRepositories', { maxResults: 1 })).text)
    assert.equal((await api.call('DescribeRepositories', { nextToken })).status, 200)
    assertFault(
      await api.call('DescribeRepositories', { nextToken }, { as: otherAccount }),
      400,
      'InvalidParameterException',
      "Invalid parameter at 'nextToken' failed to satisfy constraint: 'Invalid token'",
    )
  })
})
