// What the domain asks of the store of metadata: repositories, images, tags, layers' rows, uploads. Bytes of layers are not here.
// Absence is `undefined`; ordering is byte order on every engine; pages go by key, never by offset.

import type { Digest } from '../../lib/digest.ts'
import type { AuditReads, AuditWrites } from './store-audit.ts'
import type { GalleryReads, GalleryWrites } from './gallery.ts'
import type { IdentityReads, IdentityWrites } from './identities.ts'
import type { OutboxReads, OutboxWrites } from './outbox.ts'
import type { ResourceTag } from './resource-tag.ts'

export type { ResourceTag } from './resource-tag.ts'

/** A registry: one per account and region on the private side, one per account (region empty) on the public side. */
export interface RegistryKey {
  readonly kind: 'private' | 'public'
  readonly accountId: string
  readonly region: string
}

export type TagMutability = 'MUTABLE' | 'IMMUTABLE' | 'IMMUTABLE_WITH_EXCLUSION' | 'MUTABLE_WITH_EXCLUSION'

export interface Encryption {
  readonly encryptionType: 'AES256' | 'KMS' | 'KMS_DSSE'
  readonly kmsKey?: string
}

/** The settings of a repository that may change. */
export interface RepositorySettings {
  readonly tagMutability: TagMutability
  /** Wildcard filters in the order given; empty unless the mode is one `WITH_EXCLUSION`. */
  readonly exclusionFilters: readonly string[]
  readonly scanOnPush: boolean
}

export interface Repository extends RepositorySettings {
  /** A UUID of ours, never shown: a repository that is deleted and made again is another one. */
  readonly id: string
  readonly registry: RegistryKey
  readonly name: string
  readonly createdAtMs: number
  readonly encryption: Encryption
}

/** What a manifest is, without its bytes. */
export interface ImageSummary {
  readonly digest: Digest
  readonly mediaType: string
  /** `artifactType` of the manifest, or its config's media type; `undefined` for an index without one. */
  readonly artifactType: string | undefined
  readonly subject: Digest | undefined
  /** Bytes of the manifest itself. */
  readonly manifestBytes: number
  /** Compressed bytes of config and layers; of an index: the largest among its images (as ECR reports it). */
  readonly imageBytes: number
  readonly pushedAtMs: number
  readonly lastPulledAtMs: number | undefined
}

export interface Image extends ImageSummary {
  /** The manifest's text, byte for byte as pushed (manifests are valid UTF-8). */
  readonly manifest: string
}

/** A layer or config as a repository sees it. Layers marked bad (damaged on disk) are never returned: they are as good as absent. */
export interface Layer {
  readonly digest: Digest
  readonly size: number
  /** The physical name in the blob store. */
  readonly phys: string
  /** True when a manifest of this repository names it. */
  readonly referenced: boolean
  /** The media type that some manifest of this repository gives it. */
  readonly mediaType: string | undefined
  readonly leaseUntilMs: number
}

/** A layer of a repository that may go: no manifest of the repository names it, and its lease is over. */
export interface EndedLease {
  readonly repositoryId: string
  readonly digest: Digest
  readonly leaseUntilMs: number
}

/** An image that was deleted and may be restored until `untilMs`. */
export interface DeletedImageSummary extends ImageSummary {
  /** The tags it had when it went. */
  readonly tags: readonly string[]
  readonly deletedAtMs: number
  readonly untilMs: number
}

export interface DeletedImage extends DeletedImageSummary {
  readonly manifest: string
}

/** What a manifest says about a blob it names. */
export interface LayerReference {
  readonly digest: Digest
  readonly mediaType: string
}

export interface Upload {
  readonly id: string
  readonly repositoryId: string
  /** The account of the principal that opened it: nobody else may go on with it. */
  readonly accountId: string
  /** The physical name it will have when complete; fixed before the first byte so that a sweep knows its owner. */
  readonly phys: string
  readonly createdAtMs: number
  readonly expiresAtMs: number
  /** Parts received through UploadLayerPart; 0 for uploads of the data plane. */
  readonly parts: number
  /** How many of the parts were below 5 MiB, and whether the last one was: only the last one may be (LayerPartTooSmallException). */
  readonly smallParts: number
  readonly lastPartSmall: boolean
}

/** A (digest, tag) pair as ListImages prints it; `tag` is absent for an untagged image. */
export interface ImageIdRow {
  readonly digest: Digest
  readonly tag: string | undefined
}

/** A tag and when it was given to the image it names. */
export interface TagRow {
  readonly tag: string
  readonly digest: Digest
  readonly updatedAtMs: number
}

