import { spawn } from 'node:child_process'

import { CommandError } from '../command-error.ts'
import { errorCode } from '../../lib/error-code.ts'

/** Runs docker with our own standard output and error, and gives its exit code. Throws a CommandError: `missing` when it is not installed. */
export function runDocker(args: readonly string[], input: string, missing: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const docker = spawn('docker', args, { stdio: ['pipe', 'inherit', 'inherit'] })
    docker.once('error', (error) => {
      const isMissing = errorCode(error) === 'ENOENT'
      reject(new CommandError(isMissing ? missing : `docker could not be started: ${error.message}`, 1, error))
    })
    docker.once('exit', (code) => resolve(code ?? 1))
    // Docker may end before it has read; its exit code says why.
    docker.stdin.on('error', () => {})
    docker.stdin.end(input)
  })
}
