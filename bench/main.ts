// The benchmark: `npm run bench -- --help`.

import { mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { packFor } from '../bin/program.mjs'
import { atExit } from '../faults/at-exit.ts'
import { openKeptResults } from './kept-results.ts'
import { measureFamily } from './measure.ts'
import { help, parseOptions, type Options } from './options.ts'
import { profileFlags, profileText } from './profile.ts'
import { provide, versions } from './programs.ts'
import { allVerdicts, reportText, type Results } from './report.ts'
import type { OpenServer, Row, Size, Table, Tools } from './row.ts'
import { families, tables } from './rows/index.ts'
import { openDockerRegistry } from './servers/docker-registry.ts'
import { openNginx } from './servers/nginx.ts'
import type { Server, ServerKind } from './servers/server.ts'
import { openStowage } from './servers/stowage.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const page = fileURLToPath(new URL('../docs/performance.md', import.meta.url))
const ownPackage = new URL('../package.json', import.meta.url)
const bytesNeeded = 30 * 1024 ** 3

const full = { largeBytes: 1024 ** 3, many: 100_000, quick: false }
const quick = { largeBytes: 128 * 1024 ** 2, many: 2_000, quick: true }

async function main(args: readonly string[]): Promise<number> {
  let options: Options
  try {
    options = parseOptions(args)
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n\n${help}`)
    return 2
  }
  if (options.help || options.list) {
    process.stdout.write(options.help ? help : rowNames())
    return 0
  }
  if (chosenRows(options).length === 0 && chosenTables(options).length === 0) {
    process.stderr.write(`bench: no row is called ${options.rows.join(' or ')}. They are:\n${rowNames()}`)
    return 2
  }
  const folder = mkdtempSync(join(options.directory ?? tmpdir(), 'stowage-bench-'))
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  // Ctrl-C as well: it may hold 30 GiB.
  const forget = atExit(remove)
  try {
    return await run(options, folder)
  } finally {
    remove()
    forget()
  }
}

async function run(options: Options, folder: string): Promise<number> {
  const { bavail, bsize } = statfsSync(folder)
  if (!options.quick && options.profile === undefined && bavail * bsize < bytesNeeded) {
    process.stderr.write(`bench: ${folder} has less than 30 GiB free. Give --directory, or --quick\n`)
    return 2
  }
  const size: Size = { ...(options.quick ? quick : full), seconds: options.seconds }
  const kinds = provideAll(options)
  const profiles = options.profile === undefined ? undefined : mkdtempSync(join(tmpdir(), 'stowage-profile-'))
  const open: OpenServer = (kind, dataDir, flags) => openServer(kind, dataDir, profiles, flags)
  let folders = 0
  const tools: Tools = { size, rounds: options.rounds, open, newFolder: () => join(folder, String(folders++)), say }

  const { rounds, seconds } = options
  const kind = options.quick ? 'quick' : options.profile === undefined ? 'whole' : 'profile'
  // Sources that have changed since are another program.
  const how = `${ownVersion()} of ${basename(packFor(root))}, ${rounds} x ${seconds} s, ${kind}`
  const kept = openKeptResults(options.keep, how)

  const measured: Results['families'][number][] = []
  for (const family of families) {
    const rows = family.rows.filter((row) => chosenRows(options).includes(row))
    if (rows.length === 0) continue
    measured.push({ family, rows: await measureFamily(family, rows, kinds, tools, kept) })
  }
  const filled: Results['tables'][number][] = []
  for (const table of chosenTables(options)) {
    say(table.title)
    const before = kept.filled(table.name)
    const its = before ?? (await table.run(tools))
    if (!before) kept.keepFilled(table.name, its)
    filled.push({ table, filled: its })
  }
  const results = { families: measured, tables: filled, rounds, seconds, versions: [ownVersion(), ...versions()] }
  process.stdout.write(`\n${reportText(results)}`)
  if (options.write) writeFileSync(page, reportText(results))
  if (profiles !== undefined) process.stdout.write(`\n${profileText(profiles)}\n`)
  const missed = allVerdicts(results).filter(({ isHeld }) => !isHeld)
  say(missed.length === 0 ? 'every figure holds' : `${missed.length} figures are missed`)
  // Figures of a quick run, or of one row under a profile, prove nothing.
  return options.write && missed.length > 0 ? 1 : 0
}

function provideAll({ mayInstall, profile }: Options): readonly ServerKind[] {
  const programs = ['wrk', 'skopeo', 'docker-registry', 'nginx'] as const
  const there = programs.filter((name) => {
    const program = provide(name, mayInstall, say)
    if (program.path === undefined) say(program.why)
    return program.path !== undefined
  })
  if (profile !== undefined) return ['stowage']
  const peers = (['docker-registry', 'nginx'] as const).filter((kind) => there.includes(kind))
  return ['stowage', ...peers, 'disk']
}

async function openServer(
  kind: ServerKind,
  dataDir: string,
  profiles: string | undefined,
  flags: readonly string[] = [],
): Promise<Server> {
  switch (kind) {
    case 'stowage':
      return openStowage(dataDir, profiles === undefined ? [] : profileFlags(profiles), flags)
    case 'docker-registry':
      return openDockerRegistry(dataDir)
    case 'nginx':
      return openNginx(dataDir)
    case 'disk':
      return openDisk(dataDir)
  }
}

/** No server: this process, which writes. */
function openDisk(dataDir: string): Server {
  const nothing = () => Promise.resolve()
  const none = { origin: '', headers: {}, credentials: undefined, key: undefined, readyMs: 0 }
  const sign = () => {
    throw new Error('a disk has no API')
  }
  return {
    kind: 'disk',
    ...none,
    pid: process.pid,
    dataDir,
    addRepository: nothing,
    publish: nothing,
    sign,
    close: nothing,
  }
}

function chosenRows({ rows, quick: isQuick }: Options): readonly Row[] {
  return families.flatMap((family) => family.rows).filter((row) => isChosen(rows, isQuick, row))
}

function chosenTables({ rows, quick: isQuick }: Options): readonly Table[] {
  return tables.filter((table) => isChosen(rows, isQuick, table))
}

const isChosen = (names: readonly string[], isQuick: boolean, { name, isLong }: Row | Table): boolean =>
  names.length === 0 ? !(isQuick && isLong === true) : names.some((wanted) => isMeant(wanted, name))

/** A whole name is that row, and not the ones that begin with it. */
const isMeant = (wanted: string, name: string): boolean =>
  allRows().some((row) => row.name === wanted) ? name === wanted : name.startsWith(wanted)

const allRows = (): readonly (Row | Table)[] => [...families.flatMap(({ rows }) => rows), ...tables]

const rowNames = (): string =>
  allRows()
    .map(({ name, title }) => `  ${name.padEnd(26)}${title}\n`)
    .join('')

function ownVersion(): string {
  // Our own package.json.
  const { version } = JSON.parse(readFileSync(ownPackage, 'utf8')) as { readonly version: string }
  return `Stowage ${version}, Node ${process.versions.node}`
}

function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

process.exitCode = await main(process.argv.slice(2))
