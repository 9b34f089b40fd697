// The walk through a catalog directory: which directories are repositories, by the names of the files in them. Reads no file.

import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

import { CommandError } from '../command-error.ts'
import { memberFiles, type MemberFile } from './catalog-entry.ts'
import { printable } from './printable.ts'

/** More is taken for a mistake, such as the root of the file system. */
const entriesMax = 100_000
/** The names of an alias and of a repository, and the slash between. Nothing deeper can be a repository. */
const pathCharactersMax = 50 + 1 + 205

export interface CatalogDirectory {
  /** From the root of the catalog, parts separated by slashes; empty for the root itself. */
  readonly path: string
  readonly files: readonly MemberFile[]
}

export interface CatalogFiles {
  /** Those that hold at least one of the member files, in the order of their paths. */
  readonly directories: readonly CatalogDirectory[]
  /** Paths of what has no meaning here. What begins with a dot is not even mentioned. */
  readonly ignored: readonly string[]
  /** Sentences that begin with a path. */
  readonly faults: readonly string[]
}

/** Follows no symbolic link below the root. Throws a CommandError when there is too much or the root can not be read. */
export async function findCatalogFiles(root: string): Promise<CatalogFiles> {
  const directories: CatalogDirectory[] = []
  const ignored: string[] = []
  const faults: string[] = []
  const open = ['']
  let seen = 0
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const files: MemberFile[] = []
    for (const entry of await list(root, path, faults)) {
      if (entry.name.startsWith('.')) continue
      if (++seen > entriesMax) {
        throw new CommandError(`${root} holds more than ${entriesMax} files: is it the right directory?`, 2)
      }
      const below = path === '' ? entry.name : `${path}/${entry.name}`
      const member = memberFiles.find((name) => name === entry.name)
      if (entry.isDirectory() && member === undefined) {
        if (below.length <= pathCharactersMax) open.push(below)
        else faults.push(`${printable(below)}: is longer than the address of a repository may be`)
      } else if (member === undefined) {
        ignored.push(below)
      } else if (entry.isFile()) {
        files.push(member)
      } else {
        faults.push(`${printable(below)}: is not a file${entry.isSymbolicLink() ? '; links are not followed' : ''}`)
      }
    }
    if (files.length > 0) directories.push({ path, files: memberFiles.filter((name) => files.includes(name)) })
  }
  return {
    directories: directories.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    ignored: ignored.toSorted(),
    faults,
  }
}

async function list(root: string, path: string, faults: string[]): Promise<readonly Dirent[]> {
  try {
    return await readdir(join(root, path), { withFileTypes: true })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    if (path === '') throw new CommandError(`cannot read the directory: ${printable(reason)}`, 2, error)
    faults.push(`${printable(path)}: ${printable(reason)}`)
    return []
  }
}
