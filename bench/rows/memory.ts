import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { figuresOf, withPeak } from '../accounting.ts'
import { makeImage } from '../images.ts'
import { headOf } from '../load/connection.ts'
import { generate } from '../load/generate.ts'
import { repeat } from '../load/wrk.ts'
import { provide } from '../programs.ts'
import type { Table, Tools } from '../row.ts'
import { type Server, type ServerKind, titles } from '../servers/server.ts'

const mebibyte = 1024 * 1024
const repository = 'bench/memory'
const parallel = 8
const stalled = 500
const limitMebibytes = 64

export const memory: Table = {
  name: 'memory',
  isLong: true,
  title: 'Memory',
  about: `Resident memory: after one small layer up and down, and the most of it under ${parallel} parallel uploads, ${parallel} parallel downloads of 1 GiB each, and ${stalled} downloads whose clients do not read.`,
  run: async (tools) => {
    const kinds: readonly ServerKind[] =
      provide('docker-registry', false, tools.say).path === undefined ? ['stowage'] : ['stowage', 'docker-registry']
    const measured = []
    for (const kind of kinds) measured.push({ kind, ...(await measure(kind, tools)) })
    const text = (bytes: number) => `${Math.round(bytes / mebibyte)} MiB`
    const [ours] = measured
    const growth = ours ? (Math.max(ours.up, ours.down) - ours.baseline) / mebibyte : 0
    return {
      columns: ['', 'baseline', `${parallel} uploads`, `${parallel} downloads`, `${stalled} stalled downloads`],
      lines: measured.map(({ kind, baseline, up, down, still }) => [
        titles[kind],
        ...[baseline, up, down, still].map(text),
      ]),
      verdicts: [
        {
          text: `growth under ${parallel} uploads and downloads: ${Math.round(growth)} MiB (at most ${limitMebibytes})`,
          isHeld: growth <= limitMebibytes,
        },
      ],
    }
  },
}

async function measure(kind: ServerKind, { open, newFolder, size, say }: Tools) {
  const server = await open(kind, join(newFolder(), kind))
  try {
    await server.addRepository(repository)
    const { origin, headers, pid } = server
    const small = makeImage({ repository, tag: 'small', seed: 'memory', layers: [mebibyte] })
    await server.publish(small)
    await repeat({
      origin,
      headers,
      paths: [`/v2/${repository}/blobs/${small.blobs[1]?.digest}`],
      connections: 1,
      seconds: 1,
    })
    const baseline = figuresOf(pid).residentBytes
    const task = {
      kind: 'upload',
      origin,
      headers,
      how: 'patch',
      repository,
      seed: 'memory',
      bytes: size.largeBytes,
      parallel,
    } as const
    const up = await withPeak(pid, () => generate(task))
    const paths = up.result.found.map((digest) => `/v2/${repository}/blobs/${digest}`)
    const down = await withPeak(pid, () =>
      generate({ kind: 'count', origin, headers, method: 'GET', paths, connections: parallel, times: parallel }),
    )
    const still = await withPeak(pid, () => stall(server, paths[0] ?? ''))
    say(
      `memory of ${kind}: ${[baseline, up.peakBytes, down.peakBytes, still.peakBytes].map((bytes) => Math.round(bytes / mebibyte)).join(', ')} MiB`,
    )
    return { baseline, up: up.peakBytes, down: down.peakBytes, still: still.peakBytes }
  } finally {
    await server.close()
  }
}

/** Clients that ask for a layer and do not read on. */
async function stall({ origin, headers }: Server, path: string): Promise<void> {
  const { hostname, port } = new URL(origin)
  const sockets: Socket[] = []
  try {
    for (let nr = 0; nr < stalled; nr++) {
      const socket = connect({ host: hostname, port: Number(port) })
      sockets.push(socket)
      await once(socket, 'connect')
      socket.pause()
      socket.write(headOf('GET', path, headers))
    }
    await sleep(5000)
  } finally {
    for (const socket of sockets) socket.destroy()
  }
}
