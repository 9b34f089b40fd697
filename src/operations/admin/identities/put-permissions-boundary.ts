import { describeIdentity } from '../../../domain/identities/describe-identities.ts'
import { putBoundary } from '../../../domain/identities/users-groups-roles.ts'
import { struct } from '../../../model/schema.ts'
import { identity, ofPrincipal, policyArn } from '../../../model/shapes/identities.ts'
import { operation, stowage } from '../../operation.ts'
import { onServer } from '../operator.ts'
import { namedIdentity } from './named-identity.ts'
import { presentIdentity } from './present-identity.ts'

/** Sets the most that a user or a role may do, whatever its policies say. */
export const putPermissionsBoundary = operation({
  service: stowage,
  name: 'PutPermissionsBoundary',
  input: struct({ ...ofPrincipal, permissionsBoundary: policyArn }),
  output: struct({ identity }),
  errors: ['InvalidParameterException', 'NoSuchEntity'],
  allow: onServer('PutPermissionsBoundary'),
  handle: async (ctx, input) => {
    const changed = await putBoundary(ctx, namedIdentity(input), input.permissionsBoundary)
    return { identity: presentIdentity(await describeIdentity(ctx, changed)) }
  },
})
