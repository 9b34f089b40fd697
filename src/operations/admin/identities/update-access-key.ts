import { setAccessKeyActive } from '../../../domain/identities/access-keys.ts'
import { struct } from '../../../model/schema.ts'
import { accessKeyId as keyId, accessKeyMetadata, accessKeyStatus } from '../../../model/shapes/identities.ts'
import { operation, stowage } from '../../operation.ts'
import { onServer } from '../operator.ts'
import { presentAccessKey } from './present-identity.ts'

/** Switches an access key off or on again. Passwords that were made with it follow it at once. */
export const updateAccessKey = operation({
  service: stowage,
  name: 'UpdateAccessKey',
  input: struct({ accessKeyId: keyId, status: accessKeyStatus }),
  output: struct({ accessKey: accessKeyMetadata }),
  errors: ['InvalidParameterException', 'NoSuchEntity'],
  allow: onServer('UpdateAccessKey'),
  handle: async (ctx, { accessKeyId, status }) => ({
    accessKey: presentAccessKey(await setAccessKeyActive(ctx, accessKeyId, status === 'Active')),
  }),
})
