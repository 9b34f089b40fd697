import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { findProgram } from '../test/support/client.ts'

const source = fileURLToPath(new URL('forget-sync.c', import.meta.url))

/** The environment of a server that forgets to sync the files whose path holds `part`. Compiles the lie into `directory`; needs cc. */
export function forgetSync(directory: string, part: string): Readonly<Record<string, string>> {
  const library = join(directory, 'forget-sync.so')
  const args = ['-shared', '-fPIC', '-O2', '-o', library, source, '-ldl']
  const { status, stderr } = spawnSync(findProgram('cc') ?? 'cc', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`cc ended with ${String(status)}: ${stderr}`)
  return { LD_PRELOAD: library, FORGET_SYNC: part }
}
