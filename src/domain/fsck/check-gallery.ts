import { letOthersRun } from '../../lib/event-loop.ts'
import type { GalleryEntry } from '../ports/gallery.ts'
import type { MetadataReads, MetadataWrites } from '../ports/metadata.ts'
import type { AuditTotals } from '../ports/store-audit.ts'
import { galleryEntryOf } from '../public/gallery-entries.ts'
import { publicRegistryOf } from '../references.ts'
import type { Checking } from './checking.ts'
import { repositoryNamed } from './names.ts'

const batch = 500

/** The gallery shows every public repository that holds an image, by the words and the card that its own rows give, and no other one. */
export async function checkGallery(checking: Checking, totals: AuditTotals): Promise<void> {
  const { metadata, progress } = checking
  progress.begin('gallery', totals.repositories)
  for (let after: string | undefined; ;) {
    const shown = await metadata.read.audit.galleryRepositories(after, batch)
    for (const id of shown) await checkOne(checking, id)
    progress.advance(shown.length)
    after = shown.at(-1)
    if (shown.length < batch) break
    await letOthersRun()
  }
  await checkRegistries(checking)
}

async function checkOne(checking: Checking, repositoryId: string): Promise<void> {
  const { metadata, report } = checking
  if ((await faultsOf(metadata.read, repositoryId)).length === 0) return
  // Read one after the other, of two moments perhaps: inside a transaction they are of one.
  const faults = await metadata.write((tx) => faultsOf(tx, repositoryId))
  if (faults.length === 0) return
  await report('gallery-entry', await repositoryNamed(checking, repositoryId), faults.join(', '), () =>
    metadata.write((tx) => repair(tx, repositoryId)),
  )
}

type Reads = Pick<MetadataReads, 'audit' | 'catalog' | 'images' | 'registries'>

async function faultsOf(reads: Reads, repositoryId: string): Promise<readonly string[]> {
  try {
    return await reads.audit.galleryFaults(repositoryId, await expected(reads, repositoryId))
  } catch (error) {
    // Catalog data that are not JSON are a finding of their own; what to show of them nobody knows.
    if (error instanceof SyntaxError) return []
    throw error
  }
}

async function expected(reads: Reads, repositoryId: string): Promise<GalleryEntry | undefined> {
  const shown = await reads.audit.galleryRepository(repositoryId)
  if (!shown?.isPublic || !(await reads.images.any(repositoryId))) return undefined
  const { accountId, name, createdAtMs, updatedAtMs = createdAtMs } = shown
  return galleryEntryOf(reads, { id: repositoryId, name, registry: publicRegistryOf(accountId) }, updatedAtMs)
}

async function repair(tx: MetadataWrites, repositoryId: string): Promise<void> {
  const entry = await expected(tx, repositoryId)
  if (entry) await tx.gallery.put(entry)
  else await tx.gallery.hide(repositoryId)
  const downloads = await tx.gallery.downloads(repositoryId)
  if (downloads < 0) await tx.gallery.addDownloads(repositoryId, -downloads)
}

/** Every public registry has one alias that the service issued, and one that addresses are printed with. */
async function checkRegistries({ metadata, report }: Checking): Promise<void> {
  for (let after: string | undefined; ;) {
    const registries = await metadata.read.registries.page(after, batch)
    for (const { accountId } of registries) {
      if ((await aliasFaults(metadata.read, accountId)).length === 0) continue
      const faults = await metadata.write((tx) => aliasFaults(tx, accountId))
      if (faults.length > 0) await report('registry-alias', `public registry ${accountId}`, faults.join(', '))
    }
    after = registries.at(-1)?.accountId
    if (registries.length < batch) return
  }
}

const statuses: ReadonlySet<string> = new Set(['ACTIVE', 'PENDING', 'REJECTED'])

async function aliasFaults(reads: Pick<MetadataReads, 'registries'>, accountId: string): Promise<readonly string[]> {
  const aliases = await reads.registries.aliases(accountId)
  const primary = aliases.filter((alias) => alias.primary)
  const issued = aliases.filter((alias) => alias.default)
  return [
    ...(primary.length === 1 ? [] : [`${primary.length} of its aliases are the primary one`]),
    ...(issued.length === 1 ? [] : [`${issued.length} of its aliases are the issued one`]),
    ...aliases.filter(({ status }) => !statuses.has(status)).map(({ name, status }) => `${name} is ${status}`),
    ...primary.filter(({ status }) => status !== 'ACTIVE').map(({ name }) => `${name} is primary and not active`),
  ]
}
