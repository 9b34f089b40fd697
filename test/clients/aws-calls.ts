// Many calls of the AWS command line for little more than the price of one.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { findProgram, type RunResult, type Sandbox } from '../support/client.ts'

export interface AwsCall {
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

const session = fileURLToPath(new URL('aws-cli-session.py', import.meta.url))

/** Runs `aws` with each of the arguments, in turn; any exit code is an answer. */
export async function runAwsCalls(sandbox: Sandbox, calls: readonly AwsCall[]): Promise<readonly RunResult[]> {
  const python = pythonOf(findProgram('aws') ?? '')
  if (python !== undefined) {
    const printed = await sandbox.succeed(python, [session], { input: JSON.stringify(calls), timeoutMs: 110_000 })
    return JSON.parse(printed) as readonly RunResult[] // what the script prints
  }
  const ended: RunResult[] = []
  for (const { args, env } of calls) ended.push(await sandbox.run('aws', args, { env }))
  return ended
}

/** The interpreter that a packaged `aws` names in its first line; AWS's own installer brings a program without one. */
function pythonOf(program: string): string | undefined {
  const [line = ''] = readFileSync(program, 'latin1').split('\n', 1)
  return /^#! ?(\S*python[0-9.]*)$/.exec(line.trim())?.[1]
}
