import { closeSync, fsyncSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'

import { type BenchImage, manifestType } from './images.ts'

/** Writes an OCI image layout. It is on the disk afterwards: whoever syncs next must not wait for its bytes. */
export function writeLayout(folder: string, { manifest, digest, tag, blobs }: BenchImage): void {
  const directory = join(folder, 'blobs', 'sha256')
  mkdirSync(directory, { recursive: true })
  const named = { 'org.opencontainers.image.ref.name': tag }
  const entry = { mediaType: manifestType, digest, size: manifest.length, annotations: named }
  write(join(folder, 'oci-layout'), [Buffer.from(JSON.stringify({ imageLayoutVersion: '1.0.0' }))])
  write(join(folder, 'index.json'), [Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [entry] }))])
  const blobFile = (its: string) => join(directory, its.slice('sha256:'.length))
  write(blobFile(digest), [manifest])
  for (const blob of blobs) write(blobFile(blob.digest), blob.pieces())
}

function write(file: string, pieces: Iterable<Buffer>): void {
  const descriptor = openSync(file, 'w')
  try {
    for (const piece of pieces) writeSync(descriptor, piece)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
