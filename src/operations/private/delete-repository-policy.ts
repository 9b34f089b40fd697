import { privateRegistry } from '../../domain/references.ts'
import { deletePolicy } from '../../domain/repository-policies.ts'
import { optional, struct } from '../../model/schema.ts'
import { ofRepository, repositoryPolicyText } from '../../model/shapes/policy.ts'
import { inRepository } from '../../model/shapes/repository.ts'
import { ecr, operation } from '../operation.ts'
import { onRepository } from '../resources.ts'

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DeleteRepositoryPolicy.html */
export const deleteRepositoryPolicy = operation({
  service: ecr,
  name: 'DeleteRepositoryPolicy',
  input: struct(inRepository),
  output: struct({ ...ofRepository, policyText: optional(repositoryPolicyText) }),
  errors: [
    'ServerException',
    'InvalidParameterException',
    'RepositoryNotFoundException',
    'RepositoryPolicyNotFoundException',
  ],
  allow: onRepository('DeleteRepositoryPolicy'),
  handle: async (ctx, input) => {
    const registry = privateRegistry(ctx, input.registryId)
    const text = await deletePolicy(ctx, registry, input.repositoryName)
    return { registryId: registry.accountId, repositoryName: input.repositoryName, policyText: text }
  },
})
