import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { runCommand } from '../../faults/server.ts'
import { makeImage } from '../images.ts'
import { pathOf } from '../programs.ts'
import type { Family, Load } from '../row.ts'
import type { Server } from '../servers/server.ts'

const pulledFrom = 'bench/skopeo'
const layers = Array.from({ length: 100 }, () => 64 * 1024)
const image = (repository: string) => makeImage({ repository, tag: 'latest', seed: 'skopeo', layers })

/** skopeo's own time and work are in the figures: they are the same for both. */
export const skopeo: Family = {
  title: 'An image of 100 layers, by skopeo',
  about: 'Layers of 64 KiB. The client is the larger part of the time.',
  prepare: async (server) => {
    await server.addRepository(pulledFrom)
    await server.publish(image(pulledFrom))
  },
  rows: [
    {
      name: 'skopeo-push',
      title: 'push',
      unit: 'image',
      servers: ['stowage', 'docker-registry'],
      figures: [],
      warms: false,
      run: async (server, _size, turn) => {
        const repository = `bench/skopeo-${turn}`
        await server.addRepository(repository)
        return withFolder(async (folder) => {
          writeLayout(folder, repository)
          return copy(folder, `dir:${folder}/image`, reference(server, repository), [
            ...login('dest', server),
            '--dest-tls-verify=false',
          ])
        })
      },
    },
    {
      name: 'skopeo-pull',
      isLong: true,
      title: 'pull',
      unit: 'image',
      servers: ['stowage', 'docker-registry'],
      figures: [],
      warms: false,
      run: (server) =>
        withFolder((folder) =>
          copy(folder, reference(server, pulledFrom), `dir:${folder}/pulled`, [
            ...login('src', server),
            '--src-tls-verify=false',
          ]),
        ),
    },
  ],
}

const reference = ({ origin }: Server, repository: string) => `docker://${new URL(origin).host}/${repository}:latest`
const login = (side: 'src' | 'dest', { credentials }: Server) =>
  credentials === undefined ? [] : [`--${side}-creds`, credentials]

async function copy(folder: string, from: string, to: string, flags: readonly string[]): Promise<Load> {
  const home = [`HOME=${folder}`, `XDG_RUNTIME_DIR=${folder}`, `TMPDIR=${folder}`]
  const args = [...home, pathOf('skopeo'), '--insecure-policy', 'copy', '--quiet', ...flags, from, to]
  const startedAtMs = performance.now()
  const { code, stderr } = await runCommand('/usr/bin/env', args)
  const tookMs = performance.now() - startedAtMs
  if (code !== 0) throw new Error(`skopeo ended with ${String(code)}: ${stderr}`)
  return { count: 1, bytes: 0, seconds: tookMs / 1000, p50Ms: tookMs, p99Ms: tookMs }
}

/** skopeo's format `dir:`: https://github.com/containers/image/blob/main/docs/containers-transports.5.md */
function writeLayout(folder: string, repository: string): void {
  const { manifest, blobs } = image(repository)
  mkdirSync(join(folder, 'image'))
  writeFileSync(join(folder, 'image', 'version'), 'Directory Transport Version: 1.1\n')
  writeFileSync(join(folder, 'image', 'manifest.json'), manifest)
  for (const { digest, pieces } of blobs)
    writeFileSync(join(folder, 'image', digest.slice('sha256:'.length)), Buffer.concat([...pieces()]))
}

async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'stowage-skopeo-'))
  try {
    return await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
