// What must hold in every state, whatever happened before.

import { blobFileOf, inTrash, isReadable, type State } from './state.ts'
import { danglingReference } from './transactions.ts'

/** The promise that `state` breaks, if any. */
export function brokenPromise(state: State): string | undefined {
  const { rows, acknowledged, broken } = state
  if (broken !== undefined) return broken
  const dangling = danglingReference(rows)
  if (dangling !== undefined) return dangling
  for (const place of [0, 1] as const)
    if (acknowledged[place] && !rows.images[place]) return 'an acknowledged image is gone'
  const { blob } = rows
  if (blob === undefined) return undefined
  if (inTrash(rows, blob.phys)) return 'the file of a layer is in the trash'
  const spoiled = blobFileOf(state, blob.phys)?.bytes === 'damaged'
  if (!spoiled && !isReadable(state, blob.phys) && rows.images.includes(true))
    return 'an image names a layer whose bytes are gone'
  if (blob.bad && isReadable(state, blob.phys)) return 'a good layer is called bad'
  const isMember = rows.members.some((member) => member !== 'none')
  if (!isMember && !rows.released) return 'a layer that nobody has is never collected'
  return undefined
}
