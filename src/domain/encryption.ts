// Encryption settings of a repository. There is no KMS here: the setting is kept and reported, the bytes are not encrypted by it
// (docs/coverage.md says so).

import { createHash } from 'node:crypto'
import { fail } from '../model/errors.ts'
import type { Encryption, RegistryKey } from './ports/metadata.ts'
import { partitionOf } from './references.ts'

/**
 * The encryption of a new repository as ECR reports it: AES256 without a key, KMS with the ARN of a key (user guide, "Encryption at rest").
 * Key ids, aliases and ARNs are accepted; an alias, and the managed key `aws/ecr`, stand for a key whose id is made from their name.
 */
export function encryptionOf(
  registry: RegistryKey,
  wanted: { readonly encryptionType: Encryption['encryptionType']; readonly kmsKey?: string | undefined } | undefined,
): Encryption {
  if (wanted === undefined || wanted.encryptionType === 'AES256') {
    if (wanted?.kmsKey !== undefined) {
      fail('InvalidParameterException', {
        parameter: 'kmsKey',
        constraint: 'must be null when encryptionType is AES256',
      })
    }
    return { encryptionType: 'AES256' }
  }
  if (wanted.encryptionType === 'KMS_DSSE' && partitionOf(registry.region) !== 'aws-us-gov') {
    fail('InvalidParameterException', {
      parameter: 'encryptionType',
      constraint: 'KMS_DSSE is only supported in AWS GovCloud (US) regions',
    })
  }
  return { encryptionType: wanted.encryptionType, kmsKey: keyArn(registry, wanted.kmsKey ?? 'alias/aws/ecr') }
}

const keyId = /^[a-z0-9-]{36}$|^mrk-[a-f0-9]{32}$/
const aliasName = /^alias\/[a-zA-Z0-9/_-]+$/
const arnForm = /^arn:aws[a-z-]*:kms:([a-z0-9-]+):[0-9]{12}:((?:key|alias)\/[a-zA-Z0-9/_-]+)$/

function keyArn(registry: RegistryKey, key: string): string {
  const prefix = `arn:${partitionOf(registry.region)}:kms:${registry.region}:${registry.accountId}:`
  if (keyId.test(key)) return `${prefix}key/${key}`
  if (aliasName.test(key)) return `${prefix}key/${madeUp(registry, key)}`
  const [, region, resource] = arnForm.exec(key) ?? []
  if (region === undefined || resource === undefined) {
    return fail('KmsException', { kmsError: `the key '${key}' is not valid` })
  }
  if (region !== registry.region) {
    fail('KmsException', { kmsError: `the key '${key}' is not in the region of the repository` })
  }
  return resource.startsWith('key/') ? key : `${prefix}key/${madeUp(registry, resource)}`
}

/** A stable key id for an alias: the same alias of the same registry is the same key. */
function madeUp(registry: RegistryKey, alias: string): string {
  const hex = createHash('sha256').update(`${registry.accountId}/${registry.region}/${alias}`).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-')
}
