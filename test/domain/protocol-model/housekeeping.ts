// What the server does beside requests: the collector, the trash, sweeps, the comparison after a start, a reader, a backup. Reads and
// writes are steps of their own where the code awaits between them.

import type { Rules } from './rules.ts'
import { hasLayer, inTrash, isOwned, isReadable, blobFileOf, toTrash, type State, type Step } from './state.ts'
import { discardUpload, endedLeases, endLeases, removeBlobs, write } from './transactions.ts'

type Moves = (state: State, rules: Rules) => readonly Step[]

const step = (name: string, next: State | undefined): readonly Step[] => (next === undefined ? [] : [{ name, next }])

/** src/domain/collector.ts, `endLeases` and `removeBlobs`. */
export const collectorSteps: Moves = (state, rules) => {
  const { rows, collector } = state
  if (collector === undefined) {
    const leases = endedLeases(rows)
    const isMember = rows.members.some((member) => member !== 'none')
    // The released ones are read as they were noted; that one has a member again is seen in the transaction only.
    const blob = rows.released && (rules.removeBlobsAsksAgain || !isMember) ? rows.blob : undefined
    return [
      ...(leases.length > 0
        ? step('collector reads endedLeases', { ...state, collector: { leases, next: 'endLeases' } })
        : []),
      ...(blob
        ? step('collector reads released', {
            ...state,
            collector: { phys: blob.phys, next: rules.rowBeforeUnlink ? 'removeBlobs' : 'unlink' },
          })
        : []),
    ]
  }
  switch (collector.next) {
    case 'endLeases': {
      const chosen = collector.leases.filter((place) => !rules.endLeasesAsksAgain || endedLeases(rows).includes(place))
      // What the foreign keys refuse is in use, and stays.
      const ended = write(state, rules, () => endLeases(rows, rules, chosen)) ?? state
      return step('collector endLeases', { ...ended, collector: undefined })
    }
    case 'unlink':
      return step('collector unlinks', {
        ...removeFile(state, collector.phys),
        collector: { ...collector, next: 'removeBlobs' },
      })
    case 'removeBlobs': {
      const removed = write(state, rules, () => removeBlobs(rows, rules)) ?? state
      return step('collector removeBlobs', { ...removed, collector: undefined })
    }
  }
}

/** src/domain/collector.ts, `emptyTrash`: one item of a page, which is read before holds are asked for. */
export const emptierSteps: Moves = (state, rules) => {
  const { rows, emptier } = state
  const asksFirst = rules.holdsCount && !rules.holdsAfterItems
  if (emptier === undefined && asksFirst)
    return rows.held ? [] : step('emptyTrash asks for holds', { ...state, emptier: { next: 'read items' } })
  if (emptier === undefined || emptier.next === 'read items') {
    const next = rules.holdsCount && !asksFirst ? 'ask for holds' : 'unlink'
    return rows.trash
      .filter((item) => item.due)
      .map(({ phys }) => ({ name: 'emptyTrash reads what is due', next: { ...state, emptier: { phys, next } } }))
  }
  const { phys } = emptier
  switch (emptier.next) {
    case 'ask for holds':
      return step('emptyTrash asks for holds', { ...state, emptier: rows.held ? undefined : { phys, next: 'unlink' } })
    case 'unlink':
      return step('emptyTrash unlinks', { ...removeFile(state, phys), emptier: { phys, next: 'forget' } })
    case 'forget': {
      const trash = rows.trash.filter((item) => item.phys !== phys)
      const forgotten = write(state, rules, () => ({ ...rows, trash }))
      return step('emptyTrash forgets', forgotten && { ...forgotten, emptier: undefined })
    }
  }
}

/** src/domain/recovery.ts, `expireUploads` and `discardForgotten`. An upload may end at any time: the clock may jump. */
export const sweepSteps: Moves = (state, rules) => [
  ...state.rows.uploads.flatMap(({ id }) =>
    step(
      'expireUploads',
      write(state, rules, (rows) => discardUpload(rows, id)),
    ),
  ),
  ...state.uploadFiles
    .filter((file) => !state.rows.uploads.some((upload) => upload.id === file.id))
    .map(({ id }) => ({
      name: 'discardForgotten',
      next: { ...state, uploadFiles: state.uploadFiles.filter((file) => file.id !== id) },
    })),
]

