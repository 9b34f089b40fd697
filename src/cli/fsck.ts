// `stowage fsck`: is everything there that should be, and is it what it should be? Beside a running server or without one.

import { findingKinds, type Finding } from '../domain/fsck/finding.ts'
import { fsck, type FsckReport } from '../domain/fsck/fsck.ts'
import { systemClock } from '../lib/clock.ts'
import { StartError } from '../start-error.ts'
import { type CommandStores, openStoresForCommand } from '../stores.ts'
import { CommandError } from './command-error.ts'
import { inUnits } from './in-units.ts'
import { openProgress } from './progress.ts'

export interface FsckFlags {
  readonly data: string
  readonly deep: boolean
  readonly repair: boolean
  readonly asJson: boolean
}

/**
 * Prints what it finds, and gives the exit code: 0 when all is well, 1 when something was found, repaired or not. Throws CommandError: 2 for a
 * directory that is none of ours, 1 for one that can not be opened.
 */
export async function printFsck({ data, deep, repair, asJson }: FsckFlags): Promise<number> {
  await using stores = await open(data)
  const printer = asJson ? jsonPrinter(stores.server) : textPrinter(repair)
  const report = await run()
  printer.end(report)
  return report.findings === 0 ? 0 : 1

  async function run(): Promise<FsckReport> {
    using progress = openProgress({ quiet: asJson })
    return await fsck(
      { ...stores, clock: systemClock },
      { deep, repair, progress, onFinding: (finding) => progress.aside(() => printer.print(finding)) },
    )
  }
}

async function open(data: string): Promise<CommandStores> {
  const onFatal = (error: Error) => {
    process.stderr.write(`stowage: the database can not be used: ${error.message}\n`)
    process.exit(1)
  }
  try {
    return await openStoresForCommand({ data, onFatal })
  } catch (error) {
    // Without a cause it is the directory that is the wrong one.
    if (error instanceof StartError) throw new CommandError(error.message, error.cause === undefined ? 2 : 1, error)
    throw error
  }
}

interface Printer {
  readonly print: (finding: Finding) => void
  readonly end: (report: FsckReport) => void
}

const say = (text: string): void => void process.stdout.write(text)

function textPrinter(repair: boolean): Printer {
  return {
    print: ({ kind, subject, detail, repaired }) => {
      const { means, repair: remedy } = findingKinds[kind]
      const shown = detail === undefined ? '' : ` (${detail})`
      const then = remedy === undefined ? '' : repaired ? `; repaired: ${remedy}` : `; --repair ${remedy}`
      say(`${kind} ${subject}${shown}: ${means}${then}\n`)
    },
    end: ({ checked, findings, repaired, complete }) => {
      if (complete) {
        const { repositories, images, layers, layerBytes, deletedImages, files } = checked
        say(
          `checked ${repositories} repositories, ${images} images, ${deletedImages} deleted images, ${layers} layers of ${inUnits(layerBytes)}, ${files} files\n`,
        )
      }
      const done = repair ? `, ${repaired} repaired` : ''
      say(findings === 0 ? 'nothing found\n' : `${findings} found${done}\n`)
    },
  }
}

/** One document, written as it grows: there may be as many findings as there are layers. */
function jsonPrinter(server: CommandStores['server']): Printer {
  let isFirst = true
  const head = server === undefined ? { online: false } : { online: true, serverPid: server.pid }
  say(`${JSON.stringify(head).slice(0, -1)},"findings":[`)
  return {
    print: (finding) => {
      say(`${isFirst ? '' : ','}\n${JSON.stringify({ ...finding, means: findingKinds[finding.kind].means })}`)
      isFirst = false
    },
    end: ({ findings, ...report }) => say(`],\n"found":${findings},${JSON.stringify(report).slice(1)}\n`),
  }
}