export type TagStatus = 'TAGGED' | 'UNTAGGED' | 'ANY'

/** What a public registry shows beside its repositories. It exists from the first public repository of its account on. */
export interface PublicRegistry {
  readonly accountId: string
  readonly displayName: string | undefined
  readonly verified: boolean
}

/** A name of a public registry in addresses: `<host>/<alias>/<repository>`. */
export interface RegistryAlias {
  readonly name: string
  readonly accountId: string
  readonly status: 'ACTIVE' | 'PENDING' | 'REJECTED'
  /** The one that addresses are printed with; exactly one of a registry. */
  readonly primary: boolean
  /** Issued by the service, not asked for. */
  readonly default: boolean
  readonly createdAtMs: number
}

/** What the gallery shows of a public repository. Absent members were never given. */
export interface CatalogData {
  readonly description?: string | undefined
  readonly architectures?: readonly string[] | undefined
  readonly operatingSystems?: readonly string[] | undefined
  /** The name of the logo's file. */
  readonly logo?: string | undefined
  readonly aboutText?: string | undefined
  readonly usageText?: string | undefined
  /** What the gallery shows of the texts, made when they were written (see `ports/markdown.ts`); absent in rows that are older. */
  readonly aboutHtml?: string | undefined
  readonly usageHtml?: string | undefined
  /** The rules that the HTML was made by. */
  readonly htmlRules?: number | undefined
}

export interface RegistryReads {
  find(accountId: string): Promise<PublicRegistry | undefined>
  /** Ordered by account, those after `after`. */
  page(after: string | undefined, limit: number): Promise<readonly PublicRegistry[]>
  alias(name: string): Promise<RegistryAlias | undefined>
  /** In the order they were made. */
  aliases(accountId: string): Promise<readonly RegistryAlias[]>
}

export interface RegistryWrites extends RegistryReads {
  /** Creates it or replaces it. */
  put(registry: PublicRegistry): Promise<void>
  /** False when the name is taken: nothing was changed. */
  createAlias(alias: RegistryAlias): Promise<boolean>
  updateAlias(name: string, change: Partial<Pick<RegistryAlias, 'status' | 'primary'>>): Promise<void>
  removeAlias(name: string): Promise<void>
}

export interface CatalogReads {
  find(repositoryId: string): Promise<CatalogData | undefined>
  /** In the order of the repositories' ids, those after `after`. */
  page(
    after: string | undefined,
    limit: number,
  ): Promise<readonly { readonly repositoryId: string; readonly data: CatalogData }[]>
}

export interface CatalogWrites extends CatalogReads {
  /** Replaces all of it. */
  put(repositoryId: string, data: CatalogData): Promise<void>
}

/** The policies that have a say about a repository. */
export interface PoliciesAbout {
  /** `undefined` when there is no such repository. */
  readonly repositoryId: string | undefined
  readonly repository: string | undefined
  readonly registry: string | undefined
}

export interface PolicyReads {
  /** The text as it is shown. */
  find(repositoryId: string): Promise<string | undefined>
  ofRegistry(registry: RegistryKey): Promise<string | undefined>
  /** Both at once, for decisions. */
  about(registry: RegistryKey, name: string): Promise<PoliciesAbout>
}

export interface PolicyWrites extends PolicyReads {
  put(repositoryId: string, text: string): Promise<void>
  remove(repositoryId: string): Promise<void>
  putOfRegistry(registry: RegistryKey, text: string): Promise<void>
  removeOfRegistry(registry: RegistryKey): Promise<void>
}

export interface RepositoryReads {
  find(registry: RegistryKey, name: string): Promise<Repository | undefined>
  /** Ordered by name, those after `after`. */
  page(registry: RegistryKey, after: string | undefined, limit: number): Promise<readonly Repository[]>
  count(registry: RegistryKey): Promise<number>
  /** Ids of repositories that are hidden: their removal was cut. */
  hidden(limit: number): Promise<readonly string[]>
  tags(repositoryId: string): Promise<readonly ResourceTag[]>
}

export interface RepositoryWrites extends RepositoryReads {
  /** False when the name is taken: nothing was changed. */
  create(repository: Repository, tags: readonly ResourceTag[]): Promise<boolean>
  update(repositoryId: string, settings: Partial<RepositorySettings>): Promise<void>
  /**
   * Takes the repository's name, resource tags, policy, catalog data and uploads (these go to the trash): from now on it does not exist for
   * anyone, and its name is free. What is left of it goes by `removeSome` and `remove`.
   */
  hide(repositoryId: string, nowMs: number): Promise<void>
  /** Removes at most `limit` images (whole, with tags and references, parents first), deleted images and memberships. Gives how many; 0 when none is left. */
  removeSome(repositoryId: string, limit: number): Promise<number>
  /** Removes the repository with its tags, images, references, memberships; its uploads go to the trash. Blobs stay for the collector. */
  remove(repositoryId: string, nowMs: number): Promise<void>
  putTags(repositoryId: string, tags: readonly ResourceTag[]): Promise<void>
  removeTags(repositoryId: string, keys: readonly string[]): Promise<void>
}

