import { putCatalogData } from '../../domain/public/catalog-data.ts'
import { publicRegistry } from '../../domain/public/registries.ts'
import { optional, struct } from '../../model/schema.ts'
import { repositoryCatalogData, repositoryCatalogDataInput } from '../../model/shapes/public/catalog.ts'
import { inRepository } from '../../model/shapes/public/common.ts'
import { ecrPublic, operation } from '../operation.ts'
import { catalogDataOf } from './catalog-data-of.ts'
import { presentCatalogData } from './present-repository.ts'
import { onPublicRepository } from './public-resources.ts'

/** https://docs.aws.amazon.com/AmazonECRPublic/latest/APIReference/API_PutRepositoryCatalogData.html */
export const putRepositoryCatalogData = operation({
  service: ecrPublic,
  name: 'PutRepositoryCatalogData',
  input: struct({ ...inRepository, catalogData: repositoryCatalogDataInput }),
  output: struct({ catalogData: optional(repositoryCatalogData) }),
  errors: [
    'InvalidParameterException',
    'RepositoryNotFoundException',
    'ServerException',
    'UnsupportedCommandException',
  ],
  allow: onPublicRepository('PutRepositoryCatalogData'),
  handle: async (ctx, input) => {
    const registry = await publicRegistry(ctx, input.registryId)
    const data = await putCatalogData(ctx, registry, input.repositoryName, catalogDataOf(input.catalogData))
    return { catalogData: presentCatalogData(ctx, data) }
  },
})
