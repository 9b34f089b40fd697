// What the public data plane does for whom: everyone pulls, the owning account pushes and deletes.

import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'

import { digestOf } from '../../src/lib/digest.ts'
import { createRepository } from '../../src/operations/public/create-repository.ts'
import { basic, receive, tokenOf, toRequest, type Answer } from '../distribution/plane.ts'
import { account, manifestOf, ociManifestType, otherAccount } from '../support/registry.ts'
import {
  defaultAliasOf,
  givenAlias,
  openPublicPlane,
  publicHandler,
  type PublicPlane,
  type PublicPlaneOptions,
} from './public-plane.ts'

const contents = ['{"config":1}', 'layer one']
const manifest = manifestOf(contents)
const digest = digestOf(manifest)
const [config = '', layer = ''] = contents.map((content) => digestOf(content))

/** A plane whose `app` holds an image, tagged `v1`, that its owner pushed. */
async function openPushed(t: TestContext, options: PublicPlaneOptions = {}): Promise<PublicPlane> {
  const plane = await openPublicPlane(t, options)
  for (const content of contents) {
    const answer = await pushBlob(plane, content, account)
    assert.equal(answer.status, 201)
  }
  assert.equal((await put(plane, 'v1', account)).status, 201)
  return plane
}

function pushBlob(plane: PublicPlane, content: string, as: string | undefined): Promise<Answer> {
  const target = `/v2/${plane.alias}/app/blobs/uploads/?digest=${digestOf(content)}`
  return plane.send('POST', target, { body: content, ...(as === undefined ? {} : { as }) })
}

function put(plane: PublicPlane, reference: string, as: string | undefined, body = manifest): Promise<Answer> {
  const headers = { 'content-type': ociManifestType }
  return plane.send('PUT', `/v2/${plane.alias}/app/manifests/${reference}`, {
    body,
    headers,
    ...(as === undefined ? {} : { as }),
  })
}

const told = ({ status, code, message }: Answer) => ({ status, code, message })
const denied = { status: 403, code: 'DENIED', message: 'Not Authorized' }

