import { optional, string } from '../schema.ts'
import { registryId, repositoryName } from './common.ts'

export const repositoryPolicyText = string({ min: 0, max: 10_240 })
export const registryPolicyText = string({ min: 0, max: 10_240 })
/** What answers about a repository's policy begin with. */
export const ofRepository = { registryId: optional(registryId), repositoryName: optional(repositoryName) }
