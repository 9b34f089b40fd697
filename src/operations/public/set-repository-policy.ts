import { publicRegistry } from '../../domain/public/registries.ts'
import { setPolicy } from '../../domain/repository-policies.ts'
import { optional, struct } from '../../model/schema.ts'
import { force, inRepository, ofRepository, policyText } from '../../model/shapes/public/common.ts'
import { ecrPublic, operation } from '../operation.ts'
import { onPublicRepository } from './public-resources.ts'

/** https://docs.aws.amazon.com/AmazonECRPublic/latest/APIReference/API_SetRepositoryPolicy.html */
export const setRepositoryPolicy = operation({
  service: ecrPublic,
  name: 'SetRepositoryPolicy',
  input: struct({ ...inRepository, policyText, force: optional(force) }),
  output: struct({ ...ofRepository, policyText: optional(policyText) }),
  errors: [
    'InvalidParameterException',
    'RepositoryNotFoundException',
    'ServerException',
    'UnsupportedCommandException',
  ],
  allow: onPublicRepository('SetRepositoryPolicy'),
  note: 'The policy is checked for its form, kept and returned, and gives nobody a right yet. `force` has no effect: without evaluation nobody can lock themselves out.',
  handle: async (ctx, input) => {
    const registry = await publicRegistry(ctx, input.registryId)
    const text = await setPolicy(ctx, registry, input.repositoryName, input.policyText, 'ecr-public')
    return { registryId: registry.accountId, repositoryName: input.repositoryName, policyText: text }
  },
})
