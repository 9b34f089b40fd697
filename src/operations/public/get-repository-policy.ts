import { publicRegistry } from '../../domain/public/registries.ts'
import { getPolicy } from '../../domain/repository-policies.ts'
import { optional, struct } from '../../model/schema.ts'
import { inRepository, ofRepository, policyText } from '../../model/shapes/public/common.ts'
import { ecrPublic, operation } from '../operation.ts'
import { onPublicRepository } from './public-resources.ts'

/** https://docs.aws.amazon.com/AmazonECRPublic/latest/APIReference/API_GetRepositoryPolicy.html */
export const getRepositoryPolicy = operation({
  service: ecrPublic,
  name: 'GetRepositoryPolicy',
  input: struct(inRepository),
  output: struct({ ...ofRepository, policyText: optional(policyText) }),
  errors: [
    'InvalidParameterException',
    'RepositoryNotFoundException',
    'RepositoryPolicyNotFoundException',
    'ServerException',
    'UnsupportedCommandException',
  ],
  allow: onPublicRepository('GetRepositoryPolicy'),
  handle: async (ctx, input) => {
    const registry = await publicRegistry(ctx, input.registryId)
    const text = await getPolicy(ctx, registry, input.repositoryName)
    return { registryId: registry.accountId, repositoryName: input.repositoryName, policyText: text }
  },
})
