import { deleteAccessKey as remove } from '../../../domain/identities/access-keys.ts'
import { struct } from '../../../model/schema.ts'
import { accessKeyId as keyId, accessKeyMetadata } from '../../../model/shapes/identities.ts'
import { operation, stowage } from '../../operation.ts'
import { onServer } from '../operator.ts'
import { presentAccessKey } from './present-identity.ts'

/** Deletes an access key of a user. */
export const deleteAccessKey = operation({
  service: stowage,
  name: 'DeleteAccessKey',
  input: struct({ accessKeyId: keyId }),
  output: struct({ accessKey: accessKeyMetadata }),
  errors: ['InvalidParameterException', 'NoSuchEntity'],
  allow: onServer('DeleteAccessKey'),
  handle: async (ctx, { accessKeyId }) => ({ accessKey: presentAccessKey(await remove(ctx, accessKeyId)) }),
})