export interface ImageReads {
  find(repositoryId: string, digest: Digest): Promise<Image | undefined>
  findByTag(repositoryId: string, tag: string): Promise<Image | undefined>
  summary(repositoryId: string, digest: Digest): Promise<ImageSummary | undefined>
  /** Those of `digests` that exist, in no promised order. */
  summaries(repositoryId: string, digests: readonly Digest[]): Promise<readonly ImageSummary[]>
  /** Ordered by digest, those after `after`. */
  page(
    repositoryId: string,
    status: TagStatus,
    after: Digest | undefined,
    limit: number,
  ): Promise<readonly ImageSummary[]>
  /** (digest, tag) pairs ordered by digest, then tag; an untagged image is one row. */
  pageIds(
    repositoryId: string,
    status: TagStatus,
    after: { readonly digest: Digest; readonly tag: string | undefined } | undefined,
    limit: number,
  ): Promise<readonly ImageIdRow[]>
  /** Images whose subject is `subject`, ordered by digest; with `artifactTypes`, only those of one of these types. */
  referrers(
    repositoryId: string,
    subject: Digest,
    artifactTypes: readonly string[] | undefined,
    after: Digest | undefined,
    limit: number,
  ): Promise<readonly ImageSummary[]>
  /** Digests of the indexes that name `digest` as a child, ordered, at most `limit`. */
  parents(repositoryId: string, digest: Digest, limit: number): Promise<readonly Digest[]>
  count(repositoryId: string): Promise<number>
  /** Whether the repository holds fewer than `limit`. */
  isBelow(repositoryId: string, limit: number): Promise<boolean>
  /** True when the repository holds at least one image. */
  any(repositoryId: string): Promise<boolean>
}

export interface ImageWrites extends ImageReads {
  /**
   * Stores a new image with its references. The caller has checked, in this transaction, that every layer is in the repository and
   * every child exists; the foreign keys hold it to that. An image of this digest that was deleted and is kept is kept no longer.
   */
  put(repositoryId: string, image: Image, layers: readonly LayerReference[], children: readonly Digest[]): Promise<void>
  /** Removes image and references (not tags: remove those first) and leases every layer it referenced until `leaseUntilMs`. */
  remove(repositoryId: string, digest: Digest, leaseUntilMs: number): Promise<void>
  notePull(repositoryId: string, digest: Digest, atMs: number): Promise<void>
}

export interface TagReads {
  find(repositoryId: string, tag: string): Promise<Digest | undefined>
  /** Tags in byte order, those after `after`. */
  page(repositoryId: string, after: string | undefined, limit: number): Promise<readonly TagRow[]>
  /** Tags of each of `digests`, in byte order. */
  of(repositoryId: string, digests: readonly Digest[]): Promise<ReadonlyMap<Digest, readonly string[]>>
  countOf(repositoryId: string, digest: Digest): Promise<number>
}

export interface TagWrites extends TagReads {
  /** Creates the tag or moves it. */
  put(repositoryId: string, tag: string, digest: Digest, atMs: number): Promise<void>
  remove(repositoryId: string, tag: string): Promise<void>
  /** Removes every tag of an image, and gives their names in byte order. */
  removeOf(repositoryId: string, digest: Digest): Promise<readonly string[]>
}

export interface LayerReads {
  find(repositoryId: string, digest: Digest): Promise<Layer | undefined>
  findMany(repositoryId: string, digests: readonly Digest[]): Promise<readonly Layer[]>
  /** Of the pieces of a blob's file (src/lib/checksums.ts); `undefined` when they are not known. */
  checksums(phys: string): Promise<readonly number[] | undefined>
}

