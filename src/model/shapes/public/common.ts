// Shapes of the ECR Public API (model of 2020-10-30) that are not those of the private one.

import { boolean, integer, list, optional, string, struct, timestamp } from '../../schema.ts'

export const registryId = string({ pattern: '^[0-9]{12}$' })
/** An account id or an alias: an alias begins with a letter, so the two are never mistaken. */
export const registryIdOrAlias = string({ min: 2, max: 50 })
export const repositoryName = string({
  min: 2,
  max: 205,
  pattern: '^(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*$',
  shownPattern: '(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*',
})
export const nextToken = string()
export const maxResults = integer({ min: 1, max: 1000 })
export const arn = string({ min: 1, max: 2048 })
export const url = string()

export const resourceTagKey = string({ min: 1, max: 128 })
export const resourceTagList = list(
  struct({ Key: optional(resourceTagKey), Value: optional(string({ min: 0, max: 256 })) }),
  {
    min: 0,
    max: 200,
  },
)

export const repository = struct({
  repositoryArn: optional(arn),
  registryId: optional(registryId),
  repositoryName: optional(repositoryName),
  repositoryUri: optional(url),
  createdAt: optional(timestamp()),
})

/** What operations on one repository take first: six accept an alias for the registry, nine do not. */
export const inRepository = { registryId: optional(registryId), repositoryName }
export const inAnyRepository = { registryId: optional(registryIdOrAlias), repositoryName }
export const ofRepository = { registryId: optional(registryId), repositoryName: optional(repositoryName) }
export const force = boolean()
export const policyText = string({ min: 0, max: 10_240 })
