// `stowage login`: `docker login` with a password that the running server gives for the root key.

import { spawn } from 'node:child_process'

import { CommandError } from './command-error.ts'
import { keyFor } from './env.ts'
import { fetchPassword } from './fetch-password.ts'
import { getServer } from './get-server.ts'

/** Logs docker in, or prints the password. Gives the exit code: docker's own when it ran. */
export async function login(data: string, printPassword: boolean): Promise<number> {
  const server = getServer(data)
  const password = await fetchPassword(server, keyFor(data, server.account))
  if (printPassword) {
    process.stdout.write(`${password}\n`)
    return 0
  }
  return dockerLogin(server.registryHost, password)
}

function dockerLogin(host: string, password: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const docker = spawn('docker', ['login', '--username', 'AWS', '--password-stdin', host], {
      stdio: ['pipe', 'inherit', 'inherit'],
    })
    docker.once('error', (error) => {
      const isMissing = 'code' in error && error.code === 'ENOENT'
      const sentence = isMissing
        ? `docker is not installed: "stowage login --print-password" prints the password of user AWS at ${host} for another client`
        : `docker could not be started: ${error.message}`
      reject(new CommandError(sentence, 1, error))
    })
    docker.once('exit', (code) => resolve(code ?? 1))
    // Docker may end before it has read; its exit code says why.
    docker.stdin.on('error', () => {})
    docker.stdin.end(password)
  })
}
