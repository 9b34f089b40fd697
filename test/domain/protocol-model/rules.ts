// The rules that the storage protocol rests on, each of which a mutant breaks.

export interface Rules {
  /** `beginUpload` draws a name at random; otherwise it is made of the digest. */
  readonly randomNames: boolean
  /** `publish` comes before the transaction of `completeUpload`. */
  readonly fileBeforeRow: boolean
  /** `publish` syncs the bytes before it renames. */
  readonly syncBytes: boolean
  /** `publish` syncs the directory after it renamed. */
  readonly syncDirectory: boolean
  /** A commit is on disk before it is answered (`synchronous=FULL`). */
  readonly syncCommits: boolean
  readonly foreignKeys: boolean
  /** `completeUpload` asks, in its transaction, whether its upload is still there. */
  readonly commitAsksForUpload: boolean
  /** `layers.commit` removes the row of the upload. */
  readonly commitEndsUpload: boolean
  /** `completeUpload` throws away only a file that nobody owns, when its upload is gone. */
  readonly goneAsksForOwner: boolean
  /** `layers.commit` puts the new file in the place of a bad one. */
  readonly commitReplacesBad: boolean
  /** `layers.commit` leaves a good file where it is. */
  readonly commitKeepsGood: boolean
  /** `putImage` looks for the layers in its transaction. */
  readonly putImageAsksForLayers: boolean
  /** `endLeases` judges anew what was chosen before it. */
  readonly endLeasesAsksAgain: boolean
  /** `removeBlobs` judges anew what was chosen before it. */
  readonly removeBlobsAsksAgain: boolean
  /** A collected file waits until readers have opened it. */
  readonly trashWaits: boolean
  /** The collector takes the row first; the file goes out of the trash. */
  readonly rowBeforeUnlink: boolean
  /** Whoever ends a membership notes the layer for the collector (`noteReleased`). */
  readonly releasesAreNoted: boolean
  /** `recover` lists files first and asks for their owners then. */
  readonly filesBeforeOwners: boolean
  /** `phys.isOwned` looks at uploads too. */
  readonly uploadsAreOwners: boolean
  /** `emptyTrash` asks for holds at all. */
  readonly holdsCount: boolean
  /** `emptyTrash` asks for holds after it read what is due. */
  readonly holdsAfterItems: boolean
  /** A backup holds files before it copies the rows. */
  readonly holdBeforeCopy: boolean
  /** `markBad` takes the physical name, not the digest. */
  readonly markBadByName: boolean
}

export const asBuilt: Rules = {
  randomNames: true,
  fileBeforeRow: true,
  syncBytes: true,
  syncDirectory: true,
  syncCommits: true,
  foreignKeys: true,
  commitAsksForUpload: true,
  commitEndsUpload: true,
  goneAsksForOwner: true,
  commitReplacesBad: true,
  commitKeepsGood: true,
  putImageAsksForLayers: true,
  endLeasesAsksAgain: true,
  removeBlobsAsksAgain: true,
  trashWaits: true,
  rowBeforeUnlink: true,
  releasesAreNoted: true,
  filesBeforeOwners: true,
  uploadsAreOwners: true,
  holdsCount: true,
  holdsAfterItems: true,
  holdBeforeCopy: true,
  markBadByName: true,
}

/** The rules as built, but for those named. */
export const without = (...broken: readonly (keyof Rules)[]): Rules => ({
  ...asBuilt,
  ...Object.fromEntries(broken.map((rule) => [rule, false])),
})
