import type { ResourceTag } from '../../domain/ports/metadata.ts'
import type { Infer } from '../../model/schema.ts'
import type { resourceTagList } from '../../model/shapes/public/common.ts'

/** Tags as the domain takes them. The model requires neither member: a key left out is an empty one, which the domain refuses. */
export function resourceTagsOf(tags: Infer<typeof resourceTagList>): readonly ResourceTag[] {
  return tags.map(({ Key, Value }) => ({ key: Key ?? '', value: Value ?? '' }))
}
