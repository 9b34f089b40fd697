// Programs that move an image between a folder and a registry, each run from its start to its end: `stowage copy` and skopeo.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { runCommand } from '../faults/server.ts'
import { cpuSecondsOfEnded, figuresOf } from './accounting.ts'
import { pathOf } from './programs.ts'
import type { Server } from './servers/server.ts'

export type Direction = 'push' | 'pull'

export interface ImageClient {
  readonly name: 'skopeo' | 'stowage-v2' | 'stowage-api'
  readonly title: string
  readonly command: (direction: Direction, server: Server, folder: string, repository: string) => readonly string[]
}

export interface Timed {
  readonly seconds: number
  readonly clientCpuSeconds: number
  readonly serverCpuSeconds: number
}

const startScript = fileURLToPath(new URL('../bin/stowage.mjs', import.meta.url))
const tag = 'latest'

const fromTo = (direction: Direction, layout: string, remote: string): readonly string[] =>
  direction === 'push' ? [layout, remote] : [remote, layout]

const hostOf = ({ origin }: Server) => new URL(origin).host

/** Without `--preserve-digests` skopeo would gzip the layers on their way: other work than ours. */
export const skopeoClient: ImageClient = {
  name: 'skopeo',
  title: 'skopeo',
  command: (direction, server, folder, repository) => {
    const side = direction === 'push' ? 'dest' : 'src'
    const login = server.credentials === undefined ? [] : [`--${side}-creds`, server.credentials]
    const remote = `docker://${hostOf(server)}/${repository}:${tag}`
    const program = [pathOf('skopeo'), '--insecure-policy', 'copy', '--quiet', '--preserve-digests']
    return [...program, ...login, `--${side}-tls-verify=false`, ...fromTo(direction, `oci:${folder}:${tag}`, remote)]
  },
}

const stowage = (scheme: string): ImageClient['command'] => {
  return (direction, server, folder, repository) => {
    const remote = `${scheme}${hostOf(server)}/${repository}:${tag}`
    const command = [process.execPath, startScript, 'copy', '--endpoint', server.origin]
    return [...command, ...fromTo(direction, `oci:${folder}:${tag}`, remote)]
  }
}

export const stowageClients: readonly ImageClient[] = [
  { name: 'stowage-v2', title: 'stowage copy, by /v2/', command: stowage('docker://') },
  { name: 'stowage-api', title: 'stowage copy, by the API', command: stowage('') },
]

/** Runs a client in a home of its own, which `home` becomes. Throws with what it said when it fails. */
export async function timeClient(server: Server, home: string, command: readonly string[]): Promise<Timed> {
  writeLogin(server, home)
  const before = { client: cpuSecondsOfEnded(process.pid), server: figuresOf(server.pid).cpuSeconds }
  const startedAtMs = performance.now()
  const { code, stderr } = await runCommand('/usr/bin/env', [...environment(server, home), ...command])
  const seconds = (performance.now() - startedAtMs) / 1000
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${String(code)}: ${stderr}`)
  return {
    seconds,
    clientCpuSeconds: cpuSecondsOfEnded(process.pid) - before.client,
    serverCpuSeconds: figuresOf(server.pid).cpuSeconds - before.server,
  }
}

function environment({ key }: Server, home: string): readonly string[] {
  const directories = ['HOME', 'TMPDIR', 'XDG_RUNTIME_DIR', 'XDG_CACHE_HOME', 'XDG_CONFIG_HOME', 'DOCKER_CONFIG']
  const keys = key && [
    `AWS_ACCESS_KEY_ID=${key.accessKeyId}`,
    `AWS_SECRET_ACCESS_KEY=${key.secretAccessKey}`,
    `AWS_REGION=${key.region}`,
  ]
  return [...directories.map((name) => `${name}=${home}`), ...(keys ?? [])]
}

/** Docker's file, which `stowage` reads for `/v2/`. */
function writeLogin(server: Server, home: string): void {
  mkdirSync(home, { recursive: true })
  const { credentials } = server
  const auth = credentials === undefined ? {} : { auth: Buffer.from(credentials).toString('base64') }
  writeFileSync(join(home, 'config.json'), JSON.stringify({ auths: { [hostOf(server)]: auth } }))
}
