import { privateRegistry } from '../../domain/references.ts'
import { setPolicy } from '../../domain/repository-policies.ts'
import { boolean, optional, struct } from '../../model/schema.ts'
import { ofRepository, repositoryPolicyText } from '../../model/shapes/policy.ts'
import { inRepository } from '../../model/shapes/repository.ts'
import { ecr, operation } from '../operation.ts'
import { onRepository } from '../resources.ts'

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_SetRepositoryPolicy.html */
export const setRepositoryPolicy = operation({
  service: ecr,
  name: 'SetRepositoryPolicy',
  input: struct({ ...inRepository, policyText: repositoryPolicyText, force: optional(boolean()) }),
  output: struct({ ...ofRepository, policyText: optional(repositoryPolicyText) }),
  errors: ['ServerException', 'InvalidParameterException', 'RepositoryNotFoundException'],
  allow: onRepository('SetRepositoryPolicy'),
  note: 'Users and roles of accounts that this server does not know are not looked up.',
  handle: async (ctx, input) => {
    const registry = privateRegistry(ctx, input.registryId)
    const text = await setPolicy(ctx, registry, input.repositoryName, input.policyText, input.force ?? false)
    return { registryId: registry.accountId, repositoryName: input.repositoryName, policyText: text }
  },
})
