import type { Context } from '../../domain/context.ts'
import type { Repository } from '../../domain/ports/metadata.ts'
import { repositoryArn } from '../../domain/references.ts'
import type { Infer } from '../../model/schema.ts'
import type { repository as shape } from '../../model/shapes/repository.ts'

/** A repository as the API shows it. */
export function presentRepository(ctx: Context, repository: Repository): Infer<typeof shape> {
  const { registry, name } = repository
  return {
    repositoryArn: repositoryArn(registry, name),
    registryId: registry.accountId,
    repositoryName: name,
    repositoryUri: `${ctx.links.registryHost(registry)}/${name}`,
    createdAt: repository.createdAtMs,
    imageTagMutability: repository.tagMutability,
    imageTagMutabilityExclusionFilters: presentFilters(repository.exclusionFilters),
    imageScanningConfiguration: { scanOnPush: repository.scanOnPush },
    encryptionConfiguration: repository.encryption,
  }
}

/** Exclusion filters, absent when there are none. */
export function presentFilters(
  filters: readonly string[],
): readonly { readonly filterType: 'WILDCARD'; readonly filter: string }[] | undefined {
  return filters.length === 0 ? undefined : filters.map((filter) => ({ filterType: 'WILDCARD', filter }))
}
