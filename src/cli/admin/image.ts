// `stowage admin image`: images that were deleted, and their way back.

import type { Infer } from '../../model/schema.ts'
import type { deletedImage } from '../../model/shapes/admin.ts'
import { listDeletedImages } from '../../operations/admin/list-deleted-images.ts'
import { restoreImage } from '../../operations/admin/restore-image.ts'
import type { AdminCall } from './admin-call.ts'

type Deleted = Infer<typeof deletedImage>

/** Of whose registry, when not the server's own private one. */
export interface WhichRegistry {
  readonly registryId: string | undefined
  readonly region: string | undefined
  readonly registryType: 'PRIVATE' | 'PUBLIC'
}

const say = (text: string): void => void process.stdout.write(`${text}\n`)

export async function listDeleted(
  { call }: AdminCall,
  repositoryName: string,
  which: WhichRegistry,
  asJson: boolean,
): Promise<void> {
  const images: Deleted[] = []
  for (let nextToken: string | undefined, isFirst = true; isFirst || nextToken !== undefined; isFirst = false) {
    const page = await call(listDeletedImages, { ...which, repositoryName, nextToken })
    images.push(...page.deletedImages)
    nextToken = page.nextToken
  }
  if (asJson) return say(JSON.stringify(images, undefined, 2))
  if (images.length === 0) say('No deleted image is kept of this repository.')
  for (const image of images) say(deletedLine(image))
}

function deletedLine({ imageDigest, imageTags, deletedAt, keptUntil }: Deleted): string {
  const tags = imageTags.length === 0 ? '' : `  ${imageTags.join(', ')}`
  return `${imageDigest}  deleted ${inTime(deletedAt)}, kept until ${inTime(keptUntil)}${tags}`
}

const inTime = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`

export async function restore(
  { call }: AdminCall,
  repositoryName: string,
  imageDigest: string,
  which: WhichRegistry,
  imageTags: readonly string[] | undefined,
): Promise<void> {
  const restored = await call(restoreImage, { ...which, repositoryName, imageDigest, imageTags })
  say(
    `${restored.imageDigest} restored${restored.imageTags.length === 0 ? '' : ` as ${restored.imageTags.join(', ')}`}`,
  )
  if (restored.takenImageTags.length > 0) say(`other images have its tags ${restored.takenImageTags.join(', ')}`)
}
