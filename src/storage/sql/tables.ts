// The tables as Kysely sees them. Only text and bigint columns, so that one set of queries runs on every engine: times are epoch
// milliseconds, booleans are 0 or 1, lists are JSON text.

export interface Tables {
  readonly repository: RepositoryRow
  readonly resource_tag: ResourceTagRow
  readonly blob: BlobRow
  readonly repo_blob: RepoBlobRow
  readonly released_blob: ReleasedBlobRow
  readonly manifest: ManifestRow
  readonly deleted_image: DeletedImageRow
  readonly manifest_blob: ManifestBlobRow
  readonly manifest_child: ManifestChildRow
  readonly tag: TagRow
  readonly upload: UploadRow
  readonly trash: TrashRow
  readonly upkeep: UpkeepRow
  readonly hold: HoldRow
  readonly public_registry: PublicRegistryRow
  readonly registry_alias: RegistryAliasRow
  readonly catalog_data: CatalogDataRow
  readonly repository_policy: RepositoryPolicyRow
  readonly gallery_repository: GalleryRepositoryRow
  readonly gallery_word: GalleryWordRow
  readonly registry_policy: RegistryPolicyRow
  readonly identity_version: IdentityVersionRow
  readonly account: AccountRow
  readonly iam_identity: IamIdentityRow
  readonly managed_policy: ManagedPolicyRow
  readonly policy_attachment: PolicyAttachmentRow
  readonly inline_policy: InlinePolicyRow
  readonly group_member: GroupMemberRow
  readonly access_key: AccessKeyRow
  readonly outbox_event: OutboxEventRow
}

/** One row: how often anything about identities was changed. */
export interface IdentityVersionRow {
  readonly id: number
  readonly version: number
}

export interface AccountRow {
  readonly account_id: string
  readonly name: string | null
  readonly organization_id: string | null
  readonly created_at_ms: number
}

/** A user, a group or a role. */
export interface IamIdentityRow {
  readonly id: string
  readonly account_id: string
  readonly type: string
  readonly name: string
  /** The name in lower case: names that differ in nothing else are the same. */
  readonly name_key: string
  readonly path: string
  readonly created_at_ms: number
  readonly boundary_id: string | null
  /** JSON: an array of keys and values. */
  readonly tags: string
  readonly revoked_before_ms: number | null
  readonly trust_policy: string | null
  readonly max_session_seconds: number | null
}

export interface ManagedPolicyRow {
  readonly id: string
  readonly account_id: string
  readonly name: string
  readonly name_key: string
  readonly path: string
  readonly document: string
  readonly created_at_ms: number
  readonly updated_at_ms: number
}

export interface PolicyAttachmentRow {
  readonly identity_id: string
  readonly policy_id: string
}

export interface InlinePolicyRow {
  readonly identity_id: string
  readonly name: string
  readonly document: string
}

export interface GroupMemberRow {
  readonly group_id: string
  readonly user_id: string
}

export interface AccessKeyRow {
  readonly access_key_id: string
  readonly user_id: string
  /** Sealed with a key that is not in the database. */
  readonly sealed_secret: string
  readonly active: number
  readonly created_at_ms: number
  readonly last_used_at_ms: number | null
}

export interface PublicRegistryRow {
  readonly account_id: string
  readonly display_name: string | null
  readonly verified: number
}

export interface RegistryAliasRow {
  readonly name: string
  readonly account_id: string
  readonly status: string
  readonly is_primary: number
  readonly is_default: number
  readonly created_at_ms: number
}

export interface CatalogDataRow {
  readonly repository_id: string
  /** JSON: what the port calls CatalogData. */
  readonly data: string
}

export interface RepositoryPolicyRow {
  readonly repository_id: string
  /** The policy's text as it is shown. */
  readonly body: string
}

export interface RegistryPolicyRow {
  readonly kind: string
  readonly account_id: string
  readonly region: string
  readonly body: string
}

