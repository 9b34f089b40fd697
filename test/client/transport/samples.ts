// Images of every kind that a transport must leave as they are, written as OCI image layouts.

import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import {
  layoutPath,
  makeImage,
  makeIndex,
  ociTypes,
  seededBytes,
  type TestBlob,
  type TestImage,
  writeLayoutFrame,
} from '../../support/image-layout.ts'

export type Sample = {
  readonly root: TestBlob
  readonly blobs: readonly TestBlob[]
  /** Manifests that the index names besides the root: referrers. */
  readonly referrers?: readonly TestBlob[]
}

function digestBy(algorithm: 'sha256' | 'sha512', bytes: Uint8Array): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`
}

function blobOf(mediaType: string, content: string | Buffer, algorithm: 'sha256' | 'sha512' = 'sha256'): TestBlob {
  const bytes = Buffer.from(content)
  return { mediaType, bytes, digest: digestBy(algorithm, bytes) }
}

export function descriptorOf({ mediaType, digest, bytes }: TestBlob) {
  return { mediaType, digest, size: bytes.length }
}

export function manifestBlob(
  content: Readonly<Record<string, unknown>>,
  mediaType: string = ociTypes.manifest,
  algorithm: 'sha256' | 'sha512' = 'sha256',
): TestBlob {
  return blobOf(mediaType, JSON.stringify({ schemaVersion: 2, mediaType, ...content }), algorithm)
}

export function imageSample(image: TestImage): Sample {
  return { root: image.manifest, blobs: [image.config, ...image.layers] }
}

/** Two platforms, and for each an attestation as BuildKit writes it: a manifest of the platform unknown/unknown in the same index. */
export function attestedSample(seed: string): Sample {
  const { images } = makeIndex({ seed, layerBytes: [2000, 30_000] }, [
    { os: 'linux', architecture: 'amd64' },
    { os: 'linux', architecture: 'arm64', variant: 'v8' },
  ])
  const attestations = images.map((image) => {
    const statement = blobOf('application/vnd.in-toto+json', `{"subject":"${image.manifest.digest}"}`)
    const config = blobOf(ociTypes.config, `{"architecture":"unknown","os":"unknown","of":"${image.manifest.digest}"}`)
    return {
      statement,
      config,
      image,
      manifest: manifestBlob({ config: descriptorOf(config), layers: [descriptorOf(statement)] }),
    }
  })
  const manifests = [
    ...images.map((image) => ({ ...descriptorOf(image.manifest), platform: image.platform })),
    ...attestations.map(({ manifest, image }) => ({
      ...descriptorOf(manifest),
      platform: { os: 'unknown', architecture: 'unknown' },
      annotations: {
        'vnd.docker.reference.type': 'attestation-manifest',
        'vnd.docker.reference.digest': image.manifest.digest,
      },
    })),
  ]
  const blobs = [
    ...images.flatMap((image) => [image.manifest, image.config, ...image.layers]),
    ...attestations.flatMap(({ statement, config, manifest }) => [statement, config, manifest]),
  ]
  return { root: manifestBlob({ manifests }, ociTypes.index), blobs }
}

/** An image with a signature, and a note on that signature: referrers of referrers. */
export function referredSample(seed: string): Sample {
  const image = makeImage({ seed, layerBytes: [1000] })
  const empty = blobOf('application/vnd.oci.empty.v1+json', '{}')
  const refer = (subject: TestBlob, artifactType: string, content: string) => {
    const layer = blobOf('text/plain', content)
    const parts = { config: descriptorOf(empty), layers: [descriptorOf(layer)], subject: descriptorOf(subject) }
    return { layer, manifest: manifestBlob({ artifactType, ...parts, annotations: { 'org.example.note': content } }) }
  }
  const signature = refer(image.manifest, 'application/vnd.example.signature', `signature of ${seed}`)
  const note = refer(signature.manifest, 'application/vnd.example.note', `note on ${seed}`)
  return {
    root: image.manifest,
    blobs: [image.config, ...image.layers, empty, signature.layer, note.layer],
    referrers: [signature.manifest, note.manifest],
  }
}

/** An artifact with the empty blob as its only layer. */
export function emptyBlobSample(seed: string): Sample {
  const config = blobOf('application/vnd.oci.empty.v1+json', '{}')
  const layer = blobOf('text/plain', '')
  const parts = { config: descriptorOf(config), layers: [descriptorOf(layer)], annotations: { seed } }
  return { root: manifestBlob({ artifactType: 'application/vnd.example.mark', ...parts }), blobs: [config, layer] }
}

/** Everything of it, manifest too, under sha512. */
export function sha512Sample(seed: string): Sample {
  const config = blobOf(ociTypes.config, `{"architecture":"amd64","os":"linux","seed":"${seed}"}`, 'sha512')
  const layer = blobOf(ociTypes.tarLayer, seededBytes(seed, 70_000), 'sha512')
  const parts = { config: descriptorOf(config), layers: [descriptorOf(layer)] }
  return { root: manifestBlob(parts, ociTypes.manifest, 'sha512'), blobs: [config, layer] }
}

/** Writes a sample as a layout that carries it under `tag`. */
export async function writeSample(directory: string, sample: Sample, tag = 'latest'): Promise<void> {
  await writeLayoutFrame(directory, sample.root, tag)
  const { referrers = [] } = sample
  for (const blob of [sample.root, ...sample.blobs, ...referrers]) {
    const file = layoutPath(directory, blob.digest)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, blob.bytes)
  }
  if (referrers.length === 0) return
  const file = join(directory, 'index.json')
  // Written by the line above.
  const index = JSON.parse(await readFile(file, 'utf8')) as { readonly manifests: readonly unknown[] }
  await writeFile(file, JSON.stringify({ ...index, manifests: [...index.manifests, ...referrers.map(descriptorOf)] }))
}

export type LayoutContent = {
  /** Digest and name of each entry of the index, in order. */
  readonly entries: readonly string[]
  readonly blobs: readonly string[]
  /** Files that belong to no layout. */
  readonly others: readonly string[]
}

/** What a layout holds, each blob compared with its name. */
export async function contentOf(directory: string): Promise<LayoutContent> {
  const all = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = all
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
  const blobs = files.filter((file) => /^blobs\/sha(256|512)\/[0-9a-f]+$/.test(file))
  for (const blob of blobs) {
    const [, algorithm, hex] = blob.split('/')
    const found = digestBy(algorithm === 'sha512' ? 'sha512' : 'sha256', await readFile(join(directory, blob)))
    if (found !== `${algorithm}:${hex}`) throw new Error(`${blob} holds ${found}`)
  }
  const known = [...blobs, 'oci-layout', 'index.json']
  return {
    entries: await entriesOf(directory),
    blobs: blobs.map((blob) => blob.split('/').slice(1).join(':')).toSorted(),
    others: files.filter((file) => !known.includes(file)),
  }
}

async function entriesOf(directory: string): Promise<readonly string[]> {
  // By the image specification.
  const index = JSON.parse(await readFile(join(directory, 'index.json'), 'utf8')) as {
    readonly manifests: readonly { readonly digest: string; readonly annotations?: Readonly<Record<string, string>> }[]
  }
  return index.manifests
    .map(({ digest, annotations }) => `${digest} ${annotations?.['org.opencontainers.image.ref.name'] ?? '-'}`)
    .toSorted()
}
