// Scalars that several nouns share. Constraints are those of AWS's model of 2015-09-21.

import { integer, list, string, struct } from '../schema.ts'

export const registryId = string({ pattern: '[0-9]{12}' })
export const repositoryName = string({
  min: 2,
  max: 256,
  pattern: '[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(\\/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*',
  // The live service still prints its older pattern.
  shownPattern: '(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*',
})
export const nextToken = string()
export const maxResults = integer({ min: 1, max: 1000 })
export const resourceArn = string()
export const mediaType = string()
export const url = string()

/** A tag of an AWS resource; the only members in ECR that begin with a capital. */
const resourceTag = struct({ Key: string(), Value: string() })
export const resourceTagList = list(resourceTag)
