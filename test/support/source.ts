// The project's own sources as text, and what they import: for the tests of the structure.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

export interface Import {
  /** Path below the project's root for our own files, else the specifier. */
  readonly target: string
  readonly own: boolean
  readonly typeOnly: boolean
  /** Loaded when it is called for, or in another thread. */
  readonly dynamic: boolean
  readonly names: readonly string[]
}

export interface SourceFile {
  /** Path below the project's root, for example `src/domain/uploads.ts`. */
  readonly path: string
  /** Without comments. */
  readonly code: string
  readonly text: string
  readonly imports: readonly Import[]
}

/** All TypeScript files below `src/`. */
export function sourceFiles(): readonly SourceFile[] {
  return readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => readSource(relative(root, join(entry.parentPath, entry.name))))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8')
  const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '$1')
  return { path, text, code, imports: [...importsOf(path, code)] }
}

function* importsOf(path: string, code: string): Iterable<Import> {
  for (const [, typeOnly, clause, specifier = ''] of code.matchAll(
    /^(?:import|export)\s+(type\s+)?([\w\s{},*]*?)\s*from\s+'([^']+)'/gm,
  )) {
    yield { ...toImport(path, specifier, clause ?? ''), typeOnly: typeOnly !== undefined }
  }
  for (const [, specifier = ''] of code.matchAll(/^import\s+'([^']+)'/gm)) yield toImport(path, specifier, '')
  for (const [, specifier = ''] of code.matchAll(/\bimport\(\s*'([^']+)'/g))
    yield { ...toImport(path, specifier, ''), dynamic: true }
  for (const [, specifier = ''] of code.matchAll(/new URL\('(\.[^']+\.ts)', import\.meta\.url\)/g))
    yield { ...toImport(path, specifier, ''), dynamic: true }
}

function toImport(path: string, specifier: string, clause: string): Import {
  const own = specifier.startsWith('.')
  const target = own ? normalize(join(dirname(path), specifier)) : specifier
  const names = [...clause.matchAll(/(type\s+)?(\w+)(?:\s+as\s+\w+)?/g)].flatMap(([, type, name]) =>
    type || !name ? [] : [name],
  )
  return { target, own, typeOnly: false, dynamic: false, names }
}
