import { parseArgs } from 'node:util'

export interface Options {
  readonly rounds: number
  readonly rows: readonly string[]
  readonly quick: boolean
  readonly seconds: number
  readonly directory: string | undefined
  readonly keep: string | undefined
  readonly mayInstall: boolean
  readonly write: boolean
  readonly profile: string | undefined
  readonly list: boolean
  readonly help: boolean
}

export const help = `npm run bench -- [flags]: Stowage, docker-registry and nginx side by side, on this machine.

  --rounds N         measurements of each row on each server; their median counts (5; 1 with --quick)
  --row NAME,NAME    only these rows; part of a name stands for all that begin with it
  --list             what the rows are called
  --seconds S        how long a measurement takes where it goes by time (5; 1 with --quick)
  --quick            a look in less than 90 seconds: smaller layers, without what takes long; writes nothing
  --profile ROW      Stowage alone, with a CPU profile and a heap summary of it
  --directory DIR    where the servers keep their data (the folder for temporary files); about 30 GiB are needed
  --keep FILE        what is measured goes into this file, too; a run that was interrupted, given it again, goes on
  --no-install       do not install docker-registry, nginx, wrk and skopeo where they are missing
  --no-write         do not write docs/performance.md
`

/** Throws, in a sentence, for what is no flag or no number. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string' },
      row: { type: 'string', multiple: true, default: [] },
      list: { type: 'boolean', default: false },
      seconds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      profile: { type: 'string' },
      directory: { type: 'string' },
      keep: { type: 'string' },
      'no-install': { type: 'boolean', default: false },
      'no-write': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const { quick, profile } = values
  const rows = profile === undefined ? values.row.flatMap((names) => names.split(',')) : [profile]
  return {
    rows,
    rounds: countOf('rounds', values.rounds, quick || profile !== undefined ? 1 : 5),
    seconds: countOf('seconds', values.seconds, quick ? 1 : 5),
    quick,
    directory: values.directory,
    keep: values.keep,
    mayInstall: !values['no-install'],
    // A table of some rows, or of small ones, must not take the place of the whole.
    write: !values['no-write'] && !quick && rows.length === 0,
    profile,
    list: values.list,
    help: values.help,
  }
}

function countOf(name: string, text: string | undefined, otherwise: number): number {
  const count = text === undefined ? otherwise : Number(text)
  if (!Number.isInteger(count) || count < 1) throw new Error(`--${name} takes a number from 1 on, not ${text}`)
  return count
}
