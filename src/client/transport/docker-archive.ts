// What `docker save` writes and `docker load` reads: a list of images, their configurations, and their layers as plain tar files. It has no
// manifest: one is made of what there is, the same each time.
// https://github.com/moby/docker-image-spec/blob/v1.3.1/v1.2.md#combined-image-json--filesystem-changeset-format

import { createHash } from 'node:crypto'

import { digestOf, hexOf, parseDigest, type Digest } from '../../lib/digest.ts'
import { type FileTree, readSmallFile } from './file-tree.ts'
import { type Invalid, manifestBytesMax, mediaTypes, parseBoundedJson, parseManifestLinks } from './manifest-graph.ts'
import type { Manifest } from './place.ts'
import type { PlaceReader } from './read-layout.ts'
import { transportFail } from './transport-error.ts'

const listName = 'manifest.json'

/** How we write one. */
export const dockerArchiveFiles = {
  listName,
  /** Configurations have the same names: `docker load` looks only at what the list says. */
  blob: (digest: Digest) => `${hexOf(digest)}.tar`,
  list: (manifest: Manifest, names: readonly string[], where: string): Buffer => {
    const { config, layers, foreign } = parseManifestLinks(manifest, where)
    if (!config || foreign.length > 0)
      return transportFail('Unsupported', { where, what: 'layers that are kept elsewhere' })
    const fileOf = ({ digest }: { readonly digest: Digest }) => dockerArchiveFiles.blob(digest)
    const tags = names.map((name) => (name.includes(':') ? name : `${name}:latest`))
    return Buffer.from(JSON.stringify([{ Config: fileOf(config), RepoTags: tags, Layers: layers.map(fileOf) }]))
  },
} as const

export async function isDockerArchive(tree: FileTree): Promise<boolean> {
  return (await tree.sizeOf(listName)) !== undefined
}

interface SavedImage {
  readonly config: string
  readonly layers: readonly string[]
  readonly names: readonly string[]
}

/** Reads a docker archive. Fails with InvalidArchive, ImageMissing, BlobMissing, SizeMismatch. */
export function dockerArchiveReader(tree: FileTree): PlaceReader {
  /** Which file has the bytes of a digest, of the images that were asked for. */
  const files = new Map<Digest, string>()
  const manifests = new Map<Digest, Manifest>()
  return {
    findManifest: async (reference) => {
      const digest = parseDigest(reference ?? '')
      if (digest) return manifests.get(digest)
      const image = chooseImage(await readList(tree), reference, tree.path)
      if (!image) return undefined
      const manifest = await makeManifest(tree, image, files)
      manifests.set(manifest.digest, manifest)
      return manifest
    },
    openBlob: async ({ digest, size: expected }, offset) => {
      const where = tree.path
      const name = files.get(digest) ?? transportFail('BlobMissing', { digest, where })
      const found = await tree.sizeOf(name)
      if (found !== expected) transportFail('SizeMismatch', { digest, expected, found: found ?? 0, where })
      return tree.read(name, offset)
    },
    listReferrers: async () => [],
  }
}

async function readList(tree: FileTree): Promise<readonly SavedImage[]> {
  const invalid = invalidIn(tree)
  const bytes = (await readSmallFile(tree, listName, manifestBytesMax)) ?? invalid(`it has no ${listName}`)
  // A list: made an object, so that its bounds are looked at in the same way.
  const list = parseBoundedJson(Buffer.concat([Buffer.from('{"images":'), bytes, Buffer.from('}')]), invalid)['images']
  if (!Array.isArray(list)) return invalid(`${listName} is no list`)
  return list.map((item: unknown) => {
    // Looked at member by member.
    const { Config: config, Layers: layers, RepoTags: names } = (item ?? {}) as Readonly<Record<string, unknown>>
    if (typeof config !== 'string') return invalid('an image has no Config')
    return { config, layers: texts(layers ?? [], invalid), names: texts(names ?? [], invalid) }
  })
}

function texts(value: unknown, invalid: Invalid): readonly string[] {
  if (!Array.isArray(value)) return invalid(`a list in ${listName} is missing`)
  return value.map((item: unknown) => (typeof item === 'string' ? item : invalid(`a name in ${listName} is no text`)))
}

function chooseImage(images: readonly SavedImage[], name: string | undefined, path: string): SavedImage | undefined {
  if (name !== undefined) {
    const wanted = [name, `${name}:latest`]
    return images.find(({ names }) =>
      names.some((each) => wanted.includes(each) || each.endsWith(`/${name}`) || each.endsWith(`:${name}`)),
    )
  }
  if (images.length <= 1) return images[0]
  const names = images.flatMap((image) => image.names).join(', ')
  return transportFail('InvalidArchive', {
    path,
    reason: `it holds several images, so that one must be chosen: ${names || 'none has a name'}`,
  })
}

async function makeManifest(tree: FileTree, image: SavedImage, files: Map<Digest, string>): Promise<Manifest> {
  const invalid = invalidIn(tree)
  const configBytes =
    (await readSmallFile(tree, image.config, manifestBytesMax)) ?? invalid(`it does not hold ${image.config}`)
  const diffIds = diffIdsOf(configBytes, invalid)
  if (diffIds.length !== image.layers.length)
    invalid(`it has ${image.layers.length} layers, and its configuration ${diffIds.length}`)
  const config = { mediaType: mediaTypes.ociConfig, digest: digestOf(configBytes), size: configBytes.byteLength }
  files.set(config.digest, image.config)
  const layers = []
  for (const [index, name] of image.layers.entries()) {
    const size = (await tree.sizeOf(name)) ?? invalid(`it does not hold ${name}`)
    const mediaType = await layerTypeOf(tree, name)
    // A plain tar has the digest that the configuration says; whether that is true is seen when it is copied.
    const plain = mediaType === mediaTypes.ociTar ? parseDigest(diffIds[index] ?? '') : undefined
    const digest = plain ?? (await digestFile(tree, name))
    files.set(digest, name)
    layers.push({ mediaType, digest, size })
  }
  const document = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers }
  const bytes = Buffer.from(JSON.stringify(document))
  return { digest: digestOf(bytes), mediaType: mediaTypes.ociManifest, bytes }
}

function diffIdsOf(config: Buffer, invalid: Invalid): readonly string[] {
  const rootfs = parseBoundedJson(config, invalid)['rootfs']
  const ids = typeof rootfs === 'object' && rootfs !== null && 'diff_ids' in rootfs ? rootfs.diff_ids : undefined
  return texts(ids ?? [], invalid)
}

async function layerTypeOf(tree: FileTree, name: string): Promise<string> {
  const start = await firstBytes(tree.read(name, 0))
  if (start.startsWith('1f8b')) return mediaTypes.ociGzip
  return start.startsWith('28b52ffd') ? mediaTypes.ociZstd : mediaTypes.ociTar
}

async function firstBytes(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  for await (const piece of bytes) return Buffer.from(piece.subarray(0, 4)).toString('hex')
  return ''
}

async function digestFile(tree: FileTree, name: string): Promise<Digest> {
  const hash = createHash('sha256')
  for await (const piece of tree.read(name, 0)) hash.update(piece)
  return `sha256:${hash.digest('hex')}`
}

function invalidIn(tree: FileTree): Invalid {
  return (reason) => transportFail('InvalidArchive', { path: tree.path, reason })
}
