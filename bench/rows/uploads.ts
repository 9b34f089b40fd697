import { rmSync } from 'node:fs'
import { join } from 'node:path'

import { runStowage } from '../../faults/server.ts'
import { generate } from '../load/generate.ts'
import type { UploadTask } from '../load/tasks.ts'
import { type Family, perCpu, rate, type Row } from '../row.ts'
import type { Server } from '../servers/server.ts'
import { writeToDisk } from './write-to-disk.ts'

const repository = 'bench/uploads'

const row = (how: UploadTask['how'], title: string, figures: Row['figures']): Row => ({
  name: `upload-${how}`,
  title,
  unit: 'GiB',
  servers: ['stowage', 'docker-registry', 'disk'],
  warms: false,
  figures,
  run: async (server, { largeBytes }, turn) => {
    const { origin, headers } = server
    const seed = `${how}/${turn}`
    if (server.kind === 'disk') return writeToDisk(server.dataDir, seed, largeBytes)
    const task = { kind: 'upload', origin, headers, how, repository, seed, bytes: largeBytes, parallel: 1 } as const
    const { found, ...load } = await generate(task)
    return { ...load, undo: () => removeBlobs(server, found) }
  },
})

const parts: Row = {
  name: 'upload-parts',
  title: 'upload of 1 GiB, API parts of 10 MiB',
  unit: 'GiB',
  servers: ['stowage'],
  warms: false,
  figures: [],
  run: async (server, { largeBytes }, turn) => {
    const { origin, headers, key } = server
    if (!key) throw new Error('there is no API')
    const task = { kind: 'parts', origin, headers, key, repository, seed: `parts/${turn}`, bytes: largeBytes } as const
    const { found, ...load } = await generate(task)
    return { ...load, undo: () => removeBlobs(server, found) }
  },
}

/** So that the next measurement finds the room. Neither server gives it back at once. */
async function removeBlobs({ kind, origin, headers, dataDir }: Server, digests: readonly string[]): Promise<void> {
  for (const digest of digests) {
    const { ok, status } = await fetch(`${origin}/v2/${repository}/blobs/${digest}`, { method: 'DELETE', headers })
    if (!ok) throw new Error(`DELETE of a blob was answered ${status}`)
    const hex = digest.slice(digest.indexOf(':') + 1)
    // Its collector would want it stopped.
    const folder = join(dataDir, 'registry', 'docker', 'registry', 'v2', 'blobs', 'sha256', hex.slice(0, 2), hex)
    if (kind === 'docker-registry') rmSync(folder, { recursive: true })
  }
  if (kind !== 'stowage') return
  const { code, stderr } = await runStowage(['admin', 'collect', '--data', dataDir])
  if (code !== 0) throw new Error(`stowage admin collect ended with ${String(code)}: ${stderr}`)
}

const both = [rate('docker-registry', 2), perCpu('docker-registry', 2), rate('disk', 0.8)]

export const uploads: Family = {
  title: 'Uploads',
  about:
    'One client, one layer, another each time. Stowage answers when the bytes and what is known of them are on the disk; docker-registry syncs nothing. The last column is one process that hashes and writes the same bytes, then syncs them: nothing durable is faster on one thread.',
  prepare: async (server) => server.addRepository(repository),
  rows: [
    row('patch', 'upload of 1 GiB, one PATCH', both),
    { ...row('put', 'upload of 1 GiB, one PUT', both), isLong: true },
    { ...row('chunks', 'upload of 1 GiB, PATCH of 10 MiB each', []), isLong: true },
    parts,
  ],
}
