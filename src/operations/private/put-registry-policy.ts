import { privateRegistry } from '../../domain/references.ts'
import { setRegistryPolicy } from '../../domain/repository-policies.ts'
import { optional, struct } from '../../model/schema.ts'
import { registryPolicyText } from '../../model/shapes/policy.ts'
import { registryId } from '../../model/shapes/common.ts'
import { ecr, operation } from '../operation.ts'
import { onAnything } from '../resources.ts'

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutRegistryPolicy.html */
export const putRegistryPolicy = operation({
  service: ecr,
  name: 'PutRegistryPolicy',
  input: struct({ policyText: registryPolicyText }),
  output: struct({ registryId: optional(registryId), policyText: optional(registryPolicyText) }),
  errors: ['ServerException', 'InvalidParameterException', 'ValidationException'],
  allow: onAnything('PutRegistryPolicy'),
  handle: async (ctx, input) => {
    const registry = privateRegistry(ctx, undefined)
    return { registryId: registry.accountId, policyText: await setRegistryPolicy(ctx, registry, input.policyText) }
  },
})
