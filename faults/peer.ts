// Debian's docker-registry (CNCF distribution) in the same harness. A harness that does not find its known faults would find none of ours.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { findProgram } from '../test/support/client.ts'
import { freePort, type ServerProcess, startProcess } from './process.ts'
import type { Registry, RegistryOptions } from './registry.ts'
import { runCommand } from './server.ts'

export async function openPeer({ dataDir, logFile, onBody, env }: RegistryOptions): Promise<Registry> {
  const program = findProgram('docker-registry')
  if (program === undefined) throw new Error('docker-registry is not installed')
  mkdirSync(dataDir, { recursive: true })
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const configuration = join(dataDir, 'config.yml')
  writeFileSync(configuration, configurationText(join(dataDir, 'registry'), port))
  const readyMs: number[] = []
  let running: ServerProcess
  const start = async (): Promise<void> => {
    const command = [program, 'serve', configuration]
    running = await startProcess({ command, logFile, readyUrl: `${origin}/v2/`, ...(env && { env }) })
    readyMs.push(running.readyMs)
  }
  await start()
  const end = async (signal: NodeJS.Signals): Promise<number | string> => {
    running.signal(signal)
    return running.ended
  }
  return {
    kind: 'docker-registry',
    dataDir,
    logFile,
    target: { origin, authorization: undefined, onBody },
    ecr: undefined,
    secrets: [],
    process: () => running,
    readyMs,
    end,
    start,
    // It has no tokens here, and nothing is signed.
    followClock: () => Promise.resolve(0),
    // A program of its own on the same files, as its manual says.
    collect: async () => {
      const { code, stderr } = await runCommand(program, ['garbage-collect', configuration])
      if (code !== 0)
        throw new Error(`docker-registry garbage-collect ended with ${String(code)}: ${stderr.slice(-500)}`)
    },
    close: async () => {
      await end('SIGKILL')
    },
  }
}

const configurationText = (directory: string, port: number): string => `version: 0.1
log:
  level: warn
  accesslog:
    disabled: true
storage:
  filesystem:
    rootdirectory: ${directory}
  delete:
    enabled: true
  cache:
    blobdescriptor: inmemory
http:
  addr: 127.0.0.1:${port}
`
