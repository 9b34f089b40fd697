// Everything that the model of the storage protocol knows at one moment: one layer, two repositories, two clients that push it, and
// every place where its name or its bytes may be (docs/storage-layout.md). Values only: a step makes a new state.

/** Which repository; also which client. */
export type Two<T> = readonly [T, T]
export type Place = 0 | 1

/** The committed rows, as far as they speak of the one layer. */
export interface Rows {
  /** A large one is hidden first, and goes in pieces. */
  readonly repositories: Two<'there' | 'hidden' | 'gone'>
  readonly blob: { readonly phys: number; readonly bad: boolean } | undefined
  /** `repo_blob`: not a member, a member whose lease is over, one whose lease lasts. */
  readonly members: Two<'none' | 'ended' | 'leased'>
  /** An image of the repository that names the layer (`manifest`, `manifest_blob`). */
  readonly images: Two<boolean>
  readonly deletedImages: Two<boolean>
  readonly uploads: readonly UploadRow[]
  readonly released: boolean
  readonly trash: readonly TrashRow[]
  /** A backup wants no file unlinked. */
  readonly held: boolean
}

export interface UploadRow {
  readonly id: number
  readonly phys: number
  readonly repository: Place
}

export interface TrashRow {
  readonly phys: number
  readonly due: boolean
}

/** A file below `blobs`. `lost` are bytes that a power cut took, `damaged` what the disk spoiled on its own. */
export interface BlobFile {
  readonly phys: number
  readonly bytes: 'good' | 'lost' | 'damaged'
  readonly synced: boolean
  /** The name is durable. */
  readonly named: boolean
}

/** A whole file below `uploads`. */
export interface UploadFile {
  readonly id: number
  readonly synced: boolean
}

/** Where a client stands in its push; each word is what it does next. */
export type Doing =
  | 'findLayer'
  | 'renewLeases'
  | 'mountLayer'
  | 'beginUpload'
  | 'append'
  | 'requireOpen'
  | 'publish'
  | 'rename'
  | 'syncDirectory'
  | 'completeUpload'
  | 'putImage'
  | 'nothing'

export interface Client {
  readonly doing: Doing
  readonly upload: { readonly id: number; readonly phys: number } | undefined
}

/** What still may happen, so that the exploration ends. */
export interface Budget {
  readonly uploads: number
  readonly crashes: number
  readonly deletions: number
  readonly repositoryDeletions: number
  readonly damages: number
  readonly backups: number
}

export interface State {
  readonly rows: Rows
  /** What a power cut would leave of the rows, where that is less than all of them. */
  readonly durableRows: Rows | undefined
  readonly uploadFiles: readonly UploadFile[]
  readonly blobFiles: readonly BlobFile[]
  readonly clients: Two<Client>
  readonly collector:
    | { readonly leases: readonly Place[]; readonly next: 'endLeases' }
    | { readonly phys: number; readonly next: 'removeBlobs' | 'unlink' }
    | undefined
  readonly emptier:
    | { readonly next: 'read items' }
    | { readonly phys: number; readonly next: 'ask for holds' | 'unlink' | 'forget' }
    | undefined
  readonly recovery:
    | { readonly phys: number; readonly next: 'isOwned' | 'put' }
    | { readonly owners: readonly number[]; readonly next: 'list' }
    | undefined
  readonly reader: { readonly phys: number; readonly next: 'open' | 'markBad' } | undefined
  readonly backup: { readonly phys: number | undefined; readonly next: 'hold' | 'copy rows' | 'copy file' } | undefined
  /** Images whose push was answered with success and that nobody deleted since. */
  readonly acknowledged: Two<boolean>
  readonly left: Budget
  /** A promise that the last step broke, where the state alone does not show it. */
  readonly broken: string | undefined
}

/** Something that may happen now. */
export interface Step {
  readonly name: string
  readonly next: State
}

const idle: Client = { doing: 'findLayer', upload: undefined }

export function beginning(left: Budget): State {
  return {
    rows: {
      repositories: ['there', 'there'],
      blob: undefined,
      members: ['none', 'none'],
      images: [false, false],
      deletedImages: [false, false],
      uploads: [],
      released: false,
      trash: [],
      held: false,
    },
    durableRows: undefined,
    uploadFiles: [],
    blobFiles: [],
    clients: [idle, idle],
    collector: undefined,
    emptier: undefined,
    recovery: undefined,
    reader: undefined,
    backup: undefined,
    acknowledged: [false, false],
    left,
    broken: undefined,
  }
}

/** `pair` with the value at `place` replaced. */
export function withAt<T>([first, second]: Two<T>, place: Place, value: T): Two<T> {
  return place === 0 ? [value, second] : [first, value]
}

export const blobFileOf = (state: State, phys: number): BlobFile | undefined =>
  state.blobFiles.find((file) => file.phys === phys)

/** The file is there and holds what was uploaded. */
export const isReadable = (state: State, phys: number): boolean => blobFileOf(state, phys)?.bytes === 'good'

/** The layer as `layers.find` gives it: a member whose blob is not bad. */
export const hasLayer = (rows: Rows, repository: Place): boolean =>
  rows.members[repository] !== 'none' && rows.blob?.bad === false

/** Whether some table knows the name (`phys.isOwned`). */
export const isOwned = (rows: Rows, phys: number): boolean =>
  rows.blob?.phys === phys || inTrash(rows, phys) || rows.uploads.some((upload) => upload.phys === phys)

export const inTrash = (rows: Rows, phys: number): boolean => rows.trash.some((row) => row.phys === phys)

/** `insertTrash`: a name that is there stays as it is. */
export const toTrash = (rows: Rows, phys: number, due: boolean): Rows =>
  inTrash(rows, phys) ? rows : { ...rows, trash: [...rows.trash, { phys, due }].toSorted((a, b) => a.phys - b.phys) }
