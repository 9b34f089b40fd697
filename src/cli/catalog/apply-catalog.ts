// `stowage catalog apply`: makes the public repositories of the running server what a directory says. What differs is printed first.

import { createRepository } from '../../operations/public/create-repository.ts'
import { putRepositoryCatalogData } from '../../operations/public/put-repository-catalog-data.ts'
import { tagResource } from '../../operations/public/tag-resource.ts'
import { untagResource } from '../../operations/public/untag-resource.ts'
import { callApi } from '../call-api.ts'
import { CommandError } from '../command-error.ts'
import { keyFor } from '../env.ts'
import { getServer } from '../get-server.ts'
import type { RunningServer } from '../server-file.ts'
import type { CatalogEntry } from './catalog-entry.ts'
import { type EntryChanges, entryChanges } from './entry-changes.ts'
import { printable } from './printable.ts'
import { readCatalog } from './read-catalog.ts'
import { type Call, ownAliases, type RegistryAlias, findRepositoryArn, serverEntry } from './server-catalog.ts'

const say = (text: string): void => void process.stdout.write(`${text}\n`)

/** Throws CommandErrors: for faults in the directory and aliases of others' before anything is changed. */
export async function applyCatalog(data: string, directory: string, isDryRun: boolean): Promise<void> {
  const { entries, ignored } = await readCatalog(directory)
  for (const path of ignored) say(`! ignored ${printable(path)}`)
  const server = getServer(data)
  const key = keyFor(data, server.account)
  const call: Call = (operation, input) => callApi(server, key, operation, input)
  checkAliases(entries, await ownAliases(call))
  const steps = await compare(server, call, entries)
  for (const step of steps) say([headOf(step), ...step.changes.lines.map((line) => `    ${line}`)].join('\n'))
  const counts = countsOf(steps)
  const same = entries.length - steps.length
  if (steps.length === 0) return say(`nothing differs: ${same} the same`)
  say(`${counts.create} to create, ${counts.change} to change, ${same} the same`)
  if (isDryRun) return say('nothing was changed')
  for (const [index, step] of steps.entries()) {
    await applyStep(call, step).catch((error: unknown) => failAt(error, step, index, steps.length))
    say(`[${index + 1}/${steps.length}] ${step.kind === 'create' ? 'created' : 'changed'} ${step.entry.path}`)
  }
  say(`done: ${counts.create} created, ${counts.change} changed, ${same} the same`)
}

interface Step {
  readonly kind: 'create' | 'change'
  readonly entry: CatalogEntry
  readonly changes: EntryChanges
  /** Empty until it is created. */
  readonly resourceArn: string
}

/** Throws a CommandError unless every entry stands below an active alias of this registry. */
function checkAliases(entries: readonly CatalogEntry[], own: readonly RegistryAlias[]): void {
  const usable = new Set(own.filter(({ status }) => status === 'ACTIVE').map(({ name }) => name))
  const strange = [...new Set(entries.map(({ alias }) => alias))].filter((alias) => !usable.has(alias))
  if (strange.length === 0) return
  const known = own.map(({ name, status }) => (status === 'ACTIVE' ? name : `${name} (${status})`))
  const there =
    known.length > 0
      ? `it has ${known.join(', ')}`
      : 'it has none yet: "stowage admin registry alias add" gives it one, and so does its first public repository'
  throw new CommandError(`nothing was sent: no alias of this registry is ${strange.join(', ')}; ${there}`, 2)
}

async function compare(server: RunningServer, call: Call, entries: readonly CatalogEntry[]): Promise<readonly Step[]> {
  const steps: Step[] = []
  for (const entry of entries) {
    const resourceArn = await findRepositoryArn(call, entry.repositoryName)
    if (resourceArn === undefined) {
      const nothing = { lines: [], hasNewData: false, tagsToPut: [], tagKeysToRemove: [] }
      const changes = entryChanges(entry, { catalogData: {}, tags: new Map() }) ?? nothing
      steps.push({ kind: 'create', entry, changes, resourceArn: '' })
    } else {
      const changes = entryChanges(entry, await serverEntry(server, call, entry, resourceArn))
      if (changes) steps.push({ kind: 'change', entry, changes, resourceArn })
    }
  }
  return steps
}

function headOf({ kind, entry }: Step): string {
  return `${kind === 'create' ? '+ create' : '~ change'} ${entry.path}`
}

function countsOf(steps: readonly Step[]): Readonly<Record<Step['kind'], number>> {
  const create = steps.filter(({ kind }) => kind === 'create').length
  return { create, change: steps.length - create }
}

async function applyStep(call: Call, { kind, entry, changes, resourceArn }: Step): Promise<void> {
  const { repositoryName, catalogData } = entry
  const tags = changes.tagsToPut.map(([Key, Value]) => ({ Key, Value }))
  if (kind === 'create') {
    await call(createRepository, { repositoryName, catalogData, tags })
    return
  }
  if (changes.hasNewData) await call(putRepositoryCatalogData, { repositoryName, catalogData })
  // Old ones first: a repository has only so many at any time.
  const { tagKeysToRemove: tagKeys } = changes
  if (tagKeys.length > 0) await call(untagResource, { resourceArn, tagKeys })
  if (tags.length > 0) await call(tagResource, { resourceArn, tags })
}

function failAt(error: unknown, { entry }: Step, done: number, all: number): never {
  if (!(error instanceof CommandError)) throw error
  const sentence = `${entry.path}: ${error.message} (${done} of ${all} were done before it; what is done stays)`
  throw new CommandError(sentence, error.exitCode, error)
}
