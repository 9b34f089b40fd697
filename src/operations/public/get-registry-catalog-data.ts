import { findPublicRegistry } from '../../domain/public/registries.ts'
import { struct } from '../../model/schema.ts'
import { registryCatalogData } from '../../model/shapes/public/catalog.ts'
import { ecrPublic, operation } from '../operation.ts'
import { onOwnRegistry } from './public-resources.ts'

/** https://docs.aws.amazon.com/AmazonECRPublic/latest/APIReference/API_GetRegistryCatalogData.html */
export const getRegistryCatalogData = operation({
  service: ecrPublic,
  name: 'GetRegistryCatalogData',
  input: struct({}),
  output: struct({ registryCatalogData }),
  errors: ['ServerException', 'UnsupportedCommandException'],
  allow: onOwnRegistry('GetRegistryCatalogData'),
  handle: async (ctx) => ({ registryCatalogData: { displayName: (await findPublicRegistry(ctx))?.displayName } }),
})
