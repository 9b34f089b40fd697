import type { NewCatalogData } from '../../domain/public/catalog-data.ts'
import type { Infer } from '../../model/schema.ts'
import type { repositoryCatalogDataInput } from '../../model/shapes/public/catalog.ts'

/** Catalog data as the domain takes it. */
export function catalogDataOf({ logoImageBlob, ...texts }: Infer<typeof repositoryCatalogDataInput>): NewCatalogData {
  return { ...texts, logo: logoImageBlob }
}
