import { collect } from '../../domain/collector.ts'
import { totalUsage } from '../../domain/usage.ts'
import { boolean, long, optional, struct } from '../../model/schema.ts'
import { operation, stowage } from '../operation.ts'
import { onServer } from './operator.ts'

/** A caller waits for an answer: what is left after that is for the next call. */
const patienceMs = 10_000

/** Takes away the layers that nothing needs, now; `complete` is false when there may be more. With `dryRun` it only says what would go. */
export const collectGarbage = operation({
  service: stowage,
  name: 'CollectGarbage',
  input: struct({ dryRun: optional(boolean()) }),
  output: struct({
    layerCount: long(),
    layerBytes: long(),
    deletedImageCount: long(),
    removedFileCount: long(),
    trashFileCount: long(),
    trashBytes: long(),
    complete: boolean(),
  }),
  errors: ['InvalidParameterException'],
  allow: onServer('CollectGarbage'),
  handle: async (ctx, { dryRun = false }) => {
    if (dryRun) {
      const { collectableLayers, collectableBytes, trash } = await totalUsage(ctx)
      const nothing = { deletedImageCount: 0, removedFileCount: 0 }
      const counts = { layerCount: collectableLayers, layerBytes: collectableBytes, ...nothing }
      return { ...counts, ...presentTrash(trash), complete: true }
    }
    const untilMs = ctx.clock.now() + patienceMs
    const { layers, bytes, deletedImages, unlinked, trash } = await collect(ctx, untilMs)
    return {
      layerCount: layers,
      layerBytes: bytes,
      deletedImageCount: deletedImages,
      removedFileCount: unlinked,
      ...presentTrash(trash),
      complete: ctx.clock.now() < untilMs,
    }
  },
})

const presentTrash = (trash: { readonly files: number; readonly bytes: number }) => ({
  trashFileCount: trash.files,
  trashBytes: trash.bytes,
})
