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

  test('a defect is thrown for the adapter to answer, not put into words', async (t) => {
    const broken = await openSignedApi(t)
    const key = broken.registry.services.secrets.tokenKeys
    // Emptied behind the type's back: minting a token is then impossible.
    ;(key as Uint8Array[]).length = 0
    await assert.rejects(broken.call('GetAuthorizationToken', {}), { message: 'no token key' })
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
    `${targetPrefix}`,
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
  const internal = [
    ...['MountLayer', 'HeadImage', 'DeleteLayer', 'ListTags', 'ListRepositories', 'AppendLayer', 'AbortLayerUpload'],
    ...['Replicate', 'Admin', 'Converge', 'InternalPutImage', 'GetCallerIdentity', 'CreateRepositoryInternal'],
    ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'handle', 'perform'],
  ]
  for (const name of internal) {
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

describe('J3 documents', () => {
  const notJson = 'The request body is not valid JSON'
  const notUtf8 = 'The request body is not valid UTF-8'
  const noObject = 'The request body must be an object'
  const rows: readonly (readonly [what: string, body: string | Uint8Array, message: string])[] = [
    ['an empty body', '', notJson],
    ['blanks', ' \n', notJson],
    ['not JSON', 'repositoryName=app', notJson],
    ['a broken object', '{"a":', notJson],
    ['single quotes', "{'a':1}", notJson],
    ['a comment', '{} // yes', notJson],
    ['trailing data', '{}{}', notJson],
    ['a trailing comma', '{"a":1,}', notJson],
    ['NaN', '{"maxResults":NaN}', notJson],
    ['a raw line end in a string', '{"repositoryName":"a\nb"}', notJson],
    ['a byte order mark', '\ufeff{}', notJson],
    ['UTF-16', Buffer.from('\ufeff{}', 'utf16le'), notUtf8],
    ['UTF-16 without a mark', Buffer.from('{}', 'utf16le'), notJson],
    ['invalid UTF-8', Buffer.from('{"a":"\xff"}', 'latin1'), notUtf8],
    ['overlong UTF-8', Buffer.from('{"a":"\xc0\xaf"}', 'latin1'), notUtf8],
    ['a surrogate in UTF-8', Buffer.from('{"a":"\xed\xa0\x80"}', 'latin1'), notUtf8],
    ['a lone surrogate', '{"nextToken":"\\ud800"}', 'nextToken holds a lone surrogate'],
    ['null', 'null', noObject],
    ['an array', '[]', noObject],
    ['an array of objects', '[{}]', noObject],
    ['a string', '"{}"', noObject],
    ['a number', '1', noObject],
    ['true', 'true', noObject],
  ]
  for (const [what, body, message] of rows) {
    test(`${what}: SerializationException`, async () => {
      serialization(await api.call('DescribeRepositories', body), message)
    })
  }

  test('blanks around an object, unknown members and nulls are fine', async () => {
    const body = '\r\n\t {"maxResults": null, "nextToken":null, "unknown": {"deep": [1]}, "registryId": null} \n'
    assertAnswer(await api.call('DescribeRegistry', body), registryOutput)
    assert.equal((await api.call('DescribeRepositories', body)).status, 200)
  })

  test('escapes mean the characters they stand for', async () => {
    const body = '{"repository\\u004eame":"\\u0061pp"}'
    assertAnswer(await api.call('ListImages', body), { imageIds: [] })
  })
})

describe('J4 wire types', () => {
  for (const [operation, body, message] of [
    ['DescribeRepositories', '{"repositoryNames":"app"}', 'repositoryNames must be a list'],
    ['DescribeRepositories', '{"repositoryNames":{"0":"app"}}', 'repositoryNames must be a list'],
    ['DescribeRepositories', '{"repositoryNames":["app",1]}', 'repositoryNames.2 must be a string'],
    ['DescribeRepositories', '{"nextToken":1}', 'nextToken must be a string'],
    ['DescribeRepositories', '{"maxResults":"10"}', 'maxResults must be a number'],
    ['DescribeRepositories', '{"maxResults":true}', 'maxResults must be a number'],
    ['DescribeRepositories', '{"maxResults":1.5}', 'maxResults must be a whole number'],
    ['DescribeRepositories', '{"maxResults":1e999}', 'maxResults must be a number'],
    ['DescribeRepositories', '{"maxResults":-1e999}', 'maxResults must be a number'],
    ['DescribeRepositories', '{"maxResults":9007199254740993}', 'maxResults must be a whole number'],
    ['CreateRepository', '{"repositoryName":["app"]}', 'repositoryName must be a string'],
    ['DeleteRepository', '{"repositoryName":"app","force":"true"}', 'force must be a boolean'],
    ['UploadLayerPart', '{"partFirstByte":9007199254740993}', 'partFirstByte must be a whole number'],
    ['UploadLayerPart', '{"layerPartBlob":[1,2]}', 'layerPartBlob must be base64'],
    ['UploadLayerPart', '{"layerPartBlob":"YQ"}', 'layerPartBlob must be base64'],
    ['UploadLayerPart', '{"layerPartBlob":"Y!=="}', 'layerPartBlob must be base64'],
    ['UploadLayerPart', '{"layerPartBlob":"YQ==YQ=="}', 'layerPartBlob must be base64'],
    ['TagResource', '{"tags":{"Key":"k","Value":"v"}}', 'tags must be a list'],
    [
      'PutImageScanningConfiguration',
      '{"imageScanningConfiguration":[]}',
      'imageScanningConfiguration must be an object',
    ],
    ['GetAuthorizationToken', '{"registryIds":[123456789012]}', 'registryIds.1 must be a string'],
  ] as const) {
    test(`${operation} ${body}: SerializationException`, async () => {
      serialization(await api.call(operation, body), message)
    })
  }

  test('-0 is 0, 1e1 and 10.0 are 10', async () => {
    const sentence =
      "Invalid parameter at 'maxResults' failed to satisfy constraint: 'Member must have value greater than or equal to 1'"
    for (const zero of ['-0', '0.0', '-0e5']) {
      const answer = await api.call('DescribeRepositories', `{"maxResults":${zero}}`)
      assertFault(answer, 400, 'InvalidParameterException', sentence)
    }
    for (const ten of ['1e1', '10.0']) {
      assert.equal((await api.call('DescribeRepositories', `{"maxResults":${ten}}`)).status, 200)
    }
  })

  test('nulls in a list are left out', async () => {
    const { text } = await api.call('DescribeRepositories', '{"repositoryNames":[null,"app",null]}')
    assert.equal(JSON.parse(text).repositories.length, 1)
  })
})

describe('J5 a member given twice', () => {
  const theirs = `{"registryId":"${otherAccount}","repositoryName":"app","registryId":"${account}"}`
  const ours = `{"registryId":"${account}","repositoryName":"app","registryId":"${otherAccount}"}`

  test('the last one counts, for the rights as for the work', async () => {
    assertAnswer(await api.call('ListImages', theirs), { imageIds: [] })
    const action = 'ecr:ListImages'
    assertFault(
      await api.call('ListImages', ours),
      400,
      'AccessDeniedException',
      `User: arn:aws:iam::${account}:root is not authorized to perform: ${action} on resource: arn:aws:ecr:us-east-1:${otherAccount}:repository/app because no resource-based policy allows the ${action} action`,
    )
  })

  test('so it is for another spelling of the same member', async () => {
    const body = '{"repositoryName":"absent","repository\\u004eame":"app"}'
    assertAnswer(await api.call('ListImages', body), { imageIds: [] })
  })
})

describe('J6 members that objects have by themselves', () => {
  for (const body of [
    '{"__proto__":{"repositoryName":"app","registryId":"000000000000","polluted":true}}',
    '{"constructor":{"prototype":{"repositoryName":"app","polluted":true}}}',
    '{"prototype":{"polluted":true},"__proto__":null}',
    '{"imageScanningConfiguration":{"__proto__":{"scanOnPush":true,"polluted":true}},"__proto__":[1]}',
  ]) {
    test(`${body.slice(0, 60)}: ignored`, async () => {
      assertFault(
        await api.call('ListImages', body),
        400,
        'InvalidParameterException',
        "Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must not be null'",
      )
      const named = body.replace('{', '{"repositoryName":"app",')
      assertAnswer(await api.call('ListImages', named), { imageIds: [] })
      assert.equal(Reflect.get({}, 'polluted'), undefined)
      assert.equal(Reflect.get({}, 'repositoryName'), undefined)
      assert.equal(Reflect.get([], 'polluted'), undefined)
    })
  }

  test('nothing is inherited into a nested value', async () => {
    const imageScanningConfiguration = '{"__proto__":{"scanOnPush":true}}'
    const body = `{"repositoryName":"app","imageScanningConfiguration":${imageScanningConfiguration}}`
    assertAnswer(await api.call('PutImageScanningConfiguration', body), {
      registryId: account,
      repositoryName: 'app',
      imageScanningConfiguration: { scanOnPush: false },
    })
  })

  test('as keys of tags they are keys like others', async () => {
    await givenRepository(api.registry, 'tagged')
    const resourceArn = `arn:aws:ecr:us-east-1:${account}:repository/tagged`
    const tags = ['__proto__', 'constructor', 'prototype'].map((Key) => ({ Key, Value: 'v' }))
    assertAnswer(await api.call('TagResource', { resourceArn, tags }), {})
    assertAnswer(await api.call('ListTagsForResource', { resourceArn }), { tags })
    assertAnswer(await api.call('UntagResource', { resourceArn, tagKeys: ['__proto__'] }), {})
    assertAnswer(await api.call('ListTagsForResource', { resourceArn }), { tags: tags.slice(1) })
  })
})

test('J25 members that no input has are ignored, nested ones as well', async () => {
  const body = {
    repositoryName: 'assigned',
    imageScanningConfiguration: { scanOnPush: false, isAdmin: true },
    createdAt: 0,
    role: 'admin',
    caller: { accountId: otherAccount },
  }
  const { text } = await api.call('CreateRepository', body)
  const { repository } = JSON.parse(text)
  assert.equal(repository.registryId, account)
  assert.equal(repository.createdAt, 1795262400)
  assert.deepEqual(repository.imageScanningConfiguration, { scanOnPush: false })
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
