import { privateRegistry } from '../../domain/references.ts'
import { deleteRegistryPolicy as remove } from '../../domain/repository-policies.ts'
import { optional, struct } from '../../model/schema.ts'
import { registryPolicyText } from '../../model/shapes/policy.ts'
import { registryId } from '../../model/shapes/common.ts'
import { ecr, operation } from '../operation.ts'
import { onAnything } from '../resources.ts'

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DeleteRegistryPolicy.html */
export const deleteRegistryPolicy = operation({
  service: ecr,
  name: 'DeleteRegistryPolicy',
  input: struct({}),
  output: struct({ registryId: optional(registryId), policyText: optional(registryPolicyText) }),
  errors: ['ServerException', 'InvalidParameterException', 'RegistryPolicyNotFoundException', 'ValidationException'],
  allow: onAnything('DeleteRegistryPolicy'),
  handle: async (ctx) => {
    const registry = privateRegistry(ctx, undefined)
    return { registryId: registry.accountId, policyText: await remove(ctx, registry) }
  },
})