/** A public repository that holds an image or once held one. Numbers of downloads and times are negative, so that every order goes upward. */
export interface GalleryRepositoryRow {
  readonly number: number
  readonly repository_id: string
  readonly account_id: string
  readonly name: string
  /** 1 while it holds an image. */
  readonly listed: number
  /** That of the registry, kept by the statements that change it. */
  readonly verified: number
  readonly negative_downloads: number
  readonly negative_updated_at_ms: number
  /** A bit each, see gallery.ts. */
  readonly architectures: number
  readonly systems: number
  /** JSON: what the port calls GalleryCard. */
  readonly card: string
}

/** What a repository is found by while it is listed. */
export interface GalleryWordRow {
  readonly word: string
  readonly number: number
  /** The alias that the word has in it; empty for the repository's own. */
  readonly source: string
}

export interface RepositoryRow {
  readonly id: string
  readonly kind: string
  readonly account_id: string
  readonly region: string
  readonly name: string
  readonly created_at_ms: number
  readonly encryption_type: string
  readonly kms_key: string | null
  readonly tag_mutability: string
  /** JSON: an array of strings. */
  readonly exclusion_filters: string
  readonly scan_on_push: number
  /** Kept by the statements that add and remove images: counting 10^5 rows at each push would cost milliseconds. */
  readonly image_count: number
}

export interface ResourceTagRow {
  readonly repository_id: string
  readonly key: string
  readonly value: string
}

/** The live file of a digest, shared by all repositories. */
export interface BlobRow {
  readonly digest: string
  readonly size: number
  readonly phys: string
  readonly created_at_ms: number
  /** When its bytes were last seen to match the digest. */
  readonly verified_at_ms: number
  /** 1 when its file is known to be damaged or missing: then it is absent for everyone. */
  readonly bad: number
  /** Base64 of the checksums of its pieces, four bytes each; null when they are not known. */
  readonly checksums: string | null
}

/** A blob's membership of a repository. */
export interface RepoBlobRow {
  readonly repository_id: string
  readonly digest: string
  readonly lease_until_ms: number
  /** 1 while a manifest of the repository names it: kept by the statements that add and remove images, so that the collector finds the others by an index. */
  readonly referenced: number
}

/** A blob that lost a membership: the collector looks whether another is left. */
export interface ReleasedBlobRow {
  readonly digest: string
}

export interface ManifestRow {
  readonly repository_id: string
  readonly digest: string
  readonly media_type: string
  readonly artifact_type: string | null
  readonly subject: string | null
  readonly manifest_bytes: number
  readonly image_bytes: number
  readonly pushed_at_ms: number
  readonly last_pulled_at_ms: number | null
  /** 1 while at least one tag names it: kept by the tag statements, so that pages of untagged images cost the same wherever they start. */
  readonly tagged: number
  readonly body: string
}

/** An image that was deleted and may be restored. */
export interface DeletedImageRow extends Omit<ManifestRow, 'tagged'> {
  /** JSON: the names of the tags it had. */
  readonly tags: string
  readonly deleted_at_ms: number
  readonly until_ms: number
}

export interface ManifestBlobRow {
  readonly repository_id: string
  readonly manifest_digest: string
  readonly digest: string
  readonly media_type: string
}

export interface ManifestChildRow {
  readonly repository_id: string
  readonly parent_digest: string
  readonly child_digest: string
}

export interface TagRow {
  readonly repository_id: string
  readonly name: string
  readonly digest: string
  readonly updated_at_ms: number
}

export interface UploadRow {
  readonly id: string
  readonly repository_id: string
  readonly account_id: string
  readonly phys: string
  readonly created_at_ms: number
  readonly expires_at_ms: number
  readonly parts: number
  readonly small_parts: number
  readonly last_part_small: number
}

export interface TrashRow {
  readonly phys: string
  readonly digest: string | null
  readonly reason: string
  readonly not_before_ms: number
  /** Bytes of the file; 0 where it was never finished. */
  readonly size: number
}

/** On its way to those it is for. */
export interface OutboxEventRow {
  readonly id: string
  readonly topic: string
  /** JSON. */
  readonly body: string
}

/** While one lasts no file is unlinked. */
export interface HoldRow {
  readonly id: string
  readonly reason: string
  readonly until_ms: number
}

/** When a piece of work was last done that is due less often than servers are started. */
export interface UpkeepRow {
  readonly name: string
  readonly done_at_ms: number
}
