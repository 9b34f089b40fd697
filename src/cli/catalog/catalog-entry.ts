import type { Infer } from '../../model/schema.ts'
import type { repositoryCatalogDataInput } from '../../model/shapes/public/catalog.ts'

/** What a directory says of one repository of a public registry. */
export interface CatalogEntry {
  /** Where it stands in the directory, which is its address without the host: `<alias>/<repository>`. */
  readonly path: string
  readonly alias: string
  readonly repositoryName: string
  /** All of it: what is absent here is to be absent on the server. */
  readonly catalogData: Infer<typeof repositoryCatalogDataInput>
  /** Key to value; `undefined` leaves those on the server as they are. */
  readonly tags: ReadonlyMap<string, string> | undefined
}

/** The files that make a directory a repository. */
export const memberFiles = ['catalog.yaml', 'about.md', 'usage.md', 'logo.png'] as const
export type MemberFile = (typeof memberFiles)[number]
