// What an address of the public data plane means: `<alias>/<repository>`, and what it refuses.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { parseAddress } from '../../src/protocol/public/address.ts'
import { otherAccount } from '../support/registry.ts'
import { givenAlias, openPublicPlane } from './public-plane.ts'

describe('an address', () => {
  const cases: readonly (readonly [string, ReturnType<typeof parseAddress>])[] = [
    ['u7m1j8y0/app', { alias: 'u7m1j8y0', name: 'app' }],
    ['docker/library/a.b_c-d', { alias: 'docker', name: 'library/a.b_c-d' }],
    [`ab/${'n'.repeat(205)}`, { alias: 'ab', name: 'n'.repeat(205) }],
    [`${'a'.repeat(50)}/app`, { alias: 'a'.repeat(50), name: 'app' }],
    ['ab/tags/list', { alias: 'ab', name: 'tags/list' }],
    ['app', 'invalid-name'],
    ['ab/', 'invalid-name'],
    ['ab/a', 'invalid-name'],
    ['ab//app', 'invalid-name'],
    ['ab/a__b', 'invalid-name'],
    ['ab/App', 'invalid-name'],
    ['ab/..', 'invalid-name'],
    ['ab/a%2fb', 'invalid-name'],
    [`ab/${'n'.repeat(206)}`, 'invalid-name'],
    ['', 'invalid-alias'],
    ['/app', 'invalid-alias'],
    ['a/app', 'invalid-alias'],
    ['Docker/app', 'invalid-alias'],
    ['123456789012/app', 'invalid-alias'],
    ['a..b/app', 'invalid-alias'],
    ['ab-/app', 'invalid-alias'],
    [`${'a'.repeat(51)}/app`, 'invalid-alias'],
    ['%61b/app', 'invalid-alias'],
  ]
  for (const [text, meaning] of cases) {
    test(`${JSON.stringify(text.slice(0, 60))} is ${typeof meaning === 'string' ? meaning : 'one'}`, () => {
      assert.deepEqual(parseAddress(text), meaning)
    })
  }
})

describe('a repository is found', () => {
  test('by the default alias and by any other that is active', async (t) => {
    const plane = await openPublicPlane(t)
    await givenAlias(plane.registry, 'acme')
    for (const alias of [plane.alias, 'acme']) {
      const answer = await plane.send('GET', `/v2/${alias}/team/tool/tags/list`)
      assert.deepEqual([answer.status, JSON.parse(answer.text)], [200, { name: `${alias}/team/tool`, tags: [] }])
    }
  })

  const nobody: readonly (readonly [string, string, string, 'PENDING' | 'REJECTED' | undefined])[] = [
    ['an alias that nobody has', 'nobody', 'app', undefined],
    ['an alias that is not granted yet', 'acme', 'app', 'PENDING'],
    ['an alias that was refused', 'acme', 'app', 'REJECTED'],
  ]
  for (const [sentence, alias, name, status] of nobody) {
    test(`not by ${sentence}, and the alias stands for the registry`, async (t) => {
      const plane = await openPublicPlane(t)
      if (status) await givenAlias(plane.registry, alias, { status })
      for (const [method, target] of [
        ['GET', `/v2/${alias}/${name}/manifests/latest`],
        ['GET', `/v2/${alias}/${name}/tags/list`],
        ['POST', `/v2/${alias}/${name}/blobs/uploads/`],
      ] as const) {
        const { status: got, code, message } = await plane.send(method, target)
        assert.deepEqual(
          { got, code, message },
          {
            got: 404,
            code: 'NAME_UNKNOWN',
            message: `The repository with name '${name}' does not exist in the registry with id '${alias}'`,
          },
        )
      }
    })
  }

  test('only when it is there: nothing is made by a push, and the alias stands for the registry', async (t) => {
    const plane = await openPublicPlane(t)
    for (const [method, path] of [
      ['GET', 'manifests/latest'],
      ['HEAD', 'manifests/latest'],
      ['GET', `blobs/sha256:${'0'.repeat(64)}`],
      ['POST', 'blobs/uploads/'],
    ] as const) {
      const { status, code, message } = await plane.send(method, `/v2/${plane.alias}/missing/${path}`, {
        as: '123456789012',
      })
      assert.deepEqual(
        { status, code, message },
        {
          status: 404,
          code: 'NAME_UNKNOWN',
          message: `The repository with name 'missing' does not exist in the registry with id '${plane.alias}'`,
        },
        `${method} ${path}`,
      )
    }
  })

  test('not by the alias of another registry', async (t) => {
    const plane = await openPublicPlane(t)
    await givenAlias(plane.registry, 'acme', { accountId: otherAccount })
    const { status, code } = await plane.send('GET', '/v2/acme/app/tags/list')
    assert.deepEqual([status, code], [404, 'NAME_UNKNOWN'])
  })
})

describe('refused is', () => {
  const refused: readonly (readonly [string, string, number, string, string])[] = [
    [
      'an alias that can be none, as ECR does',
      '/v2/Docker/app/tags/list',
      405,
      'UNSUPPORTED',
      "Invalid parameter at 'registryAliasName' failed to satisfy constraint: 'Member must satisfy regular expression pattern: [a-z][a-z0-9]+(?:[._-][a-z0-9]+)*'",
    ],
    [
      'an address without a repository',
      '/v2/acme/tags/list',
      400,
      'NAME_INVALID',
      'An address is <alias>/<repository>; the name of a repository has 2 to 205 lower-case letters and digits, in parts separated by one . _ - or /',
    ],
    ['a listing of repositories', '/v2/_catalog', 404, 'UNSUPPORTED', 'There is no such endpoint'],
    ['an address of nothing', '/v2/acme/app/nothing', 404, 'UNSUPPORTED', 'There is no such endpoint'],
    [
      'a digest that is none',
      '/v2/acme/app/blobs/sha256:1',
      400,
      'DIGEST_INVALID',
      'A digest is sha256: with 64 or sha512: with 128 lower-case hexadecimal digits',
    ],
    [
      'an address that is too long',
      `/v2/acme/${'n'.repeat(300)}/tags/list`,
      400,
      'NAME_INVALID',
      'An address is <alias>/<repository>; the name of a repository has 2 to 205 lower-case letters and digits, in parts separated by one . _ - or /',
    ],
  ]
  for (const [sentence, target, status, code, message] of refused) {
    test(sentence, async (t) => {
      const plane = await openPublicPlane(t)
      const answer = await plane.send('GET', target)
      assert.deepEqual({ status: answer.status, code: answer.code, message: answer.message }, { status, code, message })
    })
  }
})

test('the listener answers with nothing but its own addresses', async (t) => {
  const plane = await openPublicPlane(t)
  const answers = await Promise.all(
    ['/', '/healthz', '/readyz', '/metrics', '/layers/x', '/logo/none.png', '/v2x'].map((path) =>
      plane.send('GET', path, { as: null }),
    ),
  )
  assert.deepEqual(
    answers.map((answer) => answer.status),
    [200, 200, 200, 404, 404, 404, 404],
  )
  assert.equal((await plane.send('POST', '/', { as: null, body: '{}' })).status, 200, 'no API: the same page')
})
