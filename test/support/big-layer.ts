// One image whose single layer is too large for memory: its bytes go straight to an OCI image layout on disk.

import { createHash } from 'node:crypto'
import { mkdir, open, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import {
  type Descriptor,
  layoutPath,
  makeConfig,
  makeManifest,
  ociTypes,
  seededStream,
  writeLayoutFrame,
} from './image-layout.ts'
import { tarEnd, tarHeader, tarPadding } from './tar.ts'

const pieceBytes = 4 * 1024 * 1024

/** Writes a layout with one plain tar layer that holds a file of `fileBytes`; answers the layer and the manifest's digest. */
export async function writeBigLayout(
  directory: string,
  options: { readonly seed: string; readonly fileBytes: number; readonly tag?: string },
): Promise<{ readonly layer: Descriptor; readonly manifestDigest: string }> {
  await mkdir(join(directory, 'blobs', 'sha256'), { recursive: true })
  const layer = await writeTarLayer(directory, options.seed, options.fileBytes)
  const config = makeConfig({ os: 'linux', architecture: 'amd64' }, [layer.digest])
  const manifest = makeManifest(config, [layer])
  await writeLayoutFrame(directory, manifest, options.tag ?? 'latest')
  for (const blob of [config, manifest]) {
    await writeFile(layoutPath(directory, blob.digest), blob.bytes)
  }
  return { layer, manifestDigest: manifest.digest }
}

async function writeTarLayer(directory: string, seed: string, fileBytes: number): Promise<Descriptor> {
  const unnamed = join(directory, 'blobs', 'sha256', 'unnamed')
  const hash = createHash('sha256')
  let size = 0
  const file = await open(unnamed, 'w')
  try {
    for (const piece of tarPieces(seed, fileBytes)) {
      hash.update(piece)
      size += piece.length
      await file.writeFile(piece)
    }
  } finally {
    await file.close()
  }
  const digest = `sha256:${hash.digest('hex')}`
  await rename(unnamed, layoutPath(directory, digest))
  return { mediaType: ociTypes.tarLayer, digest, size }
}

function* tarPieces(seed: string, fileBytes: number): Generator<Buffer> {
  const next = seededStream(seed)
  yield tarHeader('large.bin', fileBytes)
  for (let left = fileBytes; left > 0; left -= pieceBytes) yield next(Math.min(left, pieceBytes))
  yield tarPadding(fileBytes)
  yield tarEnd
}