export interface LayerWrites extends LayerReads {
  /**
   * Makes the blob of a finished upload a member of the repository with a lease, and removes the upload's row. Where a blob of this
   * digest exists already (and is not bad), that one stays and `phys` goes to the trash; where it is bad, `phys` takes its place.
   */
  commit(
    upload: Upload,
    blob: { readonly digest: Digest; readonly size: number; readonly checksums?: readonly number[] },
    nowMs: number,
    leaseUntilMs: number,
  ): Promise<void>
  /** Makes an existing blob a member of another repository. False when there is no such blob, or it is bad. */
  mount(repositoryId: string, digest: Digest, leaseUntilMs: number): Promise<boolean>
  /** Lengthens (never shortens) the lease. */
  lease(repositoryId: string, digests: readonly Digest[], leaseUntilMs: number): Promise<void>
  /** Ends the membership of a blob that no manifest of the repository names. False when one does, or it is not a member. */
  remove(repositoryId: string, digest: Digest): Promise<boolean>
  /**
   * Marks the blob with this physical name as damaged: from now on it is absent for everyone until it is pushed again. False when no
   * blob has that name (any more).
   */
  markBad(phys: string): Promise<boolean>
}

/** For the collector: what it may take away. Each of these walks an index that holds nothing but candidates. */
export interface CollectorReads {
  /** Leases that ended before `nowMs`, oldest first, those after `after`. */
  endedLeases(nowMs: number, after: EndedLease | undefined, limit: number): Promise<readonly EndedLease[]>
  /** Digests of blobs that lost a membership, in byte order, those after `after`: another one may be left. */
  released(after: Digest | undefined, limit: number): Promise<readonly Digest[]>
}

export interface CollectorWrites extends CollectorReads {
  /**
   * Ends the memberships of `leases` that no manifest names and whose lease ended before `nowMs`, as the tables are in this transaction.
   * Gives how many. Throws `StillReferencedError` when something else refers to one of them.
   */
  endLeases(leases: readonly EndedLease[], nowMs: number): Promise<number>
  /**
   * Takes `digests` off the released ones, and removes those blobs that have no membership left: their files go to the trash until
   * `notBeforeMs`. Gives what was removed. Throws `StillReferencedError` when something else refers to one of them.
   */
  removeBlobs(
    digests: readonly Digest[],
    notBeforeMs: number,
  ): Promise<readonly { readonly digest: Digest; readonly size: number }[]>
}

export interface DeletedImageReads {
  find(repositoryId: string, digest: Digest): Promise<DeletedImage | undefined>
  /** Ordered by digest, those after `after`, ended ones too. */
  page(repositoryId: string, after: Digest | undefined, limit: number): Promise<readonly DeletedImageSummary[]>
  /** Those that ended before `nowMs`, oldest first. */
  ended(nowMs: number, limit: number): Promise<readonly { readonly repositoryId: string; readonly digest: Digest }[]>
}

export interface DeletedImageWrites extends DeletedImageReads {
  /** Keeps a copy of an image that this transaction is about to remove. */
  keep(
    repositoryId: string,
    digest: Digest,
    kept: Pick<DeletedImageSummary, 'tags' | 'deletedAtMs' | 'untilMs'>,
  ): Promise<void>
  /** Forgets those of `images` that ended before `nowMs`. Gives how many. */
  removeEnded(
    images: readonly { readonly repositoryId: string; readonly digest: Digest }[],
    nowMs: number,
  ): Promise<number>
}

/** Sizes, for operators. Never used on the way of a push or a pull. */
export interface UsageReads {
  /** Repositories of every registry, in the order of kind, account, region and name. */
  repositories(
    after: { readonly registry: RegistryKey; readonly name: string } | undefined,
    limit: number,
  ): Promise<
    readonly { readonly id: string; readonly registry: RegistryKey; readonly name: string; readonly images: number }[]
  >
  /** Layers of a repository, damaged ones too, in the order of their digests, those after `after`. */
  layersOf(repositoryId: string, after: Digest | undefined, limit: number): Promise<readonly SizeRow[]>
  /** Manifests of a repository, in the order of their digests, those after `after`. */
  manifestsOf(repositoryId: string, after: Digest | undefined, limit: number): Promise<readonly SizeRow[]>
  /** Layers of all repositories, each once, in the order of their digests, those after `after`. */
  blobs(after: Digest | undefined, limit: number): Promise<readonly BlobUsageRow[]>
  /** Ids of open uploads, in byte order, those after `after`. */
  uploads(after: string | undefined, limit: number): Promise<readonly string[]>
}

export interface SizeRow {
  readonly digest: Digest
  readonly bytes: number
}

export interface BlobUsageRow extends SizeRow {
  /** True when a manifest of some repository names it. */
  readonly referenced: boolean
  /** When the last of its leases ends; `undefined` when no repository has it any more. */
  readonly leaseUntilMs: number | undefined
}

