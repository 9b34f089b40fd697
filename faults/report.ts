// docs/reliability.md: what the last full run of each test saw. A run refreshes the block of its own test and leaves the others alone.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { fileURLToPath } from 'node:url'

import type { FaultRun } from './run-faults.ts'
import { faultTests } from './tests.ts'

const page = fileURLToPath(new URL('../docs/reliability.md', import.meta.url))

const heading = `# What held

Each block is written by the last run of its test, \`npm run faults -- --test ID --write\`, and says with which seed to run it again. What each
test does stands at the top of its file in \`faults/tests/\`; the rules C1 to C10 of the checker in \`faults/check-*.ts\`.
`

export function writeReport(run: FaultRun): void {
  const text = existsSync(page) ? readFileSync(page, 'utf8') : heading
  writeFileSync(page, withBlock(text, blockOf(run)))
}

interface Block {
  readonly name: string
  readonly text: string
}

function blockOf({ test, seed, seconds, tookSeconds, kind, figures, problems }: FaultRun): Block {
  const name = kind === 'stowage' ? test.id : `${test.id} ${kind}`
  const rows = [
    ['date', new Date().toISOString().slice(0, 10)],
    ['machine', `${cpus().length} cores, Linux ${release().split('-')[0]}, Node ${process.versions.node}`],
    ['seed', `\`${seed}\``],
    ['size', `${seconds} s of faults, ${tookSeconds} s with the checks`],
    ...Object.entries(test.goals ?? {}).map(([what, least]) => [`${what}, wanted`, `at least ${least}`]),
    ...Object.entries(figures).map(([what, value]) => [what, String(value)]),
    [
      'verdict',
      problems.length === 0
        ? 'passed'
        : `**failed**: ${problems.length} problems, the first: ${problems[0]?.rule} ${problems[0]?.text.slice(0, 200)}`,
    ],
  ]
  const table = rows
    .map(([what, value]) => `| ${what} | ${value?.replaceAll('|', '\\|').replaceAll('\n', ' ')} |`)
    .join('\n')
  return { name, text: `## ${name}: ${test.title}\n\n| | |\n|---|---|\n${table}\n` }
}

/** The page with the block put in its place: where it was, or in the order of the tests. */
export function withBlock(text: string, { name, text: block }: Block): string {
  const [head = heading, ...rest] = text.split(/^(?=## )/m)
  const blocks = new Map(rest.map((each) => [/^## (.*?):/.exec(each)?.[1] ?? '', `${each.trimEnd()}\n`]))
  blocks.set(name, block)
  const order = faultTests.map((test) => test.id)
  const placeOf = (key: string): number => order.indexOf(key.split(' ')[0] ?? '')
  const sorted = [...blocks].toSorted(([one], [other]) => placeOf(one) - placeOf(other) || (one < other ? -1 : 1))
  return [`${head.trimEnd()}\n`, ...sorted.map(([, each]) => each)].join('\n')
}
