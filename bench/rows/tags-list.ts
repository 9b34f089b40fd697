import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { fill, filledName } from '../fill.ts'
import { repeat } from '../load/wrk.ts'
import { medianOf, short } from '../measure.ts'
import { figuresOf } from '../accounting.ts'
import type { Filled, Table, Tools } from '../row.ts'
import { type Server, titles } from '../servers/server.ts'

const pageTags = 100

/** A table of its own, because the servers are filled behind their backs: pushing 10^5 tags would take the other registry hours. */
export const tagsList: Table = {
  name: 'tags-list',
  title: 'Tags of a repository with very many',
  about: `Pages of ${pageTags}, from the first and from a tag in the middle, 8 connections. docker-registry 2.8 has no pages: every answer is the whole list.`,
  run: async (tools) => {
    const { size, rounds, open, newFolder } = tools
    const images = Math.ceil(size.many / 100)
    const folder = newFolder()
    await fill(await open('stowage', join(folder, 'stowage')), { repositories: 1, imagesEach: images, tagsEach: 100 })
    const peerFolder = join(folder, 'docker-registry')
    writeTags(join(peerFolder, 'registry'), images * 100)
    const servers = [await open('stowage', join(folder, 'stowage')), ...(await openPeer(tools, peerFolder))]
    try {
      const lines: (readonly string[])[] = []
      for (const [title, query] of [
        ['the first page', `n=${pageTags}`],
        ['a page in the middle', `n=${pageTags}&last=v${Math.floor(images / 2)}.50`],
      ] as const) {
        const measured = new Map<Server, number[][]>(servers.map((server) => [server, []]))
        for (let round = 0; round < rounds; round++)
          for (const server of servers) measured.get(server)?.push(await measureOnce(server, query, size.seconds))
        for (const [server, all] of measured) {
          const cells = [0, 1, 2, 3].map((at) => medianOf(all.flatMap((one) => one[at] ?? [])) ?? 0)
          lines.push([title, `${titles[server.kind]}${noteOf(server)}`, ...cells.map(short)])
        }
      }
      return filled(lines, images * 100)
    } finally {
      for (const server of servers) await server.close()
    }
  },
}

/** Beside the name, because the figures of the line are not of the same work. */
const noteOf = ({ kind }: Server) => (kind === 'docker-registry' ? ' (answers with the whole list)' : '')

async function openPeer({ open, say }: Tools, folder: string): Promise<readonly Server[]> {
  try {
    return [await open('docker-registry', folder)]
  } catch (error) {
    say(String(error))
    return []
  }
}

async function measureOnce({ origin, headers, pid }: Server, query: string, seconds: number): Promise<number[]> {
  const before = figuresOf(pid).cpuSeconds
  const paths = [`/v2/${filledName(0)}/tags/list?${query}`]
  const load = await repeat({ origin, paths, headers, connections: 8, seconds })
  const cpu = (figuresOf(pid).cpuSeconds - before) / load.count
  return [load.count / load.seconds, load.p50Ms ?? NaN, load.p99Ms ?? NaN, cpu * 1e6]
}

const filled = (lines: readonly (readonly string[])[], tags: number): Filled => ({
  columns: [`of ${tags.toLocaleString('en')} tags`, 'server', 'requests/s', 'p50 ms', 'p99 ms', 'µs CPU a request'],
  lines,
  verdicts: [],
})

/** As docker-registry keeps them: a directory for each tag, with a link to the image. */
function writeTags(root: string, tags: number): void {
  const digest = `sha256:${'0'.repeat(64)}`
  const folder = join(root, 'docker', 'registry', 'v2', 'repositories', filledName(0), '_manifests', 'tags')
  for (let nr = 0; nr < tags; nr++) {
    const current = join(folder, `v${Math.floor(nr / 100)}.${nr % 100}`, 'current')
    mkdirSync(current, { recursive: true })
    writeFileSync(join(current, 'link'), digest)
  }
}
