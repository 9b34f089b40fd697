// What a question to the gallery costs the server, in milliseconds of processor time, HTTP and JSON included: searches among more and
// more repositories, and pages of one repository's tags. Linux only.
// `npm run bench:gallery [-- --sizes 100,1000,10000 --tags 100000 --limit 20]`; ends with 1 when one of them costs more than the limit.

import { readFileSync, rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { startStowage, type Stowage } from '../test/support/stowage.ts'
import { manyTags, rareWord, seed } from './seed.ts'

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '100,1000,10000' },
    tags: { type: 'string', default: '100000' },
    limit: { type: 'string', default: '20' },
  },
})

type Input = Readonly<Record<string, unknown>>
interface Answer {
  readonly nextToken?: string
  readonly totalResults?: number
  readonly message?: string
}
type Ask = (operation: string, input: Input) => Promise<Answer>

const size = { maxResults: 25 }
const byName = { sortConfiguration: { sortKey: 'NAME' } }
const byDate = { sortConfiguration: { sortKey: 'DATE' } }

/** What is asked for, and how many pages on. */
const searches: readonly (readonly [title: string, input: Input, pagesOn?: number])[] = [
  ['nothing: all, by popularity', {}],
  ['all, by name', byName],
  ['all, by date', byDate],
  ['all, by date from its end', { sortConfiguration: { sortKey: 'DATE', sortOrder: 'ASC' } }],
  ['all, page 200 (or the last)', {}, 200],
  [
    'all, verified, x86-64, Linux',
    { filters: { verified: true, architectures: ['x86-64'], operatingSystems: ['Linux'] } },
  ],
  ['"image", in all of them', { searchTerm: 'image' }],
  ['"image", by name, page 200', { searchTerm: 'image', ...byName }, 200],
  ['"image", verified, x86-64', { searchTerm: 'image', filters: { verified: true, architectures: ['x86-64'] } }],
  ['"container image", in all of them', { searchTerm: 'container image' }],
  ['"a", one letter', { searchTerm: 'a' }],
  ['"a b c", three letters', { searchTerm: 'a b c' }],
  [`"${rareWord}", in one of a hundred`, { searchTerm: rareWord }],
  [`"${rareWord}", page 3`, { searchTerm: rareWord, ...byDate }, 3],
  [`"image ${rareWord}"`, { searchTerm: `image ${rareWord}` }],
  ['"corp1/", an address', { searchTerm: 'corp1/' }],
  ['"nowhere-to-be-found"', { searchTerm: 'nowhere-to-be-found' }],
  ['"image", a page of 1,000', { searchTerm: 'image', maxResults: 1000 }],
]

process.exitCode = await measure()

async function measure(): Promise<number> {
  const sizes = values.sizes.split(',').map(Number)
  const columns: (readonly (readonly [string, number])[])[] = []
  for (const repositories of sizes) columns.push(await measureOne(repositories, Number(values.tags)))
  print(
    'milliseconds of CPU a request',
    sizes.map((count) => `${count} repos`),
  )
  const rows = columns[0] ?? []
  for (const [at, [title]] of rows.entries()) {
    print(
      title,
      columns.map((column) => (column[at]?.[1] ?? 0).toFixed(2)),
    )
  }
  const worst = Math.max(...columns.flatMap((column) => column.map(([, ms]) => ms)))
  print('worst', [
    `${worst.toFixed(2)}, ${worst <= Number(values.limit) ? 'within' : 'OVER'} the limit of ${values.limit}`,
  ])
  return worst <= Number(values.limit) ? 0 : 1
}

async function measureOne(repositories: number, tags: number): Promise<readonly (readonly [string, number])[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'stowage-bench-'))
  try {
    await seed({ directory: dataDir, repositories, tags })
    const stowage = await startStowage({ dataDir, args: ['--log-level', 'warn'] })
    try {
      const ask = asking(dataDir)
      const done: (readonly [string, number])[] = []
      for (const [title, input, pagesOn = 0] of searches) {
        const operation = 'searchRepositoryCatalogData'
        done.push([
          title,
          await costOf(stowage, ask, operation, await turned(ask, operation, { ...size, ...input }, pagesOn)),
        ])
      }
      const inRepository = { registryAliasName: manyTags.alias, repositoryName: manyTags.name }
      for (const [title, maxResults, pagesOn] of [
        [`tags, the first 100 of ${tags}`, 100, 0],
        [`tags, the last 100 of ${tags}`, 100, Infinity],
        [`tags, the first 1,000`, 1000, 0],
        [`tags, the last 1,000`, 1000, Infinity],
      ] as const) {
        const input = await turned(ask, 'describeImageTags', { ...inRepository, maxResults }, pagesOn)
        done.push([title, await costOf(stowage, ask, 'describeImageTags', input)])
      }
      return done
    } finally {
      await stowage.remove()
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}

function asking(dataDir: string): Ask {
  // Written by the server under measurement.
  const { publicOrigin } = JSON.parse(readFileSync(join(dataDir, 'server.json'), 'utf8')) as { publicOrigin: string }
  return async (operation, input) => {
    const response = await fetch(`${publicOrigin}/${operation}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(input),
    })
    const answer = (await response.json()) as Answer // only its token and its message are looked at
    if (!response.ok) throw new Error(`${operation} ${JSON.stringify(input)}: ${answer.message}`)
    return answer
  }
}

/** The input for a page so many pages on, or for the last one. Leaves through large pages for the last, which are the same in the end. */
async function turned(ask: Ask, operation: string, input: Input, pagesOn: number): Promise<Input> {
  let found = input
  for (let at = 0; at < pagesOn; at++) {
    const { nextToken } = await ask(operation, pagesOn === Infinity ? { ...found, maxResults: 1000 } : found)
    if (nextToken === undefined) break
    found = { ...input, nextToken }
  }
  return found
}

/** Milliseconds of the server's processor time for one request: the mean of as many as take half a second, of a warm server. */
async function costOf(stowage: Stowage, ask: Ask, operation: string, input: Input): Promise<number> {
  for (let at = 0; at < 20; at++) await ask(operation, input)
  const before = cpuMs(stowage)
  for (let count = 1; ; count++) {
    await ask(operation, input)
    if (count % 50 !== 0) continue
    const spent = cpuMs(stowage) - before
    if (spent >= 500) return spent / count
  }
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: fields 14 and 15, in hundredths of a second. */
function cpuMs(stowage: Stowage): number {
  const stat = readFileSync(`/proc/${stowage.pid() ?? 0}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

function print(title: string, cells: readonly string[]): void {
  process.stdout.write(`${title.padEnd(38)}${cells.map((cell) => cell.padStart(14)).join('')}\n`)
}
