// The gallery's API as it stands on the public listener: who may ask, in which form, and what hostile bodies meet.

import assert from 'node:assert/strict'
import { after, describe, test, type TestContext } from 'node:test'

import { putImage } from '../../src/operations/public/put-image.ts'
import { receive, toRequest, type Answer, type Sending } from '../distribution/plane.ts'
import { emptyIndex } from '../operations/gallery/calls.ts'
import { openPublicPlane } from './public-plane.ts'

const plane = await openPublicPlane({ after } as unknown as TestContext) // only its `after` is used
const { registry, handler, alias } = plane
await registry.perform(putImage, { repositoryName: 'app', ...emptyIndex, imageTag: 'v1' })

const app = {
  repositoryName: 'app',
  primaryRegistryAliasName: alias,
  operatingSystems: [],
  architectures: [],
  registryVerified: false,
  downloadCount: 0,
}
const found = { repositoryCatalogSearchResultList: [app], totalResults: 1 }
const search = '/searchRepositoryCatalogData'
const json = { 'content-type': 'application/json' }

const post = (target: string, body: NonNullable<Sending['body']>, headers: Readonly<Record<string, string>> = json) =>
  receive(handler, toRequest('POST', target, { body, headers }))

const common = {
  'content-type': 'application/json; charset=utf-8',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
}

function assertAnswer({ status, headers, text }: Answer, output: unknown): void {
  const { 'x-amzn-requestid': id, ...rest } = headers
  assert.ok(id)
  assert.deepEqual(
    { status, headers: rest, output: JSON.parse(text) as unknown },
    { status: 200, headers: common, output },
  )
}

function assertFault(
  { status, headers, text }: Answer,
  expected: number,
  type: string,
  message?: string,
  more = {},
): void {
  const { 'x-amzn-requestid': id, ...rest } = headers
  assert.ok(id)
  assert.deepEqual(
    { status, headers: rest, text },
    {
      status: expected,
      headers: { ...common, 'x-amzn-errortype': type, ...more },
      text: JSON.stringify({ __type: type, message }),
    },
  )
}

const refusedDocument = (answer: Answer, message: string) => assertFault(answer, 400, 'SerializationException', message)

describe('the four calls', () => {
  test('without a signature, a token or a cookie', async () => {
    const inRepository = JSON.stringify({ registryAliasName: alias, repositoryName: 'app' })
    assertAnswer(await post(search, '{}'), found)
    assertAnswer(await post('/getRepositoryCatalogData', inRepository), {
      catalogData: { architectures: [], operatingSystems: [] },
      insightData: { downloadCount: 0 },
    })
    assertAnswer(await post('/getRegistryCatalogData', inRepository), {
      registryCatalogData: {},
      primaryRegistryAliasName: alias,
      registryVerified: false,
    })
    const { status, text } = await post('/describeImageTags', inRepository)
    assert.deepEqual([status, text.includes('"imageTag":"v1"')], [200, true])
  })

  test('a query after the path changes nothing', async () => {
    assertAnswer(await post(`${search}?searchTerm=nothing`, '{"searchTerm":"app"}'), found)
  })

  test('what a client says of its rights changes nothing', async () => {
    for (const authorization of ['Bearer x', 'Basic QVdTOng=', 'AWS4-HMAC-SHA256 Credential=x']) {
      assertAnswer(await post(search, '{}', { ...json, authorization }), found)
    }
  })

  test('a log line names the operation, and the repository', async () => {
    const logOf = async (target: string, body: string) =>
      (await handler(toRequest('POST', target, { body, headers: json }))).log
    assert.deepEqual(await logOf(search, '{}'), {
      service: 'gallery',
      operation: 'SearchRepositoryCatalogData',
      principal: 'anonymous',
    })
    const inRepository = JSON.stringify({ registryAliasName: alias, repositoryName: 'app' })
    assert.deepEqual(await logOf('/describeImageTags', inRepository), {
      service: 'gallery',
      operation: 'DescribeImageTags',
      principal: 'anonymous',
      repository: 'app',
    })
    assert.deepEqual(await logOf('/getRegistryCatalogData', '{"registryAliasName":"nobody"}'), {
      error: 'RegistryNotFoundException',
      service: 'gallery',
      operation: 'GetRegistryCatalogData',
      principal: 'anonymous',
    })
  })

  test('failures in the words of the catalogue', async () => {
    assertFault(
      await post('/getRepositoryCatalogData', JSON.stringify({ registryAliasName: alias, repositoryName: 'none' })),
      400,
      'RepositoryNotFoundException',
      `The repository with name 'none' does not exist in the registry with id '${alias}'`,
    )
    assertFault(
      await post('/describeImageTags', '{"registryAliasName":"nobody","repositoryName":"app"}'),
      400,
      'RegistryNotFoundException',
      "The registry with id 'nobody' does not exist",
    )
    assertFault(
      await post('/describeImageTags', '{}'),
      400,
      'InvalidParameterException',
      "Invalid parameter at 'registryAliasName' failed to satisfy constraint: 'must not be null'",
    )
  })
})

