// The data directory's `server.json`: where the server that runs on this directory is, for the commands that talk to it.

import { readFileSync } from 'node:fs'
import { rm, writeFile, rename } from 'node:fs/promises'
import { join } from 'node:path'

import { z } from 'zod'

import type { ServerAddress } from '../server-address.ts'
import { errorCode } from '../lib/error-code.ts'
import { isAlive } from '../lib/is-alive.ts'

const document: z.ZodType<RunningServer> = z.object({
  pid: z.int().positive(),
  origin: z.string(),
  endpoint: z.string(),
  registryHost: z.string(),
  publicOrigin: z.string(),
  publicHost: z.string(),
  account: z.string(),
  region: z.string(),
  publicRegion: z.string(),
  fingerprint: z.string().optional(),
})

export interface RunningServer extends ServerAddress {
  readonly pid: number
}

/** Says that this process serves now. Nothing depends on it after a crash: the process id tells whether it is true. */
export async function writeServerFile(directory: string, server: RunningServer): Promise<void> {
  const file = pathIn(directory)
  await writeFile(`${file}.new`, `${JSON.stringify(server, undefined, 2)}\n`, { mode: 0o600 })
  await rename(`${file}.new`, file)
}

export async function removeServerFile(directory: string): Promise<void> {
  await rm(pathIn(directory), { force: true })
}

/** The server that runs on this directory, `undefined` when there is none. */
export function findServer(directory: string): RunningServer | undefined {
  let text: string
  try {
    text = readFileSync(pathIn(directory), 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
  const server = document.safeParse(parse(text)).data
  return server && isAlive(server.pid) ? server : undefined
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function pathIn(directory: string): string {
  return join(directory, 'server.json')
}
