// The write transactions of the domain, each in one step: what `metadata.write` makes durable.

import type { Rules } from './rules.ts'
import { hasLayer, isOwned, toTrash, withAt, type Place, type Rows, type State } from './state.ts'

/** Commits what `work` makes of the rows. `undefined` when the foreign keys refuse it: then nothing has changed. */
export function write(state: State, rules: Rules, work: (rows: Rows) => Rows): State | undefined {
  const rows = work(state.rows)
  if (rules.foreignKeys && danglingReference(rows) !== undefined) return undefined
  return { ...state, rows, durableRows: rules.syncCommits ? undefined : (state.durableRows ?? state.rows) }
}

/** What the foreign keys of `tables.ts` forbid. */
export function danglingReference(rows: Rows): string | undefined {
  for (const place of [0, 1] as const) {
    const member = rows.members[place] !== 'none'
    if (rows.images[place] && !member) return 'an image names a layer that its repository does not have'
    if (member && rows.blob === undefined) return 'a repository has a layer that is not there'
    const isGone = rows.repositories[place] === 'gone'
    if (isGone && member) return 'a layer belongs to a repository that is not there'
    if (isGone && rows.uploads.some((upload) => upload.repository === place))
      return 'an upload belongs to a repository that is not there'
  }
  return undefined
}

/** `layers.commit` (src/storage/sql/layers.ts), after `completeUpload` has seen that the upload is there. */
export function commitLayer(
  rows: Rows,
  rules: Rules,
  upload: { readonly id: number; readonly phys: number },
  repository: Place,
): Rows {
  const { phys } = upload
  const uploads = rules.commitEndsUpload ? rows.uploads.filter((row) => row.id !== upload.id) : rows.uploads
  const member: Rows = { ...rows, uploads, members: withAt(rows.members, repository, 'leased') }
  const { blob } = rows
  if (blob === undefined) return { ...member, blob: { phys, bad: false } }
  if (blob.phys === phys) return member
  // `settleSecondFile`
  const replace = (blob.bad && rules.commitReplacesBad) || (!blob.bad && !rules.commitKeepsGood)
  return replace ? toTrash({ ...member, blob: { phys, bad: false } }, blob.phys, true) : toTrash(member, phys, true)
}

/** The transaction of `putImage`, or `undefined` when it fails with LayersNotFound. */
export function putImage(rows: Rows, rules: Rules, repository: Place): Rows | undefined {
  if (rules.putImageAsksForLayers && !hasLayer(rows, repository)) return undefined
  const { images, deletedImages } = rows
  return {
    ...rows,
    images: withAt(images, repository, true),
    deletedImages: withAt(deletedImages, repository, false),
  }
}

/** `removeImage`: kept for a restoration, its layers leased. */
export const removeImage = (rows: Rows, repository: Place): Rows => ({
  ...rows,
  images: withAt(rows.images, repository, false),
  deletedImages: withAt(rows.deletedImages, repository, true),
  members: withAt(rows.members, repository, 'leased'),
})

/** `removeRepository` (src/domain/remove-repository.ts): it is gone for everyone, its uploads go to the trash; the rest is for `removeRest`. */
export function hideRepository(rows: Rows, repository: Place): Rows {
  const mine = rows.uploads.filter((upload) => upload.repository === repository)
  const hidden: Rows = {
    ...rows,
    repositories: withAt(rows.repositories, repository, 'hidden'),
    uploads: rows.uploads.filter((upload) => upload.repository !== repository),
  }
  return mine.reduce((all, upload) => toTrash(all, upload.phys, true), hidden)
}

/** A piece of `removeRest`: the images, in a transaction of their own where there are many. */
export const removeHiddenImages = (rows: Rows, repository: Place): Rows => ({
  ...rows,
  images: withAt(rows.images, repository, false),
  deletedImages: withAt(rows.deletedImages, repository, false),
})

/** The last piece: the layers are for the collector. */
export const removeHidden = (rows: Rows, rules: Rules, repository: Place): Rows => ({
  ...removeHiddenImages(rows, repository),
  repositories: withAt(rows.repositories, repository, 'gone'),
  members: withAt(rows.members, repository, 'none'),
  released: rows.released || (rules.releasesAreNoted && rows.members[repository] !== 'none'),
})

/** `uploads.discard`: what `cancelUpload` and `expireUploads` do. */
export function discardUpload(rows: Rows, id: number): Rows {
  const upload = rows.uploads.find((row) => row.id === id)
  if (upload === undefined) return rows
  return toTrash({ ...rows, uploads: rows.uploads.filter((row) => row.id !== id) }, upload.phys, true)
}

/** Memberships that the collector may end: the lease is over, and no image names the layer. */
export const endedLeases = (rows: Rows): readonly Place[] =>
  ([0, 1] as const).filter((place) => rows.members[place] === 'ended' && !rows.images[place])

/** `collector.endLeases` */
export function endLeases(rows: Rows, rules: Rules, places: readonly Place[]): Rows {
  return places.reduce<Rows>(
    (all, place) => ({
      ...all,
      members: withAt(all.members, place, 'none'),
      released: all.released || rules.releasesAreNoted,
    }),
    rows,
  )
}

/** `collector.removeBlobs` */
export function removeBlobs(rows: Rows, rules: Rules): Rows {
  const noted = { ...rows, released: false }
  const isMember = rows.members.some((member) => member !== 'none')
  if (rows.blob === undefined || (rules.removeBlobsAsksAgain && isMember)) return noted
  const { phys } = rows.blob
  const removed: Rows = { ...noted, blob: undefined }
  return rules.rowBeforeUnlink ? toTrash(removed, phys, !rules.trashWaits) : removed
}

/** The other end of `completeUpload`: its upload is gone. */
export const dropUnowned = (rows: Rows, rules: Rules, phys: number): Rows =>
  rules.goneAsksForOwner && isOwned(rows, phys) ? rows : toTrash(rows, phys, true)
