/** What a collection took away. */
export interface Collection {
  /** Layers of repositories whose lease was over and that no image named. */
  readonly memberships: number
  /** Layers that no repository had any more, and their bytes: in the trash now, or gone. */
  readonly layers: number
  readonly bytes: number
  /** Deleted images whose time to be restored was over. */
  readonly deletedImages: number
  /** Files unlinked. */
  readonly unlinked: number
  /** What still waits in the trash. */
  readonly trash: { readonly files: number; readonly bytes: number }
}
