// The operations of the operator's API: this list is the only way to them.

import type { Operation } from '../operation.ts'
import { collectGarbage } from './collect-garbage.ts'
import { createRegistryAlias } from './create-registry-alias.ts'
import { deleteRegistryAlias } from './delete-registry-alias.ts'
import { describePublicRegistries } from './describe-public-registries.ts'
import { describeUsage } from './describe-usage.ts'
import { listDeletedImages } from './list-deleted-images.ts'
import { identityOperations } from './identities/index.ts'
import { putPrimaryRegistryAlias } from './put-primary-registry-alias.ts'
import { putPublicRegistry } from './put-public-registry.ts'
import { putRegistryAliasStatus } from './put-registry-alias-status.ts'
import { restoreImage } from './restore-image.ts'

export const adminOperations: readonly Operation[] = [
  collectGarbage,
  createRegistryAlias,
  deleteRegistryAlias,
  describePublicRegistries,
  describeUsage,
  listDeletedImages,
  ...identityOperations,
  putPrimaryRegistryAlias,
  putPublicRegistry,
  putRegistryAliasStatus,
  restoreImage,
]
