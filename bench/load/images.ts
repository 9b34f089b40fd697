import { type BenchImage, makeImage, manifestType } from '../images.ts'
import { type Connection, headOf, openConnection } from './connection.ts'
import type { ImagesTask, Outcome } from './tasks.ts'
import { startTiming } from './timing.ts'
import { expect, upload } from './upload.ts'

/** Bytes of the one layer of a small image. */
const layerBytes = 4096

export async function measureImages(task: ImagesTask): Promise<Outcome> {
  const { origin, pulls, seed, repository } = task
  const pulled = makeImage(task.image)
  const connections = await Promise.all(Array.from({ length: task.connections }, () => openConnection(origin)))
  const timing = startTiming()
  const endAtMs = performance.now() + task.seconds * 1000
  await Promise.all(
    connections.map(async (connection, client) => {
      for (let nr = client; performance.now() < endAtMs; nr += connections.length) {
        // Clients are out of step, so that at any time the same share of them pulls.
        const isPull = (nr + Math.floor(nr / connections.length)) % 4 < pulls
        const image = isPull
          ? pulled
          : makeImage({ repository, tag: `${seed}-${nr}`, seed: `${seed}/${nr}`, layers: [layerBytes] })
        const startedAtMs = performance.now()
        timing.add(startedAtMs, isPull ? await pull(connection, task, image) : await push(connection, task, image))
      }
      connection.close()
    }),
  )
  return timing.outcome()
}

async function push(connection: Connection, task: ImagesTask, image: BenchImage): Promise<number> {
  let bytes = image.manifest.length
  for (const blob of image.blobs) {
    await upload(connection, { headers: task.headers, repository: image.repository }, 'put', blob)
    bytes += blob.size
  }
  const headers = { ...task.headers, 'Content-Type': manifestType }
  const head = headOf('PUT', `/v2/${image.repository}/manifests/${image.tag}`, headers, image.manifest.length)
  expect(201, await connection.ask(head, [image.manifest]))
  return bytes
}

async function pull(connection: Connection, task: ImagesTask, image: BenchImage): Promise<number> {
  const accepting = { ...task.headers, Accept: manifestType }
  const target = `/v2/${image.repository}/manifests/${image.tag}`
  let { bytes } = expect(200, await connection.ask(headOf('GET', target, accepting)))
  for (const { digest } of image.blobs) {
    const path = `/v2/${image.repository}/blobs/${digest}`
    bytes += expect(200, await connection.ask(headOf('GET', path, task.headers))).bytes
  }
  return bytes
}
