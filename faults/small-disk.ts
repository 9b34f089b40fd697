// A disk in memory that is as small as wanted, in bytes or in files, and may be made larger while it is in use.

import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { findProgram } from '../test/support/client.ts'
import { atExit } from './at-exit.ts'
import { errorCode } from '../src/lib/error-code.ts'

export interface DiskSize {
  readonly mebibytes: number
  /** As many as memory allows when it is not given. */
  readonly files?: number
}

export interface SmallDisk {
  readonly directory: string
  readonly resize: (size: DiskSize) => void
  /** Takes the last byte and the last file that there are, as others on the same disk do. */
  readonly fill: () => void
  readonly empty: () => void
  readonly remove: () => Promise<void>
}

export const smallDiskPrograms = ['mount', 'umount']

/** Needs root. `remove` it in every outcome. */
export function openSmallDisk(parent: string, size: DiskSize): SmallDisk {
  const directory = join(parent, 'disk')
  mkdirSync(directory, { recursive: true })
  run('mount', ['-t', 'tmpfs', '-o', optionsOf(size), 'stowage-faults', directory])
  const forget = atExit(() => spawnSync(programOf('umount'), ['--lazy', directory]))
  const others = join(directory, 'others')
  let made = 0
  return {
    directory,
    resize: (next) => run('mount', ['-o', `remount,${optionsOf(next)}`, directory]),
    fill: () => {
      mkdirSync(others, { recursive: true })
      fillWith((piece) => {
        const file = openSync(join(others, 'bytes'), 'a')
        try {
          for (;;) writeSync(file, Buffer.alloc(piece, 1))
        } finally {
          closeSync(file)
        }
      })
      if (size.files === undefined) return
      for (; ; made++) {
        try {
          closeSync(openSync(join(others, String(made)), 'w'))
        } catch (error) {
          if (isFull(error)) return
          throw error
        }
      }
    },
    empty: () => rmSync(others, { recursive: true, force: true }),
    remove: async () => {
      for (let tries = 1; ; tries++) {
        const { status, stderr } = spawnSync(programOf('umount'), [directory], { encoding: 'utf8' })
        if (status === 0 || stderr.includes('not mounted')) break
        if (tries === 50) throw new Error(`umount ${directory}: ${stderr}`)
        await sleep(100)
      }
      forget()
    },
  }
}

/** Large pieces first: the last page is found by the small ones. */
function fillWith(write: (pieceBytes: number) => void): void {
  for (const piece of [1024 * 1024, 4096, 1]) {
    try {
      write(piece)
    } catch (error) {
      if (!isFull(error)) throw error
    }
  }
}

const isFull = (error: unknown): boolean => errorCode(error) === 'ENOSPC'

const optionsOf = ({ mebibytes, files }: DiskSize): string =>
  `size=${mebibytes}m${files === undefined ? '' : `,nr_inodes=${files}`}`

const programOf = (name: string): string => findProgram(name) ?? name

function run(name: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(programOf(name), args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${name} ${args.join(' ')} ended with ${String(status)}: ${stderr}`)
}
