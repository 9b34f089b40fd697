import { describeIdentity } from '../../../domain/identities/describe-identities.ts'
import { tagIdentity as tag } from '../../../domain/identities/users-groups-roles.ts'
import { struct } from '../../../model/schema.ts'
import { identity, ofPrincipal, principalTags } from '../../../model/shapes/identities.ts'
import { operation, stowage } from '../../operation.ts'
import { onServer } from '../operator.ts'
import { namedIdentity } from './named-identity.ts'
import { presentIdentity } from './present-identity.ts'

/** Adds tags to a user or a role, or overwrites those of the same key: `aws:PrincipalTag` in conditions. */
export const tagIdentity = operation({
  service: stowage,
  name: 'TagIdentity',
  input: struct({ ...ofPrincipal, tags: principalTags }),
  output: struct({ identity }),
  errors: ['InvalidParameterException', 'NoSuchEntity', 'InvalidTagParameterException', 'TooManyTagsException'],
  allow: onServer('TagIdentity'),
  handle: async (ctx, input) => {
    const changed = await tag(ctx, namedIdentity(input), input.tags)
    return { identity: presentIdentity(await describeIdentity(ctx, changed)) }
  },
})
