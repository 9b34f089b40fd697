// Host names of registries and URLs of layers, for each way to say how the server is reached.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import type { RegistryKey, Repository } from '../../src/domain/ports/metadata.ts'
import { parseDigest } from '../../src/lib/digest.ts'
import { createLinks, type LinkOptions } from '../../src/protocol/links.ts'

const plain: LinkOptions = {
  defaultRegistry: { accountId: '123456789012', region: 'us-east-1' },
  listen: '127.0.0.1',
  port: () => 4510,
  publicPort: () => 4511,
  tls: false,
  domain: undefined,
  registryHost: undefined,
  publicHost: undefined,
  layerKey: { accessKeyId: 'LAYERKEY', secretAccessKey: 'secret' },
}
const own: RegistryKey = { kind: 'private', accountId: '123456789012', region: 'us-east-1' }
const otherAccount: RegistryKey = { ...own, accountId: '111122223333' }
const otherRegion: RegistryKey = { ...own, region: 'eu-west-1' }
const open: RegistryKey = { kind: 'public', accountId: '111122223333', region: '' }

describe('a registry is named', () => {
  const cases: readonly (readonly [string, Partial<LinkOptions>, RegistryKey, string])[] = [
    ['by a bare host when it is the default one', {}, own, 'http://localhost:4510'],
    ['in the form of ECR in another account', {}, otherAccount, 'http://111122223333.dkr.ecr.us-east-1.localhost:4510'],
    ['in the form of ECR in another region', {}, otherRegion, 'http://123456789012.dkr.ecr.eu-west-1.localhost:4510'],
    ['localhost when every address is listened on', { listen: '::' }, own, 'http://localhost:4510'],
    ['by the address when localhost does not lead to it', { listen: '192.0.2.7' }, own, 'http://192.0.2.7:4510'],
    ['by the address in brackets for IPv6', { listen: '2001:db8::1' }, own, 'http://[2001:db8::1]:4510'],
    ['with https under TLS', { tls: true }, own, 'https://localhost:4510'],
    ['without the usual port of https', { tls: true, port: () => 443 }, own, 'https://localhost'],
    ['without the usual port of http', { port: () => 80 }, own, 'http://localhost'],
    ['with port 443 where that is not usual', { port: () => 443 }, own, 'http://localhost:443'],
    [
      'below the domain, the default one too',
      { domain: 'reg.test' },
      own,
      'http://123456789012.dkr.ecr.us-east-1.reg.test:4510',
    ],
    [
      'by the template',
      { registryHost: '{region}.{account}.test:{port}' },
      otherRegion,
      'http://eu-west-1.123456789012.test:4510',
    ],
    [
      'by the template with its own scheme',
      { registryHost: 'https://{account}.test' },
      own,
      'https://123456789012.test',
    ],
    ['by the public listener when it is public', {}, open, 'http://localhost:4511'],
    [
      'by its listener when it is public, whatever the others are called',
      { registryHost: 'x.test' },
      open,
      'http://localhost:4511',
    ],
    ['by the address of the public listener', { listen: '192.0.2.7' }, open, 'http://192.0.2.7:4511'],
    ['public and without the usual port', { tls: true, publicPort: () => 443 }, open, 'https://localhost'],
    ['public below the domain', { domain: 'reg.test' }, open, 'http://public.ecr.reg.test:4511'],
    ['public by its own host', { publicHost: 'images.test:8443', tls: true }, open, 'https://images.test:8443'],
    ['public by its own host and scheme', { publicHost: 'https://images.test' }, open, 'https://images.test'],
  ]
  for (const [sentence, change, registry, endpoint] of cases) {
    test(sentence, () => {
      const links = createLinks({ ...plain, ...change })
      assert.equal(links.proxyEndpoint(registry), endpoint)
      assert.equal(links.registryHost(registry), endpoint.replace(/^https?:\/\//, ''))
    })
  }
})

describe('a layer URL', () => {
  const digest = parseDigest(`sha256:${'ab'.repeat(32)}`)!
  const repository: Repository = {
    id: '00000000-0000-4000-8000-000000000000',
    registry: otherAccount,
    name: 'app',
    createdAtMs: 0,
    encryption: { encryptionType: 'AES256' },
    tagMutability: 'MUTABLE',
    exclusionFilters: [],
    scanOnPush: false,
  }
  const urlOf = (change: Partial<LinkOptions>) =>
    new URL(createLinks({ ...plain, ...change }).layer(repository, digest, 3_600_000, Date.UTC(2026, 10, 21, 10)))

  test('says all in its path and query', () => {
    const url = urlOf({})
    assert.equal(url.pathname.replace('%3A', ':'), `/layers/${repository.id}/${digest}`)
    const { 'X-Amz-Signature': signature, ...query } = Object.fromEntries(url.searchParams)
    assert.match(signature ?? '', /^[0-9a-f]{64}$/)
    assert.deepEqual(query, {
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': 'LAYERKEY/20261121/us-east-1/s3/aws4_request',
      'X-Amz-Date': '20261121T100000Z',
      'X-Amz-Expires': '3600',
      'X-Amz-SignedHeaders': 'host',
    })
  })

  test('leads to a host that every resolver knows, unless the server has a name', () => {
    assert.equal(urlOf({}).host, 'localhost:4510')
    assert.equal(
      urlOf({ domain: 'reg.test', tls: true, port: () => 443 }).origin,
      'https://111122223333.dkr.ecr.us-east-1.reg.test',
    )
  })
})