/** src/domain/recovery.ts, `recover`: it lists files first and asks for their owners one by one. */
export const recoverySteps: Moves = (state, rules) => {
  const { rows, recovery } = state
  const put = (phys: number) => write(state, rules, (before) => toTrash(before, phys, true)) ?? state
  if (recovery === undefined) {
    if (rules.filesBeforeOwners)
      return state.blobFiles.map(({ phys }) => ({
        name: 'recover lists files',
        next: { ...state, recovery: { phys, next: 'isOwned' } },
      }))
    const owners = [rows.blob?.phys, ...rows.uploads.map((row) => row.phys), ...rows.trash.map((row) => row.phys)]
    return step('recover reads owners', {
      ...state,
      recovery: { owners: owners.filter((phys) => phys !== undefined), next: 'list' },
    })
  }
  switch (recovery.next) {
    case 'isOwned': {
      const owned = rules.uploadsAreOwners
        ? isOwned(rows, recovery.phys)
        : rows.blob?.phys === recovery.phys || inTrash(rows, recovery.phys)
      return step('recover asks for the owner', {
        ...state,
        recovery: owned ? undefined : { phys: recovery.phys, next: 'put' },
      })
    }
    case 'put':
      return step('recover puts into the trash', { ...put(recovery.phys), recovery: undefined })
    case 'list':
      return state.blobFiles
        .filter(({ phys }) => !recovery.owners.includes(phys))
        .map(({ phys }) => ({ name: 'recover lists files', next: { ...put(phys), recovery: undefined } }))
  }
}

/** `findLayer` and then `openLayer` (src/domain/layers.ts); `markMissing` of the recovery is the same. */
export const readerSteps: Moves = (state, rules) => {
  const { rows, reader } = state
  if (reader === undefined) {
    if (!rows.blob || (!hasLayer(rows, 0) && !hasLayer(rows, 1))) return []
    return step('reader findLayer', { ...state, reader: { phys: rows.blob.phys, next: 'open' } })
  }
  const { phys } = reader
  if (reader.next === 'open') {
    if (isReadable(state, phys)) return step('reader openLayer', { ...state, reader: undefined })
    const broken = blobFileOf(state, phys) === undefined ? 'a layer just looked up can not be opened' : undefined
    return step('reader openLayer', { ...state, broken, reader: { phys, next: 'markBad' } })
  }
  const mark = rows.blob !== undefined && (!rules.markBadByName || rows.blob.phys === phys)
  const marked = mark
    ? write(state, rules, (before) => ({ ...before, blob: before.blob && { ...before.blob, bad: true } }))
    : state
  return step('reader markBad', marked && { ...marked, reader: undefined })
}

/** A backup beside the running server: hold, copy of the rows, copy of the file they name, end of the hold. */
export const backupSteps: Moves = (state, rules) => {
  const { rows, backup, left } = state
  const hold = (held: boolean) => write(state, rules, (before) => ({ ...before, held })) ?? state
  if (backup === undefined) {
    if (left.backups === 0) return []
    const begun = { ...state, left: { ...left, backups: left.backups - 1 } }
    if (!rules.holdBeforeCopy) return copyRows(begun)
    return step('backup holds', {
      ...hold(true),
      left: begun.left,
      backup: { phys: undefined, next: 'copy rows' },
    })
  }
  switch (backup.next) {
    case 'copy rows':
      return copyRows(state)
    case 'hold':
      return step('backup holds', { ...hold(true), backup: { ...backup, next: 'copy file' } })
    case 'copy file': {
      const complete = backup.phys === undefined || isReadable(state, backup.phys)
      const broken = complete ? undefined : 'a backup lacks a layer that its rows name'
      return step('backup copies the file', { ...hold(false), broken, backup: undefined })
    }
  }

  function copyRows(from: State): readonly Step[] {
    const phys = rows.blob?.bad === false ? rows.blob.phys : undefined
    return step('backup copies the rows', {
      ...from,
      backup: { phys, next: rules.holdBeforeCopy ? 'copy file' : 'hold' },
    })
  }
}

const removeFile = (state: State, phys: number): State => ({
  ...state,
  blobFiles: state.blobFiles.filter((file) => file.phys !== phys),
})
