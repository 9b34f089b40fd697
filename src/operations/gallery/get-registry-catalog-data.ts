import { displayNameOf, getNamedRegistry } from '../../domain/public/gallery-look-ups.ts'
import { boolean, struct } from '../../model/schema.ts'
import { registryAliasName } from '../../model/shapes/gallery.ts'
import { registryCatalogData } from '../../model/shapes/public/catalog.ts'
import { gallery, operation } from '../operation.ts'
import { openToAll } from './open-to-all.ts'

/** What the page of a publisher shows above its repositories. */
export const getRegistryCatalogData = operation({
  service: gallery,
  name: 'GetRegistryCatalogData',
  input: struct({ registryAliasName }),
  output: struct({ registryCatalogData, primaryRegistryAliasName: registryAliasName, registryVerified: boolean() }),
  errors: ['InvalidParameterException', 'RegistryNotFoundException', 'ServerException'],
  allow: openToAll('GetRegistryCatalogData'),
  handle: async (ctx, input) => {
    const registry = await getNamedRegistry(ctx, input.registryAliasName)
    return {
      registryCatalogData: { displayName: displayNameOf(registry) },
      primaryRegistryAliasName: registry.primaryAlias.name,
      registryVerified: registry.verified,
    }
  },
})
