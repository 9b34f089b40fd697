// The JSON document of a call: what is none, what has the wrong types, and members that must not have any effect.

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'

import { account, givenRepository, otherAccount } from '../support/registry.ts'
import { assertAnswer, assertFault, openSignedApi, type Answer } from './signed-api.ts'

const api = await openSignedApi({ after })
await givenRepository(api.registry, 'app')

const registryOutput = { registryId: account, replicationConfiguration: { rules: [] } }
const serialization = (answer: Answer, message: string) => assertFault(answer, 400, 'SerializationException', message)

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
