import { describeIdentity } from '../../../domain/identities/describe-identities.ts'
import { untagIdentity as untag } from '../../../domain/identities/users-groups-roles.ts'
import { list, string, struct } from '../../../model/schema.ts'
import { identity, ofPrincipal } from '../../../model/shapes/identities.ts'
import { operation, stowage } from '../../operation.ts'
import { onServer } from '../operator.ts'
import { namedIdentity } from './named-identity.ts'
import { presentIdentity } from './present-identity.ts'

/** Removes tags of a user or a role; a key that is not there is fine. */
export const untagIdentity = operation({
  service: stowage,
  name: 'UntagIdentity',
  input: struct({ ...ofPrincipal, tagKeys: list(string()) }),
  output: struct({ identity }),
  errors: ['InvalidParameterException', 'NoSuchEntity', 'InvalidTagParameterException'],
  allow: onServer('UntagIdentity'),
  handle: async (ctx, input) => {
    const changed = await untag(ctx, namedIdentity(input), input.tagKeys)
    return { identity: presentIdentity(await describeIdentity(ctx, changed)) }
  },
})
