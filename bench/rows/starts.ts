import { join } from 'node:path'

import { figuresOf } from '../accounting.ts'
import { fill } from '../fill.ts'
import { medianOf } from '../measure.ts'
import type { Table } from '../row.ts'

const imagesEach = 100
const mebibyte = 1024 * 1024

/** Milliseconds; the figures of an empty and of a full store. */
const limits: ReadonlyMap<number, number> = new Map([
  [0, 400],
  [100_000, 2000],
])

export const starts: Table = {
  name: 'start',
  title: 'Start',
  about: `From the start of the process to the first answer, without the time that its main thread waited for a processor. Images are in repositories of ${imagesEach}.`,
  run: async ({ size, rounds, open, newFolder, say }) => {
    const counts = size.quick ? [0, 1_000] : [0, 10_000, 100_000]
    const measured = []
    for (const images of counts) {
      const folder = join(newFolder(), 'stowage')
      const first = await open('stowage', folder)
      if (images === 0) await first.close()
      else await fill(first, { repositories: images / imagesEach, imagesEach, tagsEach: 1 })
      const times: number[] = []
      let residentBytes = 0
      for (let round = 0; round < rounds; round++) {
        const server = await open('stowage', folder)
        times.push(server.readyMs)
        residentBytes = figuresOf(server.pid).residentBytes
        await server.close()
      }
      const readyMs = medianOf(times) ?? NaN
      say(`start with ${images} images: ${Math.round(readyMs)} ms`)
      measured.push({ images, readyMs, residentBytes })
    }
    return {
      columns: ['images', 'first answer after', 'resident memory'],
      lines: measured.map(({ images, readyMs, residentBytes }) => [
        images.toLocaleString('en'),
        `${Math.round(readyMs)} ms`,
        `${Math.round(residentBytes / mebibyte)} MiB`,
      ]),
      verdicts: measured.flatMap(({ images, readyMs }) => {
        const most = limits.get(images)
        const text = `first answer with ${images} images: ${Math.round(readyMs)} ms (at most ${most})`
        return most === undefined ? [] : [{ text, isHeld: readyMs <= most }]
      }),
    }
  },
}
