// `npm run faults -- --test F3 --seed 7 --seconds 120`: breaks servers on purpose and says what of their promises held.

import { Command, InvalidArgumentError } from 'commander'

import type { RegistryKind } from './registry.ts'
import { type Chosen, runFaults } from './run-faults.ts'
import { faultTests } from './tests.ts'

const program = new Command('faults')
  .description('Fault injection: kills, power cuts, failing system calls; a checker judges what clients were promised')
  .option('--test <ID>', `one of ${faultTests.map((test) => test.id).join(', ')}; may be repeated`, collect, [])
  .option('--all', 'all of them')
  .option('--quick', 'the short form of each')
  .option('--seed <TEXT>', 'what decides every choice; a new one by default', String(Date.now()))
  .option('--seconds <N>', 'how long each goes on making faults', toSeconds)
  .option(
    '--keep <DIR>',
    'where data, logs and journals of failing runs are kept, instead of the directory for temporary files',
  )
  .option('--peer <NAME>', 'break this registry instead; docker-registry is the one there is', toPeer)
  .option('--write', 'put the results into docs/reliability.md')
  .action(async (options: Chosen) => {
    process.exitCode = await runFaults(options)
  })

await program.parseAsync()

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value]
}

function toSeconds(text: string): number {
  const seconds = Number(text)
  if (!Number.isSafeInteger(seconds) || seconds < 1)
    throw new InvalidArgumentError('It must be a whole number from 1 on.')
  return seconds
}

function toPeer(text: string): RegistryKind {
  if (text !== 'docker-registry') throw new InvalidArgumentError('The only one is docker-registry.')
  return text
}
