// What happens to a server: deletions, the clock, a killed process, a power cut, a disk that spoils a file.

import { afterCrash } from './client.ts'
import type { Rules } from './rules.ts'
import { hasLayer, withAt, type BlobFile, type Place, type State, type Step, type UploadFile } from './state.ts'
import { hideRepository, putImage, removeHidden, removeHiddenImages, removeImage, write } from './transactions.ts'

/** `deleteImages`, `restoreImage` and `deleteRepository`. */
export function deletionSteps(state: State, rules: Rules): readonly Step[] {
  const { rows, acknowledged, left } = state
  const steps: Step[] = []
  const add = (name: string, next: State | undefined) => next && steps.push({ name, next })
  for (const place of [0, 1] as const) {
    const isThere = rows.repositories[place] === 'there'
    if (isThere && rows.images[place] && left.deletions > 0) {
      const removed = write(state, rules, () => removeImage(rows, place))
      add('deleteImages', removed && forget(removed, place, { deletions: left.deletions - 1 }))
    }
    if (isThere && rows.deletedImages[place] && !rows.images[place] && hasLayer(rows, place)) {
      const restored = write(state, rules, () => putImage(rows, rules, place) ?? rows)
      add('restoreImage', restored && { ...restored, acknowledged: withAt(acknowledged, place, true) })
    }
  }
  if (left.repositoryDeletions > 0 && rows.repositories[1] === 'there') {
    const hidden = write(state, rules, () => hideRepository(rows, 1))
    add('deleteRepository', hidden && forget(hidden, 1, { repositoryDeletions: left.repositoryDeletions - 1 }))
  }
  if (rows.repositories[1] === 'hidden') {
    const images = rows.images[1] || rows.deletedImages[1]
    if (images) {
      add(
        'removeRest takes images',
        write(state, rules, () => removeHiddenImages(rows, 1)),
      )
    }
    add(
      'removeRest ends',
      write(state, rules, () => removeHidden(rows, rules, 1)),
    )
  }
  return steps
}

const forget = (state: State, place: Place, left: Partial<State['left']>): State => ({
  ...state,
  acknowledged: withAt(state.acknowledged, place, false),
  left: { ...state.left, ...left },
})

/** Leases end at any time, since a clock may jump; what waits in the trash is due once readers have opened what they looked up. */
export function clockSteps(state: State): readonly Step[] {
  const { rows, reader } = state
  const steps: Step[] = []
  for (const place of [0, 1] as const) {
    if (rows.members[place] !== 'leased') continue
    steps.push({
      name: 'a lease ends',
      next: { ...state, rows: { ...rows, members: withAt(rows.members, place, 'ended') } },
    })
  }
  if (reader?.next !== 'open' && rows.trash.some((item) => !item.due)) {
    const trash = rows.trash.map((item) => ({ ...item, due: true }))
    steps.push({ name: 'the trash is due', next: { ...state, rows: { ...rows, trash } } })
  }
  return steps
}

/** A disk spoils the file that is in use. */
export function damageSteps(state: State): readonly Step[] {
  const phys = state.rows.blob?.phys
  const file = state.blobFiles.find((each) => each.phys === phys)
  if (file?.bytes !== 'good' || state.left.damages === 0) return []
  const blobFiles = state.blobFiles.map((each) => (each.phys === phys ? { ...each, bytes: 'damaged' as const } : each))
  const left = { ...state.left, damages: state.left.damages - 1 }
  return [{ name: 'the disk spoils the file', next: { ...state, blobFiles, left } }]
}

/** The process ends; with a power cut also what was not synced: each such file on its own, or not, as the disk has it. */
export function crashSteps(state: State): readonly Step[] {
  if (state.left.crashes === 0) return []
  const rows = state.durableRows ?? state.rows
  return [
    { name: 'kill', next: restarted(state) },
    ...disksAfterCut(state).map((disk) => ({
      name: 'power cut',
      // A backup is a process of its own, and ends with the machine; its hold soon after.
      next: restarted({ ...state, ...disk, rows: { ...rows, held: false }, durableRows: undefined, backup: undefined }),
    })),
  ]
}

interface Disk {
  readonly uploadFiles: readonly UploadFile[]
  readonly blobFiles: readonly BlobFile[]
}

function disksAfterCut(state: State): readonly Disk[] {
  let disks: readonly Disk[] = [{ uploadFiles: [], blobFiles: [] }]
  // The directory of uploads is never synced: a name in it may be gone, with whatever bytes.
  for (const file of state.uploadFiles) {
    disks = disks.flatMap((disk) => [disk, { ...disk, uploadFiles: [...disk.uploadFiles, { ...file, synced: true }] }])
  }
  for (const file of state.blobFiles) {
    disks = disks.flatMap((disk) =>
      fatesOf(file).map((fate) => ({ ...disk, blobFiles: fate ? [...disk.blobFiles, fate] : disk.blobFiles })),
    )
  }
  return disks
}

/** A name without its sync may go or stay, bytes without theirs too. */
function fatesOf(file: BlobFile): readonly (BlobFile | undefined)[] {
  const durable = { ...file, synced: true, named: true }
  const names = file.named ? [durable] : [durable, undefined]
  return file.synced || file.bytes !== 'good' ? names : [...names, { ...durable, bytes: 'lost' as const }]
}

function restarted(state: State): State {
  const { left } = state
  const stopped: State = {
    ...state,
    collector: undefined,
    emptier: undefined,
    recovery: undefined,
    reader: undefined,
    left: { ...left, crashes: left.crashes - 1 },
  }
  const [a, b] = state.clients
  return { ...stopped, clients: [afterCrash(stopped, a), afterCrash(stopped, b)] }
}
