import type { Infer } from '../../model/schema.ts'
import type { imagesFilter } from '../../model/shapes/image.ts'

/**
 * Whether a listing shows active images: the default, and ANY. There are no others yet: nothing is archived until
 * UpdateImageStorageClass is offered.
 */
export function showsActive(filter: Infer<typeof imagesFilter> | undefined): boolean {
  const status = filter?.imageStatus ?? 'ACTIVE'
  return status === 'ACTIVE' || status === 'ANY'
}