describe('everyone', () => {
  for (const [who, as] of [
    ['without signing in', undefined],
    ['signed in with another account', otherAccount],
  ] as const) {
    const sending = as === undefined ? {} : { as }

    test(`pulls an image ${who}`, async (t) => {
      const plane = await openPushed(t)
      const base = `/v2/${plane.alias}/app`
      for (const reference of ['v1', digest]) {
        const got = await plane.send('GET', `${base}/manifests/${reference}`, sending)
        assert.deepEqual(
          [got.status, got.text, got.headers['content-type'], got.headers['docker-content-digest']],
          [200, manifest, ociManifestType, digest],
        )
        const head = await plane.send('HEAD', `${base}/manifests/${reference}`, sending)
        assert.deepEqual([head.status, head.headers['content-length']], [200, String(manifest.length)])
      }
      for (const content of contents) {
        const got = await plane.send('GET', `${base}/blobs/${digestOf(content)}`, sending)
        assert.deepEqual([got.status, got.text], [200, content])
        assert.equal((await plane.send('HEAD', `${base}/blobs/${digestOf(content)}`, sending)).status, 200)
      }
      const { images } = plane.registry.services.metadata.read
      const repository = await plane.registry.services.metadata.read.repositories.find(
        { kind: 'public', accountId: account, region: '' },
        'app',
      )
      const stored = await images.find(repository?.id ?? '', digest)
      assert.equal(stored?.mediaType, ociManifestType)
    })

    test(`lists tags and referrers ${who}`, async (t) => {
      const plane = await openPushed(t)
      const signature = JSON.stringify({
        ...(JSON.parse(manifest) as object), // our own, just above
        artifactType: 'application/x-signature',
        subject: { mediaType: ociManifestType, digest, size: manifest.length },
      })
      const pushed = await put(plane, digestOf(signature), account, signature)
      assert.deepEqual([pushed.status, pushed.headers['oci-subject']], [201, digest])
      for (const tag of ['v3', 'v2']) await put(plane, tag, account)
      const base = `/v2/${plane.alias}/app`
      const first = await plane.send('GET', `${base}/tags/list?n=2`, sending)
      assert.deepEqual(
        [first.text, first.headers['link']],
        [
          `{"name":"${plane.alias}/app","tags":["v1","v2"]}`,
          `<http://localhost:4511${base}/tags/list?n=2&last=v2>; rel="next"`,
        ],
      )
      const referrers = await plane.send('GET', `${base}/referrers/${digest}`, sending)
      assert.deepEqual((JSON.parse(referrers.text) as { manifests: unknown }).manifests, [
        {
          mediaType: ociManifestType,
          digest: digestOf(signature),
          size: signature.length,
          artifactType: 'application/x-signature',
        },
      ])
    })

    test(`changes nothing ${who}`, async (t) => {
      const plane = await openPushed(t)
      const base = `/v2/${plane.alias}/app`
      const location = (await plane.send('POST', `${base}/blobs/uploads/`, { as: account })).headers['location'] ?? ''
      const upload = location.replace('http://localhost:4511', '')
      assert.match(upload, new RegExp(`^${base}/blobs/uploads/[0-9a-f-]{36}$`))
      const attempts: readonly (readonly [string, string, string?])[] = [
        ['POST', `${base}/blobs/uploads/`],
        ['POST', `${base}/blobs/uploads/?digest=${digestOf('x')}`, 'x'],
        ['POST', `${base}/blobs/uploads/?mount=${layer}&from=${plane.alias}/app`],
        ['GET', upload],
        ['PATCH', upload, 'x'],
        ['PUT', `${upload}?digest=${digestOf('x')}`, 'x'],
        ['DELETE', upload],
        ['PUT', `${base}/manifests/v2`, manifest],
        ['DELETE', `${base}/manifests/v1`],
        ['DELETE', `${base}/manifests/${digest}`],
        ['DELETE', `${base}/blobs/${layer}`],
      ]
      for (const [method, target, body] of attempts) {
        const headers = { 'content-type': ociManifestType }
        const answer = await plane.send(method, target, {
          ...sending,
          headers,
          ...(body === undefined ? {} : { body }),
        })
        assert.deepEqual(told(answer), denied, `${method} ${target}`)
      }
      assert.equal((await plane.send('GET', `${base}/tags/list`)).text, `{"name":"${plane.alias}/app","tags":["v1"]}`)
    })
  }
})

