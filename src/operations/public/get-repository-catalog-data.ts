import { getCatalogData } from '../../domain/public/catalog-data.ts'
import { publicRegistry } from '../../domain/public/registries.ts'
import { optional, struct } from '../../model/schema.ts'
import { repositoryCatalogData } from '../../model/shapes/public/catalog.ts'
import { inRepository } from '../../model/shapes/public/common.ts'
import { ecrPublic, operation } from '../operation.ts'
import { presentCatalogData } from './present-repository.ts'
import { onPublicRepository } from './public-resources.ts'

/**
 * https://docs.aws.amazon.com/AmazonECRPublic/latest/APIReference/API_GetRepositoryCatalogData.html
 * A repository that was given none has empty catalog data: Terraform reads it after each creation and knows no other answer. So
 * RepositoryCatalogDataNotFound is declared, as AWS does, and never raised.
 */
export const getRepositoryCatalogData = operation({
  service: ecrPublic,
  name: 'GetRepositoryCatalogData',
  input: struct(inRepository),
  output: struct({ catalogData: optional(repositoryCatalogData) }),
  errors: [
    'InvalidParameterException',
    'RepositoryCatalogDataNotFoundException',
    'RepositoryNotFoundException',
    'ServerException',
    'UnsupportedCommandException',
  ],
  allow: onPublicRepository('GetRepositoryCatalogData'),
  handle: async (ctx, input) => {
    const data = await getCatalogData(ctx, await publicRegistry(ctx, input.registryId), input.repositoryName)
    return { catalogData: presentCatalogData(ctx, data) }
  },
})
