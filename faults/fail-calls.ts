import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { findProgram } from '../test/support/client.ts'

const source = fileURLToPath(new URL('fail-calls.c', import.meta.url))

export interface FailingCalls {
  /** Of the server whose calls are to fail. */
  readonly env: Readonly<Record<string, string>>
  /** From now on calls of this kind fail on files whose path holds `part`. */
  readonly begin: (call: FailingCall, part: string) => void
  readonly end: () => void
  /** What failed so far. */
  readonly failed: () => readonly { readonly atMs: number; readonly call: string; readonly path: string }[]
}

export type FailingCall = 'sync' | 'read' | 'write'

/** Compiles what fails into `directory`; needs cc. */
export function openFailingCalls(directory: string): FailingCalls {
  const [library, rule] = [join(directory, 'fail-calls.so'), join(directory, 'fail-calls')]
  const args = ['-shared', '-fPIC', '-O2', '-o', library, source, '-ldl', '-lpthread']
  const { status, stderr } = spawnSync(findProgram('cc') ?? 'cc', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`cc ended with ${String(status)}: ${stderr}`)
  return {
    env: { LD_PRELOAD: library, FAIL_CALLS: rule },
    begin: (call, part) => writeFileSync(rule, `${call} ${part}\n`),
    end: () => rmSync(rule, { force: true }),
    failed: () => {
      const log = `${rule}.log`
      const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(0, -1) : []
      return lines.map((line) => {
        const [atMs = '', call = '', path = ''] = line.split(' ')
        return { atMs: Number(atMs), call, path }
      })
    },
  }
}