describe('the owning account', () => {
  test('pushes in chunks, mounts within its registry by any of its aliases, and deletes', async (t) => {
    const plane = await openPushed(t)
    await givenAlias(plane.registry, 'acme')
    const begun = await plane.send('POST', '/v2/acme/team/tool/blobs/uploads/', { as: account })
    const location = (begun.headers['location'] ?? '').replace('http://localhost:4511', '')
    assert.match(location, /^\/v2\/acme\/team\/tool\/blobs\/uploads\//)
    assert.equal((await plane.send('PATCH', location, { as: account, body: 'in ' })).status, 202)
    const done = await plane.send('PUT', `${location}?digest=${digestOf('in parts')}`, { as: account, body: 'parts' })
    assert.deepEqual(
      [done.status, done.headers['location']],
      [201, `http://localhost:4511/v2/acme/team/tool/blobs/${digestOf('in parts')}`],
    )

    for (const from of ['acme/app', `${plane.alias}/app`]) {
      const mounted = await plane.send('POST', `/v2/acme/team/tool/blobs/uploads/?mount=${layer}&from=${from}`, {
        as: account,
      })
      assert.equal(mounted.status, 201, from)
    }
    const base = `/v2/${plane.alias}/app`
    assert.equal((await plane.send('DELETE', `${base}/manifests/${digest}`, { as: account })).status, 202)
    assert.equal((await plane.send('GET', `${base}/manifests/v1`)).code, 'MANIFEST_UNKNOWN')
    assert.equal((await plane.send('DELETE', `${base}/blobs/${config}`, { as: account })).status, 202)
    assert.equal((await plane.send('GET', `${base}/blobs/${config}`)).code, 'BLOB_UNKNOWN')
  })

  test('mounts nothing from elsewhere: an upload begins, whatever the reason', async (t) => {
    const plane = await openPushed(t)
    const { registry } = plane
    const theirs = registry.ctx({
      caller: { ...registry.ctx().caller, accountId: otherAccount, arn: `arn:aws:iam::${otherAccount}:root` },
    })
    await registry.perform(createRepository, { repositoryName: 'app' }, theirs)
    const alias = await defaultAliasOf(registry, otherAccount)
    for (const from of [`${plane.alias}/app`, 'app', 'nobody/app', 'A/b', `${plane.alias}/missing`]) {
      const target = `/v2/${alias}/app/blobs/uploads/?mount=${layer}&from=${from}`
      assert.equal((await plane.send('POST', target, { as: otherAccount })).status, 202, from)
    }
  })

  test('has the limits of public registries', async (t) => {
    const plane = await openPublicPlane(t)
    const { services } = plane.registry
    const publicLimits = { ...services.publicLimits, manifestBytesMax: 10 }
    const handler = publicHandler({ ...plane.registry, services: { ...services, publicLimits } })
    const authorization = `Bearer ${await plane.token({ authorization: basic(tokenOf(plane.registry, account)) })}`
    const headers = { authorization, 'content-type': ociManifestType }
    const target = `/v2/${plane.alias}/app/manifests/v1`
    const answer = await receive(handler, toRequest('PUT', target, { body: manifest, headers }))
    assert.deepEqual(told(answer), { status: 413, code: 'SIZE_INVALID', message: 'A manifest has at most 10 bytes' })
  })
})

describe('pulls are counted', () => {
  test('by address without signing in and by account otherwise, manifests alone', async (t) => {
    const plane = await openPushed(t, { anonymousPerSecond: 1, accountPerSecond: 2 })
    const pull = async (sending: Parameters<PublicPlane['send']>[2], path = 'manifests/v1') =>
      plane.send('GET', `/v2/${plane.alias}/app/${path}`, sending)
    const statuses = async (sending: Parameters<PublicPlane['send']>[2], times: number) => {
      const seen: number[] = []
      for (let count = 0; count < times; count++) seen.push((await pull(sending)).status)
      return seen
    }
    assert.deepEqual(await statuses({}, 2), [200, 429])
    const refused = await pull({})
    assert.deepEqual(told(refused), { status: 429, code: 'TOOMANYREQUESTS', message: 'Rate exceeded' })
    assert.equal(refused.headers['retry-after'], '1')
    assert.deepEqual(await statuses({ remoteAddress: '10.0.0.2' }, 2), [200, 429])
    assert.deepEqual(await statuses({ as: account }, 3), [200, 200, 429])
    assert.deepEqual(await statuses({ as: otherAccount }, 1), [200])
    assert.equal((await pull({}, `blobs/${layer}`)).status, 200)
    assert.equal((await plane.send('HEAD', `/v2/${plane.alias}/app/manifests/v1`)).status, 200)
    plane.registry.advance(500)
    assert.deepEqual(await statuses({}, 1), [429])
    assert.deepEqual(await statuses({ as: account }, 2), [200, 429])
    plane.registry.advance(500)
    assert.deepEqual(await statuses({}, 2), [200, 429])
    plane.registry.advance(60_000)
    assert.deepEqual(await statuses({ as: account }, 3), [200, 200, 429])
  })

  test('and never refused unless a rate is set', async (t) => {
    const plane = await openPushed(t)
    for (let count = 0; count < 50; count++) {
      assert.equal((await plane.send('GET', `/v2/${plane.alias}/app/manifests/v1`)).status, 200)
    }
  })
})
