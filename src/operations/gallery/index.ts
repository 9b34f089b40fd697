// The operations of the gallery: this list is the only way to them.

import type { Operation } from '../operation.ts'
import { describeImageTags } from './describe-image-tags.ts'
import { getRegistryCatalogData } from './get-registry-catalog-data.ts'
import { getRepositoryCatalogData } from './get-repository-catalog-data.ts'
import { searchRepositoryCatalogData } from './search-repository-catalog-data.ts'

export const galleryOperations: readonly Operation[] = [
  describeImageTags,
  getRegistryCatalogData,
  getRepositoryCatalogData,
  searchRepositoryCatalogData,
]
