import { describePublicly } from '../../domain/public/aliases.ts'
import { boolean, optional, struct } from '../../model/schema.ts'
import { accountId, publicRegistry } from '../../model/shapes/admin.ts'
import { displayName } from '../../model/shapes/public/catalog.ts'
import { operation, stowage } from '../operation.ts'
import { onServer } from './operator.ts'
import { presentRegistry } from './present-registry.ts'

/** Sets what is given: the verified mark, the name that the gallery shows (an empty one is none). */
export const putPublicRegistry = operation({
  service: stowage,
  name: 'PutPublicRegistry',
  input: struct({ registryId: accountId, verified: optional(boolean()), displayName: optional(displayName) }),
  output: struct({ registry: publicRegistry }),
  errors: ['InvalidParameterException'],
  allow: onServer('PutPublicRegistry'),
  handle: async (ctx, { registryId, verified, displayName: shown }) => {
    const name = shown === undefined ? {} : { displayName: shown === '' ? undefined : shown }
    const mark = verified === undefined ? {} : { verified }
    return { registry: presentRegistry(await describePublicly(ctx, registryId, { ...mark, ...name })) }
  },
})
