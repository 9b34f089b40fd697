// What the domain asks of the store for the gallery: the public repositories that are shown, by the words they are found by, and how often
// each was downloaded.

/** What the gallery knows an architecture or a system by (user guide of Amazon ECR Public, "Repository catalog data"); other ones are kept and not shown. */
export const shownArchitectures = ['ARM', 'ARM 64', 'x86', 'x86-64'] as const
export const shownOperatingSystems = ['Linux', 'Windows'] as const

export type ShownArchitecture = (typeof shownArchitectures)[number]
export type ShownOperatingSystem = (typeof shownOperatingSystems)[number]

/** What a list of repositories shows of one. */
export interface GalleryCard {
  readonly description?: string | undefined
  readonly architectures?: readonly string[] | undefined
  readonly operatingSystems?: readonly string[] | undefined
  /** The name of the logo's file. */
  readonly logo?: string | undefined
}

/** A word as `lib/search-words.ts` makes it. */
export interface GalleryWord {
  readonly word: string
  /** The alias that it has in it, with which it goes; `undefined` for the repository's own. */
  readonly alias: string | undefined
}

export interface GalleryEntry {
  readonly repositoryId: string
  readonly accountId: string
  readonly name: string
  readonly verified: boolean
  readonly updatedAtMs: number
  readonly card: GalleryCard
  readonly words: readonly GalleryWord[]
}

/** The most words of one query. */
export const queryWordsMax = 11

export interface GalleryQuery {
  /** A repository fits when each of them begins one of its words. At most `queryWordsMax`. */
  readonly words: readonly string[]
  readonly verified: boolean | undefined
  /** A repository fits when it has one of them; all do when there are none. */
  readonly architectures: readonly ShownArchitecture[]
  readonly operatingSystems: readonly ShownOperatingSystem[]
  /** Most downloaded first, by name, or the last pushed first. Ties are by name, then in an order that stays. */
  readonly order: GalleryOrder
  /** The same order from its end. */
  readonly backwards: boolean
}

export type GalleryOrder = 'POPULARITY' | 'NAME' | 'DATE'

/** Where a row stands in the order that it was read in. */
export interface GalleryPosition {
  readonly key: number
  readonly name: string
  readonly number: number
}

export interface GalleryRow {
  readonly name: string
  readonly accountId: string
  /** The registry's primary alias. */
  readonly alias: string
  readonly displayName: string | undefined
  readonly verified: boolean
  readonly downloads: number
  readonly card: GalleryCard
  readonly position: GalleryPosition
}

export interface GalleryReads {
  /** How many repositories fit. */
  count(query: GalleryQuery): Promise<number>
  /**
   * Those after `after`, in the query's order.
   * @param total as `count` gave it: how the rows are best found depends on it, which rows does not
   */
  page(
    query: GalleryQuery,
    total: number,
    after: GalleryPosition | undefined,
    limit: number,
  ): Promise<readonly GalleryRow[]>
  /** 0 for a repository that was never shown. */
  downloads(repositoryId: string): Promise<number>
}

export interface GalleryWrites extends GalleryReads {
  /** Shows a repository from now on, or shows it anew. Its downloads stay. */
  put(entry: GalleryEntry): Promise<void>
  /** Says when a repository was last pushed to. False when it is not shown: nothing was changed. */
  notePush(repositoryId: string, atMs: number): Promise<boolean>
  /** Replaces a repository's card and its own words. False when it is not shown: nothing was changed. */
  describe(repositoryId: string, card: GalleryCard, words: readonly string[]): Promise<boolean>
  /** It is not found any more. Its downloads stay as long as it does. */
  hide(repositoryId: string): Promise<void>
  /** For all repositories of an account. */
  verify(accountId: string, verified: boolean): Promise<void>
  /** Adds, for all repositories of an account that are shown, the words `<beginning>/<name>`, which go with the alias. */
  putAlias(accountId: string, alias: string, beginnings: readonly string[]): Promise<void>
  removeAlias(accountId: string, alias: string): Promise<void>
  /** Repositories that are gone are left out. */
  addDownloads(repositoryId: string, count: number): Promise<void>
}
