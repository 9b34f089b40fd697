import { putDisplayName } from '../../domain/public/registries.ts'
import { optional, struct } from '../../model/schema.ts'
import { displayName, registryCatalogData } from '../../model/shapes/public/catalog.ts'
import { ecrPublic, operation } from '../operation.ts'
import { onOwnRegistry } from './public-resources.ts'

/**
 * https://docs.aws.amazon.com/AmazonECRPublic/latest/APIReference/API_PutRegistryCatalogData.html
 * Any account may have a display name; the gallery shows those of verified ones.
 */
export const putRegistryCatalogData = operation({
  service: ecrPublic,
  name: 'PutRegistryCatalogData',
  input: struct({ displayName: optional(displayName) }),
  output: struct({ registryCatalogData }),
  errors: ['InvalidParameterException', 'ServerException', 'UnsupportedCommandException'],
  allow: onOwnRegistry('PutRegistryCatalogData'),
  handle: async (ctx, input) => {
    await putDisplayName(ctx, input.displayName)
    return { registryCatalogData: { displayName: input.displayName } }
  },
})
