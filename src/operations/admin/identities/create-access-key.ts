import { createAccessKey as create } from '../../../domain/identities/access-keys.ts'
import { string, struct } from '../../../model/schema.ts'
import { accountId } from '../../../model/shapes/admin.ts'
import { accessKeyMetadata, identityName } from '../../../model/shapes/identities.ts'
import { operation, stowage } from '../../operation.ts'
import { onServer } from '../operator.ts'
import { presentAccessKey } from './present-identity.ts'

/** Makes an access key of a user, and gives its secret, which is never shown again. */
export const createAccessKey = operation({
  service: stowage,
  name: 'CreateAccessKey',
  input: struct({ accountId, userName: identityName }),
  output: struct({ accessKey: accessKeyMetadata, secretAccessKey: string() }),
  errors: ['InvalidParameterException', 'NoSuchEntity', 'LimitExceeded'],
  allow: onServer('CreateAccessKey'),
  handle: async (ctx, { accountId: inAccount, userName }) => {
    const { key, secretAccessKey } = await create(ctx, inAccount, userName)
    return { accessKey: presentAccessKey(key), secretAccessKey }
  },
})
