// `stowage copy` beside skopeo, both against Stowage: the client is what is measured, from the start of its process to its end.

import { rmSync } from 'node:fs'
import { join } from 'node:path'

import {
  type Direction,
  type ImageClient,
  skopeoClient,
  stowageClients,
  timeClient,
  type Timed,
} from '../image-clients.ts'
import { makeImage } from '../images.ts'
import { medianOf, short } from '../measure.ts'
import { isThere } from '../programs.ts'
import type { Filled, Size, Table, Tools, Verdict } from '../row.ts'
import type { Server } from '../servers/server.ts'
import { writeLayout } from '../write-layout.ts'

const smallLayers = Array.from({ length: 100 }, () => 64 * 1024)
const tag = 'latest'

interface Work {
  readonly name: string
  readonly title: string
  readonly layers: (size: Size) => readonly number[]
}

const works: readonly Work[] = [
  { name: 'clients-large', title: 'one layer of 1 GiB', layers: ({ largeBytes }) => [largeBytes] },
  { name: 'clients-small', title: '100 layers of 64 KiB', layers: () => smallLayers },
]

const about = `From and to an image layout in a folder. skopeo is given \`--preserve-digests\`, without which it would gzip the layers; it checks
digests as we do, and speaks \`/v2/\` alone. Each push has bytes that the server has never seen. Times are of a process a run, with its start.`

export const clients: readonly Table[] = works.map(({ name, title, layers }) => ({
  name,
  title: `An image of ${title}, by stowage copy and by skopeo`,
  // A look is to take less than 90 seconds; asked for by name it is measured in one, too.
  isLong: true,
  about,
  run: (tools) => run(title, layers(tools.size), tools),
}))

interface Measured {
  readonly direction: Direction
  readonly client: ImageClient
  readonly seconds: number
  readonly clientCpuSeconds: number
  readonly serverCpuSeconds: number
}

async function run(title: string, layers: readonly number[], { open, newFolder, rounds, say }: Tools): Promise<Filled> {
  const folder = newFolder()
  const server = await open('stowage', join(folder, 'stowage'))
  try {
    const all = [...(isThere('skopeo') ? [skopeoClient] : []), ...stowageClients]
    // The first run of a program reads it from the disk.
    for (const client of all) await once(server, folder, client, 'push', [1024], 'first')
    const measured: Measured[] = []
    for (const direction of ['push', 'pull'] as const) {
      const times = new Map<ImageClient, Timed[]>(all.map((client) => [client, []]))
      if (direction === 'pull') await publish(server, layers)
      for (let round = 0; round < rounds; round++)
        for (const client of all)
          times.get(client)?.push(await once(server, folder, client, direction, layers, String(round)))
      for (const [client, its] of times) measured.push({ direction, client, ...mediansOf(its) })
    }
    for (const { direction, client, seconds } of measured) say(`  ${direction}, ${client.title}: ${short(seconds)} s`)
    return {
      columns: ['work', 'client', 'time', 'CPU of the client', 'CPU of the server'],
      lines: measured.map(({ direction, client, seconds, clientCpuSeconds, serverCpuSeconds }) => [
        `${direction} ${title}`,
        client.title,
        ...[seconds, clientCpuSeconds, serverCpuSeconds].map((value) => `${short(value)} s`),
      ]),
      verdicts: verdictsOf(title, measured),
    }
  } finally {
    await server.close()
  }
}

const pulled = 'bench/pulled'

async function publish(server: Server, layers: readonly number[]): Promise<void> {
  await server.addRepository(pulled)
  await server.publish(makeImage({ repository: pulled, tag, seed: 'pulled', layers }))
}

async function once(
  server: Server,
  folder: string,
  client: ImageClient,
  direction: Direction,
  layers: readonly number[],
  turn: string,
): Promise<Timed> {
  const layout = join(folder, 'layout')
  const repository = direction === 'pull' ? pulled : `bench/${client.name}-${turn}`
  try {
    if (direction === 'push') {
      await server.addRepository(repository)
      writeLayout(layout, makeImage({ repository, tag, seed: repository, layers }))
    }
    return await timeClient(server, join(folder, 'home'), client.command(direction, server, layout, repository))
  } finally {
    rmSync(layout, { recursive: true, force: true })
  }
}

function mediansOf(times: readonly Timed[]): Timed {
  const median = (of: (time: Timed) => number) => medianOf(times.map(of)) ?? NaN
  return {
    seconds: median(({ seconds }) => seconds),
    clientCpuSeconds: median(({ clientCpuSeconds }) => clientCpuSeconds),
    serverCpuSeconds: median(({ serverCpuSeconds }) => serverCpuSeconds),
  }
}

function verdictsOf(title: string, measured: readonly Measured[]): readonly Verdict[] {
  return measured.flatMap(({ direction, client, seconds }) => {
    const other = measured.find((one) => one.direction === direction && one.client === skopeoClient)
    if (other === undefined || client === skopeoClient) return []
    const ratio = other.seconds / seconds
    const text = `${direction} of ${title}, ${client.title}: as fast as skopeo times ${short(ratio)} (at least 1)`
    return [{ text, isHeld: ratio >= 1 }]
  })
}
