// `stowage admin usage` and `stowage admin collect`: what takes up the room, and how it comes back.

import type { Infer } from '../../model/schema.ts'
import type { repositoryUsage, totalUsage } from '../../model/shapes/admin.ts'
import { collectGarbage } from '../../operations/admin/collect-garbage.ts'
import { describeUsage } from '../../operations/admin/describe-usage.ts'
import { inUnits } from '../in-units.ts'
import type { AdminCall } from './admin-call.ts'

type Usage = Infer<typeof repositoryUsage>
type Total = Infer<typeof totalUsage>

const say = (text: string): void => void process.stdout.write(`${text}\n`)

export async function printUsage({ call }: AdminCall, asJson: boolean): Promise<void> {
  const first = await call(describeUsage, {})
  const repositories: Usage[] = [...first.repositories]
  for (let { nextToken } = first; nextToken !== undefined;) {
    const page = await call(describeUsage, { nextToken })
    repositories.push(...page.repositories)
    nextToken = page.nextToken
  }
  if (asJson) return say(JSON.stringify({ repositories, total: first.total }, undefined, 2))
  for (const repository of repositories) say(usageLine(repository))
  if (first.total) say(totalLines(first.total).join('\n'))
}

function usageLine({ registryType, registryId, region, repositoryName, ...sizes }: Usage): string {
  const where = registryType === 'PUBLIC' ? `${registryId} public` : `${registryId} ${region ?? ''}`
  const layers = `${sizes.layerCount} layers of ${inUnits(sizes.layerBytes)}`
  return `${where.padEnd(26)} ${repositoryName.padEnd(32)} ${sizes.imageCount} images (${inUnits(sizes.manifestBytes)}), ${layers}`
}

function totalLines(total: Total): readonly string[] {
  return [
    `on disk: ${total.layerCount} layers of ${inUnits(total.layerBytes)}, each counted once`,
    `  no image names ${total.leasedLayerCount} of them (${inUnits(total.leasedLayerBytes)}), ${total.collectableLayerCount} (${inUnits(total.collectableLayerBytes)}) go with the next collection`,
    `in the trash: ${total.trashFileCount} files of ${inUnits(total.trashBytes)}`,
    `open uploads: ${total.openUploadCount} with ${inUnits(total.openUploadBytes)}`,
  ]
}

export async function collectNow({ call }: AdminCall, dryRun: boolean, asJson: boolean): Promise<void> {
  let done = await call(collectGarbage, { dryRun })
  while (!done.complete) {
    const more = await call(collectGarbage, { dryRun })
    done = {
      ...more,
      layerCount: done.layerCount + more.layerCount,
      layerBytes: done.layerBytes + more.layerBytes,
      deletedImageCount: done.deletedImageCount + more.deletedImageCount,
      removedFileCount: done.removedFileCount + more.removedFileCount,
    }
  }
  if (asJson) return say(JSON.stringify(done, undefined, 2))
  const layers = `${done.layerCount} layers of ${inUnits(done.layerBytes)}`
  if (dryRun) say(`${layers} would go`)
  else say(`${layers} collected, ${done.removedFileCount} files removed`)
  say(`in the trash: ${done.trashFileCount} files of ${inUnits(done.trashBytes)}`)
}
