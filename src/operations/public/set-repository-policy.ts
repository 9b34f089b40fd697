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
  note: 'Users and roles of accounts that this server does not know are not looked up.',
  handle: async (ctx, input) => {
    const registry = await publicRegistry(ctx, input.registryId)
    const text = await setPolicy(ctx, registry, input.repositoryName, input.policyText, input.force ?? false)
    return { registryId: registry.accountId, repositoryName: input.repositoryName, policyText: text }
  },
})