export interface UploadReads {
  find(id: string): Promise<Upload | undefined>
  /** Uploads that ended before `nowMs`, oldest first. */
  expired(nowMs: number, limit: number): Promise<readonly Upload[]>
  /**
   * Whether the account has fewer than `limit`. Asked in this form, as all that changes with every write: what a transaction learns from it stays so
   * while others commit.
   */
  isBelow(accountId: string, limit: number): Promise<boolean>
}

export interface UploadWrites extends UploadReads {
  create(upload: Upload): Promise<void>
  /** Notes progress: a new end of life, and for API parts one more part. */
  touch(
    id: string,
    change: { readonly expiresAtMs: number; readonly part?: { readonly small: boolean } },
  ): Promise<void>
  /** Removes the row; its physical name and its upload file go to the trash. */
  discard(id: string, reason: string, nowMs: number): Promise<void>
}

/** A file that nothing refers to any more and that may be unlinked from `notBeforeMs` on. */
export interface TrashItem {
  readonly phys: string
  readonly notBeforeMs: number
  /** Bytes of the file; 0 where it was never finished. */
  readonly bytes: number
}

export interface TrashReads {
  /** Items whose time has come, oldest first, those after `after`. */
  due(nowMs: number, limit: number, after?: TrashItem): Promise<readonly TrashItem[]>
}

export interface TrashWrites extends TrashReads {
  /** `bytes` is the size of the file; 0 where it was never finished. */
  put(phys: string, reason: string, notBeforeMs: number, bytes?: number): Promise<void>
  /** Forgets items whose files are gone. Gives how many were there. */
  remove(names: readonly string[]): Promise<number>
}

/** A time in which no file is unlinked, put by whoever reads files that an earlier state of the tables names. */
export interface Hold {
  readonly id: string
  /** For whoever looks at the table. */
  readonly reason: string
  /** Until then, should nobody renew it. */
  readonly untilMs: number
}

export interface HoldReads {
  /** True while at least one lasts. */
  any(nowMs: number): Promise<boolean>
}

export interface HoldWrites extends HoldReads {
  /** Creates it, or renews it. */
  put(hold: Hold): Promise<void>
  remove(id: string): Promise<void>
  /** Forgets those that nobody renewed. */
  removeEnded(nowMs: number): Promise<void>
}

/** For recovery and fsck only: what the tables say about physical names, in byte order. Never used on a request path. */
export interface PhysReads {
  blobs(
    after: string | undefined,
    limit: number,
  ): Promise<readonly { readonly phys: string; readonly size: number; readonly bad: boolean }[]>
  /** Whether some table (blob, trash or upload) knows the name. */
  isOwned(phys: string): Promise<boolean>
}

export interface MetadataReads {
  readonly registries: RegistryReads
  readonly catalog: CatalogReads
  readonly gallery: GalleryReads
  readonly policies: PolicyReads
  readonly identities: IdentityReads
  readonly repositories: RepositoryReads
  readonly images: ImageReads
  readonly tags: TagReads
  readonly layers: LayerReads
  readonly uploads: UploadReads
  readonly deletedImages: DeletedImageReads
  readonly trash: TrashReads
  readonly holds: HoldReads
  readonly outbox: OutboxReads
  readonly collector: CollectorReads
  readonly usage: UsageReads
  readonly phys: PhysReads
  readonly audit: AuditReads
}

export interface MetadataWrites {
  readonly registries: RegistryWrites
  readonly catalog: CatalogWrites
  readonly gallery: GalleryWrites
  readonly policies: PolicyWrites
  readonly identities: IdentityWrites
  readonly repositories: RepositoryWrites
  readonly images: ImageWrites
  readonly tags: TagWrites
  readonly layers: LayerWrites
  readonly uploads: UploadWrites
  readonly deletedImages: DeletedImageWrites
  readonly trash: TrashWrites
  readonly holds: HoldWrites
  readonly outbox: OutboxWrites
  readonly collector: CollectorWrites
  readonly phys: PhysReads
  readonly audit: AuditWrites
}

export interface Metadata {
  /** Committed state. */
  readonly read: MetadataReads
  /**
   * Runs `work` in one write transaction and resolves when it is durable. `work` awaits nothing but `tx`, may run more than once (a
   * conflict on an engine with several writers, a disk that is full), and rolls back when it throws. Throws `StorageFullError`,
   * `StorageBusyError`.
   * @param purpose `makes room`: what takes something away may use the room that is kept for a full disk
   */
  write<T>(work: (tx: MetadataWrites) => Promise<T>, purpose?: 'makes room'): Promise<T>
  /** Answers when the store can be read. */
  ping(): Promise<void>
  close(): Promise<void>
}
