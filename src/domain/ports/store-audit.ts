// What the domain asks of the store of metadata to find damage: rows as they are, also those that contradict each other. For fsck and the
// scrub only, never on the way of a request. Pages go by key, as everywhere.

import type { Digest } from '../../lib/digest.ts'
import type { GalleryEntry } from './gallery.ts'

export interface ImageKey {
  readonly repositoryId: string
  readonly digest: Digest
}

/** How much there is to look at. */
export interface AuditTotals {
  readonly repositories: number
  readonly images: number
  readonly layers: number
  /** Of all layers, each counted once. */
  readonly layerBytes: number
  readonly deletedImages: number
}

export interface AuditedRepository {
  readonly accountId: string
  /** Empty for a public one. */
  readonly region: string
  readonly name: string
}

/** A layer's row, damaged ones too. */
export interface AuditedBlob {
  readonly digest: Digest
  readonly phys: string
  readonly size: number
  readonly bad: boolean
}

/** An image with the rows around it, to be compared with what its manifest says. */
export interface AuditedImage {
  readonly mediaType: string
  readonly artifactType: string | undefined
  readonly subject: Digest | undefined
  readonly manifestBytes: number
  readonly imageBytes: number
  /** The manifest's text. */
  readonly manifest: string
  readonly layers: readonly { readonly digest: Digest; readonly mediaType: string }[]
  readonly children: readonly Digest[]
  /** Sizes of those of the layers that have a row. */
  readonly layerSizes: ReadonlyMap<Digest, number>
  /** Those of the children that have a row. */
  readonly childSizes: ReadonlyMap<Digest, { readonly manifestBytes: number; readonly imageBytes: number }>
}

/** Something kept beside what it is reckoned from. */
export type DerivedColumn =
  | { readonly kind: 'image count'; readonly repositoryId: string; readonly kept: number; readonly actual: number }
  | { readonly kind: 'tagged'; readonly repositoryId: string; readonly digest: Digest; readonly actual: boolean }
  | { readonly kind: 'referenced'; readonly repositoryId: string; readonly digest: Digest; readonly actual: boolean }
  /** A blob without a membership that the collector was not told about. */
  | { readonly kind: 'released'; readonly digest: Digest }

/** A text that should be JSON. */
export interface AuditedDocument {
  readonly kind: 'policy' | 'catalog data' | 'exclusion filters'
  readonly repositoryId: string
  readonly text: string
}

/** A public repository, or another one that the gallery has a row of. */
export interface AuditedShown {
  readonly repositoryId: string
  /** False for one that is being removed, too: nothing may show it then. */
  readonly isPublic: boolean
  readonly accountId: string
  readonly name: string
  readonly createdAtMs: number
  /** When the gallery says it was last pushed to. */
  readonly updatedAtMs: number | undefined
}

export interface AuditedRegistryPolicy {
  readonly kind: string
  readonly accountId: string
  readonly region: string
  readonly text: string
}

export interface AuditReads {
  totals(): Promise<AuditTotals>
  /** The registry and the name that an id stands for. */
  repository(id: string): Promise<AuditedRepository | undefined>
  /** In the order of repositories' ids and digests, those after `after`. */
  imageKeys(after: ImageKey | undefined, limit: number): Promise<readonly ImageKey[]>
  image(key: ImageKey): Promise<AuditedImage | undefined>
  /** Deleted images that are kept, in the same order. */
  deletedImageKeys(after: ImageKey | undefined, limit: number): Promise<readonly ImageKey[]>
  /** In the order of physical names, those after `after`. */
  blobs(after: string | undefined, limit: number): Promise<readonly AuditedBlob[]>
  blob(phys: string): Promise<AuditedBlob | undefined>
  /** Physical names of a blob that are in the trash, or of an open upload, as well: at most `limit`. */
  sharedNames(limit: number): Promise<readonly { readonly phys: string; readonly with: 'trash' | 'upload' }[]>
  /** Whatever differs from what it is reckoned from, at most `limit` of each kind; each kind as one moment has it. */
  wrongColumns(limit: number): Promise<readonly DerivedColumn[]>
  /** In the order of repositories' ids, those after `after`. */
  documents(
    kind: AuditedDocument['kind'],
    after: string | undefined,
    limit: number,
  ): Promise<readonly AuditedDocument[]>
  /** Ids of public repositories, and of others that the gallery has a row of, in order, those after `after`. */
  galleryRepositories(after: string | undefined, limit: number): Promise<readonly string[]>
  galleryRepository(repositoryId: string): Promise<AuditedShown | undefined>
  /** What the gallery's tables say of it that `expected` does not; `undefined` is for one that is not to be shown. */
  galleryFaults(repositoryId: string, expected: GalleryEntry | undefined): Promise<readonly string[]>
  /** In the order of their kinds, accounts and regions, those after `after`. */
  registryPolicies(after: AuditedRegistryPolicy | undefined, limit: number): Promise<readonly AuditedRegistryPolicy[]>
  /** Layers not known to be damaged whose last check was before `beforeMs`, longest ago first, those after `after`. */
  uncheckedBlobs(beforeMs: number, after: UncheckedBlob | undefined, limit: number): Promise<readonly UncheckedBlob[]>
  /** Layers known to be damaged. */
  countBad(): Promise<number>
  /** When the work of this name was last done. */
  upkeepDoneAtMs(name: string): Promise<number | undefined>
}

export interface UncheckedBlob extends AuditedBlob {
  readonly verifiedAtMs: number
  /** Whether the checksums of its pieces are known. */
  readonly hasChecksums: boolean
}

export interface CheckedBlob {
  readonly phys: string
  /** Those just reckoned, where there were none. */
  readonly checksums: readonly number[] | undefined
}

export interface AuditWrites extends AuditReads {
  /** Reckons the column again, from what is there now. */
  correct(column: DerivedColumn): Promise<void>
  /** Notes that the bytes of these were right at `atMs`. Rows that are gone, or of another file, are left alone. */
  noteChecked(blobs: readonly CheckedBlob[], atMs: number): Promise<void>
  noteUpkeep(name: string, atMs: number): Promise<void>
}

/** Damage of the store itself, below what rows say. */
export type StoreFault =
  /** In the engine's own words. */
  | { readonly kind: 'damage'; readonly detail: string }
  /** A row that refers to one that is not there. */
  | { readonly kind: 'dangling'; readonly table: string; readonly key: string; readonly refersTo: string }

/** Looks the store over, beside whatever runs; `references` adds whether every foreign key leads to a row. At most some hundred faults. */
export type CheckStore = (references: boolean) => Promise<readonly StoreFault[]>
