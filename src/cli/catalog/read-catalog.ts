// A catalog directory as entries: all of it is read and checked before anything is sent, and every fault is told at once.

import { join } from 'node:path'

import { logoFault } from '../../domain/public/logos.ts'
import { aliasName } from '../../model/shapes/admin.ts'
import { repositoryCatalogDataInput } from '../../model/shapes/public/catalog.ts'
import { repositoryName as nameShape } from '../../model/shapes/public/common.ts'
import { violation } from '../../model/violation.ts'
import { CommandError } from '../command-error.ts'
import type { CatalogEntry, MemberFile } from './catalog-entry.ts'
import { type CatalogDirectory, findCatalogFiles } from './find-catalog-files.ts'
import { parseCatalogFile } from './parse-catalog-file.ts'
import { printable } from './printable.ts'
import { FileFault, readMemberFile, textOf } from './read-member-file.ts'

/** More than the longest text and the fullest catalog.yaml have. How many characters there may be is said by the shape. */
const textBytesMax = 1024 * 1024
const logoBytesMax = 512_000

export interface Catalog {
  /** In the order of their paths; one at least. */
  readonly entries: readonly CatalogEntry[]
  /** Paths of files and links that have no meaning in a catalog. */
  readonly ignored: readonly string[]
}

/** Throws one CommandError that lists every fault by file. */
export async function readCatalog(root: string): Promise<Catalog> {
  const { directories, ignored, faults: found } = await findCatalogFiles(root)
  const faults = [...found]
  const entries: CatalogEntry[] = []
  for (const directory of directories) {
    const entry = await readEntry(root, directory, faults)
    const placeFault = faultOfPlace(directory)
    if (placeFault === undefined) entries.push(entry)
    else faults.push(`${printable(directory.path) || '.'}: ${placeFault}`)
  }
  faults.push(...twinFaults(entries))
  if (faults.length > 0) {
    throw new CommandError(
      `nothing was sent:${faults
        .toSorted()
        .map((fault) => `\n  ${fault}`)
        .join('')}`,
      2,
    )
  }
  if (entries.length > 0) return { entries, ignored }
  throw new CommandError(`${root} holds no <alias>/<repository> with a catalog.yaml, about.md, usage.md or logo.png`, 2)
}

function faultOfPlace({ path }: CatalogDirectory): string | undefined {
  const { alias, repositoryName } = partsOf(path)
  if (repositoryName === '') return 'the files of a repository stand in <alias>/<repository>'
  const aliasFault = violation(aliasName, alias)
  if (aliasFault) return `the alias ${aliasFault.constraint}`
  const nameFault = violation(nameShape, repositoryName)
  return nameFault && `the name of the repository ${nameFault.constraint}`
}

function partsOf(path: string): { readonly alias: string; readonly repositoryName: string } {
  const [alias = '', ...parts] = path.split('/')
  return { alias, repositoryName: parts.join('/') }
}

/** The entry, as far as it can be read; what is wrong with its files joins `faults`. */
async function readEntry(root: string, { path, files }: CatalogDirectory, faults: string[]): Promise<CatalogEntry> {
  let entry: CatalogEntry = { path, ...partsOf(path), catalogData: {}, tags: undefined }
  for (const file of files) {
    const at = printable(join(path, file))
    try {
      const { catalogData, tags = entry.tags, faults: more = [] } = await readers[file](join(root, path, file))
      entry = { ...entry, catalogData: { ...entry.catalogData, ...catalogData }, tags }
      faults.push(...more.map((sentence) => `${at}: ${sentence}`))
    } catch (error) {
      if (!(error instanceof FileFault)) throw error
      faults.push(`${at}: ${printable(error.message)}`)
    }
  }
  return entry
}

interface Read extends Pick<CatalogEntry, 'catalogData'>, Partial<Pick<CatalogEntry, 'tags'>> {
  readonly faults?: readonly string[]
}

const readers: Readonly<Record<MemberFile, (path: string) => Promise<Read>>> = {
  'catalog.yaml': async (path) => {
    const { file, faults } = parseCatalogFile(await readText(path))
    const { tags, ...catalogData } = file
    return { catalogData, tags: tags && new Map(Object.entries(tags).map(([key, value = '']) => [key, value])), faults }
  },
  'about.md': async (path) => checked({ aboutText: await readText(path) }),
  'usage.md': async (path) => checked({ usageText: await readText(path) }),
  'logo.png': async (path) => {
    const logoImageBlob = await readMemberFile(path, logoBytesMax)
    const fault = logoFault(logoImageBlob)
    if (fault !== undefined) throw new FileFault(fault)
    return checked({ logoImageBlob })
  },
}

const readText = async (path: string): Promise<string> => textOf(await readMemberFile(path, textBytesMax))

/** Throws FileFault for what breaks a constraint of the API's. */
function checked(catalogData: CatalogEntry['catalogData']): Read {
  const broken = violation(repositoryCatalogDataInput, catalogData)
  if (broken) throw new FileFault(broken.constraint)
  return { catalogData }
}

/** All aliases of an account lead to one registry: below two of them the same name is the same repository. */
function twinFaults(entries: readonly CatalogEntry[]): readonly string[] {
  const first = new Map<string, CatalogEntry>()
  const faults: string[] = []
  for (const entry of entries) {
    const twin = first.get(entry.repositoryName)
    if (twin) faults.push(`${printable(entry.path)}: would be the same repository as ${printable(twin.path)}`)
    else first.set(entry.repositoryName, entry)
  }
  return faults
}
