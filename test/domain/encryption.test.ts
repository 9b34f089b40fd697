// Encryption settings: user guide, "Encryption at rest".

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { encryptionOf } from '../../src/domain/encryption.ts'
import type { RegistryKey } from '../../src/domain/ports/metadata.ts'

const registry: RegistryKey = { kind: 'private', accountId: '123456789012', region: 'us-east-1' }
const govCloud: RegistryKey = { ...registry, region: 'us-gov-west-1' }
const keyId = '1234abcd-12ab-34cd-56ef-1234567890ab'
const multiRegion = `mrk-${keyId.replaceAll('-', '')}`
const arn = (resource: string) => `arn:aws:kms:us-east-1:123456789012:${resource}`

test('AES256 is the default and has no key', () => {
  assert.deepEqual(encryptionOf(registry, undefined), { encryptionType: 'AES256' })
  assert.deepEqual(encryptionOf(registry, { encryptionType: 'AES256' }), { encryptionType: 'AES256' })
})

describe('a KMS key is reported as an ARN', () => {
  for (const [given, reported] of [
    [keyId, arn(`key/${keyId}`)],
    [multiRegion, arn(`key/${multiRegion}`)],
    [arn(`key/${keyId}`), arn(`key/${keyId}`)],
    [
      arn(`key/${keyId}`).replace('123456789012', '210987654321'),
      arn(`key/${keyId}`).replace('123456789012', '210987654321'),
    ],
  ] as const) {
    test(given, () =>
      assert.deepEqual(encryptionOf(registry, { encryptionType: 'KMS', kmsKey: given }), {
        encryptionType: 'KMS',
        kmsKey: reported,
      }),
    )
  }

  const keyOf = (kmsKey: string | undefined, of = registry) =>
    encryptionOf(of, { encryptionType: 'KMS', kmsKey }).kmsKey

  test('an alias is the same key however it is written', () => {
    assert.match(
      keyOf('alias/team') ?? '',
      /^arn:aws:kms:us-east-1:123456789012:key\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    )
    assert.equal(keyOf('alias/team'), keyOf(arn('alias/team')))
    assert.equal(keyOf(undefined), keyOf('alias/aws/ecr'))
  })

  test('different aliases, accounts and regions have different keys', () => {
    const keys = [
      keyOf('alias/team'),
      keyOf('alias/other'),
      keyOf('alias/team', { ...registry, accountId: '210987654321' }),
      keyOf('alias/team', { ...registry, region: 'eu-west-1' }),
    ].map((key) => key?.split('/')[1])
    assert.equal(new Set(keys).size, keys.length)
  })
})

test('KMS_DSSE is for GovCloud, whose keys have its partition', () => {
  assert.deepEqual(encryptionOf(govCloud, { encryptionType: 'KMS_DSSE', kmsKey: keyId }), {
    encryptionType: 'KMS_DSSE',
    kmsKey: `arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/${keyId}`,
  })
  assert.throws(() => encryptionOf(registry, { encryptionType: 'KMS_DSSE', kmsKey: keyId }), {
    name: 'InvalidParameterException',
    message:
      "Invalid parameter at 'encryptionType' failed to satisfy constraint: 'KMS_DSSE is only supported in AWS GovCloud (US) regions'",
  })
})

test('AES256 takes no key', () => {
  assert.throws(() => encryptionOf(registry, { encryptionType: 'AES256', kmsKey: keyId }), {
    name: 'InvalidParameterException',
    message: "Invalid parameter at 'kmsKey' failed to satisfy constraint: 'must be null when encryptionType is AES256'",
  })
})

describe('what is no key', () => {
  const elsewhere = arn(`key/${keyId}`).replace('us-east-1', 'eu-west-1')
  for (const [kmsKey, kmsError] of [
    ['not a key', "the key 'not a key' is not valid"],
    [keyId.toUpperCase(), `the key '${keyId.toUpperCase()}' is not valid`],
    [keyId.slice(1), `the key '${keyId.slice(1)}' is not valid`],
    ['alias/', "the key 'alias/' is not valid"],
    [arn('key/'), `the key '${arn('key/')}' is not valid`],
    ['x:y:kms:us-east-1:z:key/1', "the key 'x:y:kms:us-east-1:z:key/1' is not valid"],
    [arn('grant/1'), `the key '${arn('grant/1')}' is not valid`],
    ['arn:aws:s3:us-east-1:123456789012:key/1', "the key 'arn:aws:s3:us-east-1:123456789012:key/1' is not valid"],
    [elsewhere, `the key '${elsewhere}' is not in the region of the repository`],
  ] as const) {
    test(kmsKey, () =>
      assert.throws(() => encryptionOf(registry, { encryptionType: 'KMS', kmsKey }), {
        name: 'KmsException',
        message: `The operation failed due to a KMS exception: ${kmsError}`,
        members: { kmsError },
      }),
    )
  }
})
