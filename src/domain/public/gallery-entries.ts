// What is found in the gallery, kept in the transactions that change it: every public repository that holds an image, and no other one.

import { markOf, wordCharactersMax, wordsOf } from '../../lib/search-words.ts'
import type { GalleryCard, GalleryEntry, GalleryWord } from '../ports/gallery.ts'
import type { CatalogData, MetadataReads, MetadataWrites, RegistryAlias, Repository } from '../ports/metadata.ts'

/** After a push: the repository is shown, and is the last one that was pushed to. */
export async function showPushed(tx: MetadataWrites, repository: Repository, nowMs: number): Promise<void> {
  if (repository.registry.kind !== 'public' || (await tx.gallery.notePush(repository.id, nowMs))) return
  await tx.gallery.put(await galleryEntryOf(tx, repository, nowMs))
}

type Shown = Pick<Repository, 'id' | 'name' | 'registry'>

/** What the gallery is to say of a public repository that holds an image. */
export async function galleryEntryOf(
  reads: Pick<MetadataReads, 'catalog' | 'registries'>,
  repository: Shown,
  updatedAtMs: number,
): Promise<GalleryEntry> {
  const { id, name, registry } = repository
  const { accountId } = registry
  const data = (await reads.catalog.find(id)) ?? {}
  const aliases = (await reads.registries.aliases(accountId)).filter(({ status }) => status === 'ACTIVE')
  const words: readonly GalleryWord[] = [
    ...ownWords(repository, data).map((word) => ({ word, alias: undefined })),
    ...aliases.flatMap((alias) =>
      wordsOf(alias.name).map((beginning) => ({
        word: `${beginning}/${name}`.slice(0, wordCharactersMax),
        alias: alias.name,
      })),
    ),
  ]
  const verified = (await reads.registries.find(accountId))?.verified ?? false
  return { repositoryId: id, accountId, name, verified, updatedAtMs, card: cardOf(data), words }
}

/** After images were deleted. */
export async function hideEmpty(tx: MetadataWrites, repository: Repository): Promise<void> {
  if (repository.registry.kind === 'public' && !(await tx.images.any(repository.id)))
    await tx.gallery.hide(repository.id)
}

/** After its catalog data was replaced; nothing when it is not shown. */
export async function redescribe(tx: MetadataWrites, repository: Repository, data: CatalogData): Promise<void> {
  await tx.gallery.describe(repository.id, cardOf(data), ownWords(repository, data))
}

/** After an alias was made, judged or taken away: repositories are found by active ones. */
export async function noteAlias(tx: MetadataWrites, alias: RegistryAlias, isThere: boolean): Promise<void> {
  const { accountId, name, status } = alias
  if (isThere && status === 'ACTIVE') await tx.gallery.putAlias(accountId, name, wordsOf(name))
  else await tx.gallery.removeAlias(accountId, name)
}

/** The word that all repositories of a registry have, and nobody can look for. */
export function registryMark(accountId: string): string {
  return markOf(accountId)
}

function ownWords({ name, registry }: Shown, { description = '' }: CatalogData): readonly string[] {
  return [...new Set([registryMark(registry.accountId), ...wordsOf(name), ...wordsOf(description)])]
}

function cardOf({ description, architectures, operatingSystems, logo }: CatalogData): GalleryCard {
  return { description, architectures, operatingSystems, logo }
}
