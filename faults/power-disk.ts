// A disk whose power can be cut: a file system in a file, on a loop device. The shutdown of the file system drops, from one moment to the
// next, everything that is not on the device yet; what follows it fails. Mounted again, it replays its own log, as after a power cut.

import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, rmdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { errorCode } from '../src/lib/error-code.ts'
import { findProgram } from '../test/support/client.ts'
import { atExit } from './at-exit.ts'

export type FileSystem = 'ext4' | 'xfs'

export interface PowerDisk {
  /** Where it is mounted. */
  readonly directory: string
  /** Cuts the power now: resolves when the file system is down. Its processes go on and see errors; end them before `repair`. */
  readonly cut: () => Promise<void>
  /** Unmounts what is left, and mounts it again. */
  readonly remount: () => Promise<void>
  readonly remove: () => Promise<void>
}

export const powerPrograms = ['xfs_io', 'losetup', 'mount', 'umount', 'mkfs.ext4', 'mkfs.xfs']

const mebibyte = 1024 * 1024
/** ext4's journal of such a small disk would be larger than what is written to it. */
const makeArgs = { ext4: ['-q', '-F', '-J', 'size=16'], xfs: ['-q', '-f'] } as const

/** Needs root. `remove` it in every outcome: it unmounts and gives the loop device back. */
export async function openPowerDisk(parent: string, fileSystem: FileSystem, mebibytes = 512): Promise<PowerDisk> {
  const [image, directory] = [join(parent, `${fileSystem}.img`), join(parent, 'mount')]
  mkdirSync(directory, { recursive: true })
  writeFileSync(image, '')
  truncateSync(image, mebibytes * mebibyte)
  run(`mkfs.${fileSystem}`, [...makeArgs[fileSystem], image])
  const device = run('losetup', ['--find', '--show', image]).trim()
  try {
    run('mount', ['-t', fileSystem, device, directory])
  } catch (error) {
    run('losetup', ['--detach', device])
    throw error
  }
  let power = openSwitch(directory)
  const forget = atExit(() => {
    // Lazily: the processes that hold it are ending as well.
    spawnSync(programOf('umount'), ['--lazy', directory])
    spawnSync(programOf('losetup'), ['--detach', device])
  })

  /** A process that is just going may hold it for a moment. */
  async function unmount(): Promise<void> {
    await power.close()
    for (let tries = 1; ; tries++) {
      const { status, stderr } = spawnSync(programOf('umount'), [directory], { encoding: 'utf8' })
      if (status === 0 || stderr.includes('not mounted')) return
      if (tries === 50) throw new Error(`umount ${directory}: ${stderr}`)
      await sleep(100)
    }
  }

  return {
    directory,
    cut: () => power.cut(),
    remount: async () => {
      // A program that began a name space of mounts meanwhile (seen: dockerd) keeps the one without power, and it would be mounted again.
      for (let tries = 1; ; tries++) {
        await unmount()
        run('mount', ['-t', fileSystem, device, directory])
        if (hasPower(directory) || tries === 50) break
        await sleep(100)
      }
      power = openSwitch(directory)
    },
    remove: async () => {
      try {
        await unmount()
      } finally {
        run('losetup', ['--detach', device])
        rmSync(image, { force: true })
        forget()
      }
    },
  }
}

function hasPower(directory: string): boolean {
  const probe = join(directory, 'power')
  try {
    mkdirSync(probe)
    rmdirSync(probe)
    return true
  } catch (error) {
    if (errorCode(error) === 'EIO') return false
    throw error
  }
}

interface Switch {
  readonly cut: () => Promise<void>
  readonly close: () => Promise<void>
}

/** xfs_io waits for its word: starting it first would take milliseconds, in which more reaches the disk than is wanted. */
function openSwitch(directory: string): Switch {
  const child = spawn(programOf('xfs_io'), ['-x', directory], { stdio: ['pipe', 'ignore', 'pipe'] })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  let said = ''
  child.stderr.on('data', (piece: Buffer) => (said += piece.toString()))
  return {
    cut: async () => {
      // Without -f: the log of the file system is not flushed first.
      child.stdin.end('shutdown\nquit\n')
      await ended
      if (child.exitCode !== 0 || said !== '') throw new Error(`xfs_io could not shut ${directory} down: ${said}`)
    },
    close: async () => {
      child.stdin.end('quit\n')
      await ended
    },
  }
}

function programOf(name: string): string {
  return findProgram(name) ?? name
}

function run(name: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(programOf(name), args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${name} ${args.join(' ')} ended with ${String(status)}: ${stderr}`)
  return stdout
}
