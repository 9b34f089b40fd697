// Refusals that several operations share, in ECR's words.

import { account } from '../support/registry.ts'
import { invalid, type Refusal } from './calls.ts'

/** An action on a resource of another account, there or not. */
export function denied(callerAccount: string, action: string, resource: string): Refusal {
  return {
    name: 'AccessDeniedException',
    message:
      `User: arn:aws:iam::${callerAccount}:root is not authorized to perform: ${action} on resource: ${resource} ` +
      `because no resource-based policy allows the ${action} action`,
  }
}

export function repositoryNotFound(name: string, registryId = account): Refusal {
  return {
    name: 'RepositoryNotFoundException',
    message: `The repository with name '${name}' does not exist in the registry with id '${registryId}'`,
  }
}

/** A resource tag that breaks a rule. */
export function invalidTag(message: string): Refusal {
  return { name: 'InvalidTagParameterException', message }
}

export const tooManyTags: Refusal = {
  name: 'TooManyTagsException',
  message:
    'The list of tags on the repository is over the limit. The maximum number of tags that can be applied to a repository is 50',
}

/** Resource tags that AWS refuses wherever they are given. */
export const badResourceTags: readonly {
  readonly what: string
  readonly tags: readonly { readonly Key: string; readonly Value: string }[]
  readonly refusal: Refusal
}[] = [
  { what: 'an aws: key', tags: [{ Key: 'aws:x', Value: '' }], refusal: reserved() },
  { what: 'an aws: key in other case', tags: [{ Key: 'AWS:x', Value: '' }], refusal: reserved() },
  { what: 'an empty key', tags: [{ Key: '', Value: 'x' }], refusal: keyLength() },
  { what: 'a key of 129 characters', tags: [{ Key: 'k'.repeat(129), Value: '' }], refusal: keyLength() },
  {
    what: 'a value of 257 characters',
    tags: [{ Key: 'k', Value: 'v'.repeat(257) }],
    refusal: invalidTag(invalid('tagValue', 'must have length less than or equal to 256').message),
  },
  { what: 'a key with a percent sign', tags: [{ Key: '%', Value: '' }], refusal: characters() },
  { what: 'a value with a line end', tags: [{ Key: 'k', Value: 'a\nb' }], refusal: characters() },
  {
    what: 'a key given twice',
    tags: [
      { Key: 'k', Value: '1' },
      { Key: 'k', Value: '2' },
    ],
    refusal: invalidTag("Duplicate tag keys found: 'k'. Tag keys must be unique"),
  },
  { what: '51 tags', tags: resourceTags(51), refusal: tooManyTags },
]

/** So many resource tags, of the longest keys and values. */
export function resourceTags(count: number): readonly { readonly Key: string; readonly Value: string }[] {
  return Array.from({ length: count }, (_, at) => ({ Key: `k${at}-`.padEnd(128, 'x'), Value: 'ß'.repeat(256) }))
}

function reserved(): Refusal {
  return invalidTag(invalid('tagKey', 'aws: prefixed tag key names are not allowed for external use').message)
}

function keyLength(): Refusal {
  return invalidTag(invalid('tagKey', 'must have length between 1 and 128').message)
}

function characters(): Refusal {
  return invalidTag('Tag keys and values may hold letters, digits, white space and _ . : / = + - @ only')
}

/** The ARN of a repository of the default account. */
export function arnOf(name: string): string {
  return `arn:aws:ecr:us-east-1:${account}:repository/${name}`
}
