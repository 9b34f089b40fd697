import { optional, struct } from '../../model/schema.ts'
import { registryId } from '../../model/shapes/common.ts'
import { replicationConfiguration } from '../../model/shapes/registry.ts'
import { ecr, operation } from '../operation.ts'
import { onAnything } from '../resources.ts'

/**
 * https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeRegistry.html
 * A registry without replication answers empty rules, which Terraform takes for "not set".
 */
export const describeRegistry = operation({
  service: ecr,
  name: 'DescribeRegistry',
  input: struct({}),
  output: struct({ registryId: optional(registryId), replicationConfiguration: optional(replicationConfiguration) }),
  errors: ['ServerException', 'InvalidParameterException', 'ValidationException'],
  allow: onAnything('DescribeRegistry'),
  note: 'The rules are always empty: replication comes with PutReplicationConfiguration.',
  handle: async (ctx) => ({ registryId: ctx.caller.accountId, replicationConfiguration: { rules: [] } }),
})
