// Images to measure with. Their bytes are random, so that nothing compresses, and made again from a number: a layer of 1 GiB is never held.

import { createHash } from 'node:crypto'

export const manifestType = 'application/vnd.oci.image.manifest.v1+json'
const configType = 'application/vnd.oci.image.config.v1+json'
const layerType = 'application/vnd.oci.image.layer.v1.tar'
const pieceBytes = 1024 * 1024
const numberBytes = 8

export interface BenchBlob {
  readonly digest: string
  readonly size: number
  readonly pieces: () => Generator<Buffer>
}

export interface BenchImage {
  readonly repository: string
  readonly tag: string
  readonly manifest: Buffer
  readonly digest: string
  readonly blobs: readonly BenchBlob[]
}

export interface ImagePlan {
  readonly repository: string
  readonly tag: string
  /** Images of different seeds share no layer. */
  readonly seed: string
  readonly layers: readonly number[]
}

export function makeImage({ repository, tag, seed, layers }: ImagePlan): BenchImage {
  const blobs = layers.map((size, at) => makeBlob(`${seed}/${at}`, size))
  const rootfs = { type: 'layers', diff_ids: blobs.map(({ digest }) => digest) }
  const config = blobOf(
    Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', config: { Labels: { seed } }, rootfs })),
  )
  const describe = (mediaType: string) => (blob: BenchBlob) => ({ mediaType, digest: blob.digest, size: blob.size })
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: describe(configType)(config),
    layers: blobs.map(describe(layerType)),
  })
  const manifest = Buffer.from(text)
  return { repository, tag, manifest, digest: digestOf([manifest]), blobs: [config, ...blobs] }
}

/** The same bytes for the same seed and size. */
export function makeBlob(seed: string, size: number): BenchBlob {
  const pieces = () => piecesOf(seed, size)
  return { digest: digestOf(pieces()), size, pieces }
}

function blobOf(bytes: Buffer): BenchBlob {
  const pieces = function* () {
    yield bytes
  }
  return { digest: digestOf(pieces()), size: bytes.length, pieces }
}

/**
 * One random MiB again and again, each with its number before it: pieces of a layer differ, and making them costs the generator nothing.
 * What is given is never written to again.
 */
function* piecesOf(seed: string, size: number): Generator<Buffer> {
  const base = createHash('shake256', { outputLength: Math.min(pieceBytes, size) })
    .update(seed)
    .digest()
  const rest = base.subarray(numberBytes)
  for (let left = size, at = 0; left > 0; left -= pieceBytes, at++) {
    if (left < pieceBytes) return yield base.subarray(0, left)
    const number = Buffer.alloc(numberBytes)
    number.writeUInt32BE(at)
    yield number
    yield rest
  }
}

function digestOf(pieces: Iterable<Buffer>): string {
  const hash = createHash('sha256')
  for (const piece of pieces) hash.update(piece)
  return `sha256:${hash.digest('hex')}`
}
