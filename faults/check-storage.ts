// C7 and C8: the program's own check finds nothing, and every file of a layer belongs to a row, as every row has its file.

import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

import type { Problem } from './fault-test.ts'
import { runStowage } from './server.ts'

export interface StorageFigures {
  readonly layers: number
  readonly bytes: number
  readonly trash: number
}

/** A row and its file change one after the other; what is still wrong a moment later is wrong. */
const moments = 20
const momentMs = 100

/** Runs `stowage fsck`. */
export async function checkByProgram(dataDir: string): Promise<readonly Problem[]> {
  const { code, stdout, stderr } = await runStowage(['fsck', '--json', '--data', dataDir])
  if (code === 0) return []
  return [
    { rule: 'C7', text: `stowage fsck ended with ${String(code)}: ${stdout.slice(0, 2000)}${stderr.slice(0, 500)}` },
  ]
}

/** Compares names and sizes, beside the running server. */
export async function checkFiles(
  dataDir: string,
): Promise<{ readonly problems: readonly Problem[]; readonly figures: StorageFigures }> {
  using database = new DatabaseSync(join(dataDir, 'metadata.db'), { readOnly: true })
  for (let moment = 1; ; moment++) {
    const found = compare(dataDir, database)
    if (found.problems.length === 0 || moment === moments) return found
    await sleep(momentMs)
  }
}

function compare(
  dataDir: string,
  database: DatabaseSync,
): { readonly problems: readonly Problem[]; readonly figures: StorageFigures } {
  // Files first, owners second: a file that comes in between is not looked at, and a name is owned before its file is there.
  const files = filesIn(join(dataDir, 'blobs'))
  const blobs = new Map(rowsOf(database, 'select phys, size, bad from blob').map((row) => [String(row['phys']), row]))
  const trash = namesOf(database, 'select phys from trash')
  const uploads = namesOf(database, 'select phys from upload')
  const problems: Problem[] = []
  for (const [name, size] of files) {
    if (!blobs.has(name) && !trash.has(name) && !uploads.has(name))
      problems.push({ rule: 'C8', text: `the file ${name} of ${size} bytes belongs to no row` })
  }
  for (const [name, { size, bad }] of blobs) {
    if (trash.has(name)) problems.push({ rule: 'C8', text: `${name} is a layer and in the trash` })
    if (Number(bad) !== 0) problems.push({ rule: 'C8', text: `${name} is marked as damaged` })
    else if (files.get(name) !== Number(size) && sizeOf(join(dataDir, 'blobs', name)) !== Number(size))
      problems.push({
        rule: 'C8',
        text: `${name} has ${files.get(name) ?? 'no'} bytes on disk and ${String(size)} in its row`,
      })
  }
  const bytes = [...blobs.values()].reduce((sum, { size }) => sum + Number(size), 0)
  return { problems, figures: { layers: blobs.size, bytes, trash: trash.size } }
}

function rowsOf(database: DatabaseSync, query: string): readonly Record<string, unknown>[] {
  return database.prepare(query).all()
}

function namesOf(database: DatabaseSync, query: string): ReadonlySet<string> {
  return new Set(rowsOf(database, query).map((row) => String(row['phys'])))
}

function filesIn(directory: string): ReadonlyMap<string, number> {
  const files = new Map<string, number>()
  for (const prefix of readdirSync(directory)) {
    for (const name of readdirSync(join(directory, prefix))) {
      const size = sizeOf(join(directory, prefix, name))
      if (size !== undefined) files.set(`${prefix}/${name}`, size)
    }
  }
  return files
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size
}
