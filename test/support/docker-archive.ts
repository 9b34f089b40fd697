// What `docker save` writes and `docker load` reads, so that an engine gets an image without a registry.

import { writeFile } from 'node:fs/promises'

import type { TestImage } from './image-layout.ts'
import { tarEnd, tarHeader, tarPadding } from './tar.ts'

export async function writeDockerArchive(file: string, image: TestImage, reference: string): Promise<void> {
  const config = `${fileName(image.config.digest)}.json`
  const layers = image.layers.map((layer) => `${fileName(layer.digest)}.tar`)
  const entries: (readonly [string, Buffer])[] = [
    ['manifest.json', Buffer.from(JSON.stringify([{ Config: config, RepoTags: [reference], Layers: layers }]))],
    [config, image.config.bytes],
    ...image.layers.map((layer, index) => [layers[index] ?? '', layer.bytes] as const),
  ]
  const pieces = entries.flatMap(([name, bytes]) => [tarHeader(name, bytes.length), bytes, tarPadding(bytes.length)])
  await writeFile(file, Buffer.concat([...pieces, tarEnd]))
}

function fileName(digest: string): string {
  return digest.slice('sha256:'.length)
}
