import { page } from '../../domain/paging.ts'
import { repositoryUsage, totalUsage, type RepositoryUsage, type UsagePosition } from '../../domain/usage.ts'
import { integer, list, optional, struct, type Infer } from '../../model/schema.ts'
import * as shapes from '../../model/shapes/admin.ts'
import { nextToken } from '../../model/shapes/public/common.ts'
import { operation, stowage } from '../operation.ts'
import { onServer } from './operator.ts'

/** What takes up the room: each repository, and with the first page the whole store. */
export const describeUsage = operation({
  service: stowage,
  name: 'DescribeUsage',
  input: struct({ nextToken: optional(nextToken), maxResults: optional(integer({ min: 1, max: 100 })) }),
  output: struct({
    repositories: list(shapes.repositoryUsage),
    total: optional(shapes.totalUsage),
    nextToken: optional(nextToken),
  }),
  errors: ['InvalidParameterException'],
  allow: onServer('DescribeUsage'),
  handle: async (ctx, input) => {
    const { items, nextToken: next } = await page(
      ctx,
      input,
      20,
      ['stowage DescribeUsage'],
      (position, limit) => repositoryUsage(ctx, position && toPosition(position), limit),
      ({ registry: { kind, accountId, region }, name }) => [kind, accountId, region, name],
    )
    const total = input.nextToken === undefined ? presentTotal(await totalUsage(ctx)) : undefined
    return { repositories: items.map(presentUsage), total, nextToken: next }
  },
})

/** Only `positionOf` above makes positions. */
function toPosition([kind = '', accountId = '', region = '', name = '']: readonly string[]): UsagePosition {
  return { registry: { kind: kind === 'public' ? 'public' : 'private', accountId, region }, name }
}

const presentUsage = (usage: RepositoryUsage): Infer<typeof shapes.repositoryUsage> => ({
  registryType: usage.registry.kind === 'public' ? 'PUBLIC' : 'PRIVATE',
  registryId: usage.registry.accountId,
  region: usage.registry.region === '' ? undefined : usage.registry.region,
  repositoryName: usage.name,
  imageCount: usage.images,
  layerCount: usage.layers,
  layerBytes: usage.layerBytes,
  manifestBytes: usage.manifestBytes,
})

const presentTotal = (total: Awaited<ReturnType<typeof totalUsage>>): Infer<typeof shapes.totalUsage> => ({
  layerCount: total.layers,
  layerBytes: total.layerBytes,
  leasedLayerCount: total.leasedLayers,
  leasedLayerBytes: total.leasedBytes,
  collectableLayerCount: total.collectableLayers,
  collectableLayerBytes: total.collectableBytes,
  trashFileCount: total.trash.files,
  trashBytes: total.trash.bytes,
  openUploadCount: total.openUploads,
  openUploadBytes: total.uploadBytes,
})