describe('the form of a request', () => {
  for (const type of [
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON;charset=UTF-8',
    'application/x-amz-json-1.1',
    'application/x-amz-json-1.0',
    'application/vnd.api+json',
    'text/json',
    'text/plain;charset=UTF-8',
    '',
  ]) {
    test(`JSON as "${type}"`, async () => {
      assertAnswer(await post(search, '{}', { 'content-type': type }), found)
    })
  }

  test('JSON without a type', async () => assertAnswer(await post(search, '{}', {}), found))

  for (const type of [
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/html',
    'application/jsonx',
    'xapplication/json',
    'application/json, text/html',
  ]) {
    test(`not as "${type}"`, async () => {
      const message = 'Content-Type must be application/json'
      refusedDocument(await post(search, '{}', { 'content-type': type }), message)
    })
  }

  test('compressed bodies are not opened', async () => {
    const answer = await post(search, '{}', { ...json, 'content-encoding': 'gzip' })
    const message = 'A Content-Encoding of the request body is not supported'
    assertFault(answer, 415, 'UnsupportedMediaTypeException', message)
  })

  for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
    test(`${method} is not a way to ask, and no other origin may read an answer`, async () => {
      const answer = await receive(handler, toRequest(method, search, { headers: { origin: 'https://example.com' } }))
      assertFault(answer, 405, 'UnknownOperationException', undefined, { allow: 'POST' })
    })
  }

  test('no answer has a header of CORS', async () => {
    const answer = await post(search, '{}', { ...json, origin: 'https://example.com' })
    assert.deepEqual(
      Object.keys(answer.headers).filter((name) => name.startsWith('access-control-')),
      [],
    )
  })

  for (const path of [
    '/SearchRepositoryCatalogData',
    '/searchrepositorycatalogdata',
    '/searchRepositoryCatalogData/',
    '//searchRepositoryCatalogData',
    '/search%52epositoryCatalogData',
    '/createRepository',
    '/putRepositoryCatalogData',
    '/describePublicRegistries',
    '/constructor',
    '/__proto__',
  ]) {
    test(`${path} is nothing`, async () => {
      const { status, text } = await post(path, '{}')
      assert.deepEqual([status, text], [404, 'Not found\n'])
    })
  }
})

describe('hostile documents', () => {
  const notJson = 'The request body is not valid JSON'
  for (const [what, body, message] of [
    ['an empty body', '', notJson],
    ['not JSON', 'searchTerm=app', notJson],
    ['trailing data', '{}{}', notJson],
    ['a byte order mark', '\ufeff{}', notJson],
    ['UTF-16', Buffer.from('\ufeff{}', 'utf16le'), 'The request body is not valid UTF-8'],
    ['invalid UTF-8', Buffer.from('{"searchTerm":"\xff"}', 'latin1'), 'The request body is not valid UTF-8'],
    ['null', 'null', 'The request body must be an object'],
    ['an array', '[]', 'The request body must be an object'],
    ['a lone surrogate', '{"searchTerm":"\\ud800"}', 'searchTerm holds a lone surrogate'],
    ['a list for a text', '{"searchTerm":["app"]}', 'searchTerm must be a string'],
    ['an object for a text', '{"searchTerm":{"$ne":1}}', 'searchTerm must be a string'],
    ['a number for a text', '{"searchTerm":1}', 'searchTerm must be a string'],
    ['a text for a number', '{"maxResults":"10"}', 'maxResults must be a number'],
    ['a fraction', '{"maxResults":1.5}', 'maxResults must be a whole number'],
    ['a number without end', '{"maxResults":1e999}', 'maxResults must be a number'],
    ['a text for a truth', '{"filters":{"verified":"verified"}}', 'filters.verified must be a boolean'],
    ['a text for a list', '{"filters":{"architectures":"ARM"}}', 'filters.architectures must be a list'],
    ['depth', '['.repeat(60_000), 'The request body nests too deeply'],
    ['depth in a member', `{"filters":${'{"a":'.repeat(40)}1${'}'.repeat(40)}}`, 'The request body nests too deeply'],
  ] as const) {
    test(what, async () => refusedDocument(await post(search, body), message))
  }

  test('keys of prototypes are like any that nobody knows', async () => {
    const body = '{"__proto__":{"searchTerm":"none"},"constructor":{"prototype":{"polluted":1}},"isAdmin":true}'
    assertAnswer(await post(search, body), found)
    assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false)
  })

  test('of a key that is there twice the last counts', async () => {
    assertAnswer(await post(search, '{"searchTerm":"none","searchTerm":"app"}'), found)
  })

  test('a body of 64 KiB is read, a longer one is not', async () => {
    const ofBytes = (bytes: number) => `{${' '.repeat(bytes - 2)}}`
    assertAnswer(await post(search, ofBytes(65_536)), found)
    let pulled = 0
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        pulled++
        yield Buffer.alloc(16_384, ' ')
      }
    }
    const message = 'The request body must not exceed 65536 bytes'
    for (const body of [ofBytes(65_537), endless()]) {
      assertFault(await post(search, body), 413, 'RequestEntityTooLargeException', message)
    }
    assert.equal(pulled, 5)
  })

  test('a token of a mebibyte is too much, one of some kilobytes is none', async () => {
    const answer = await post(search, JSON.stringify({ nextToken: 'A'.repeat(60_000) }))
    const message = "Invalid parameter at 'nextToken' failed to satisfy constraint: 'Invalid token'"
    assertFault(answer, 400, 'InvalidParameterException', message)
    const tooLong = await post(search, JSON.stringify({ nextToken: 'A'.repeat(1024 * 1024) }))
    assert.equal(tooLong.status, 413)
  })
})
