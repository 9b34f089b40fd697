// An image in one tar file: an OCI layout, or what `docker save` writes. An archive is read, or made anew; it is never added to.

import { parseDigest, type Digest } from '../../lib/digest.ts'
import { dockerArchiveReader, dockerArchiveFiles, isDockerArchive } from './docker-archive.ts'
import type { FileTree } from './file-tree.ts'
import { printIndex, type IndexEntry } from './layout-index.ts'
import { isIndexType } from './manifest-graph.ts'
import type { ArchiveReference } from './parse-reference.ts'
import type { Manifest, Place, PlannedManifest } from './place.ts'
import { blobName, indexName, layoutMark, layoutReader, type PlaceReader } from './read-layout.ts'
import { openTarTree } from './tar-tree.ts'
import { openTarWriter, type TarWriter } from './tar-writer.ts'
import { transportFail } from './transport-error.ts'

/** Opens an archive. What it is read from is looked at with the first read; `overwrite` lets writing replace it. */
export function openArchivePlace({ kind, path, tag }: ArchiveReference, overwrite: boolean): Place {
  const writer = openTarWriter(path, overwrite)
  const layout = kind === 'oci-archive'
  let tree: Promise<FileTree> | undefined
  let reader: Promise<PlaceReader> | undefined
  const read = () => (reader ??= openReader((tree ??= openTarTree(path))))
  // A whole reference names a docker-archive, and it must not be lost that a digest is none of them.
  const digest = layout ? parseDigest(tag ?? '') : undefined
  return {
    name: path,
    isLocal: true,
    tag: digest === undefined ? tag : undefined,
    digest,
    findManifest: async (reference) => (await read()).findManifest(reference),
    openBlob: async (blob, offset) => (await read()).openBlob(blob, offset),
    listReferrers: async (subject) => (await read()).listReferrers(subject),
    findExisting: async () => new Set<Digest>(),
    ...(layout ? layoutWriter(writer) : dockerWriter(writer)),
    prepare: async (manifests) => {
      await writer.requireFree()
      if (!layout) requireOneImage(manifests, path)
    },
    close: async () => {
      await writer.close()
      const opened = await tree?.catch(() => undefined) // who read was told
      await opened?.close()
    },
  }
}

async function openReader(opening: Promise<FileTree>): Promise<PlaceReader> {
  const tree = await opening
  // Docker 25 and later write both forms into one archive; the layout has the manifests as they were.
  if ((await tree.sizeOf(layoutMark.name)) !== undefined) return layoutReader(tree)
  if (await isDockerArchive(tree)) return dockerArchiveReader(tree)
  return transportFail('InvalidArchive', {
    path: tree.path,
    reason: 'it holds neither an OCI layout nor what docker saves',
  })
}

type Writer = Pick<Place, 'writeBlob' | 'writeManifest' | 'finish'>

function layoutWriter(tar: TarWriter): Writer {
  const entries: IndexEntry[] = []
  const addWhole = (name: string, bytes: Buffer) => tar.add(name, bytes.byteLength, [bytes])
  return {
    writeBlob: async (blob, source, { onBytes }) => {
      await tar.add(blobName(blob.digest), blob.size, source.read(0), onBytes)
      return 'written'
    },
    writeManifest: async (manifest, tags, { role }) => {
      await addWhole(blobName(manifest.digest), manifest.bytes)
      if (role !== 'child') entries.push({ manifest, tags })
    },
    finish: async () => {
      await addWhole(layoutMark.name, Buffer.from(layoutMark.content))
      await addWhole(indexName, printIndex(undefined, entries))
      await tar.finish()
    },
  }
}

/** `docker load` knows neither an index nor what refers to an image. */
function requireOneImage(manifests: readonly PlannedManifest[], path: string): void {
  if (manifests.some(({ manifest }) => isIndexType(manifest.mediaType)))
    transportFail('Unsupported', { where: path, what: 'an image of several platforms: choose one' })
  for (const { manifest, role } of manifests) {
    if (role === 'referrer') transportFail('Unsupported', { where: path, what: 'what refers to an image' })
    dockerArchiveFiles.list(manifest, [], path)
  }
}

function dockerWriter(tar: TarWriter): Writer {
  let image: { readonly manifest: Manifest; readonly names: readonly string[] } | undefined
  return {
    writeBlob: async (blob, source, { onBytes }) => {
      await tar.add(dockerArchiveFiles.blob(blob.digest), blob.size, source.read(0), onBytes)
      return 'written'
    },
    writeManifest: async (manifest, tags) => {
      image = { manifest, names: tags }
    },
    finish: async () => {
      if (image) {
        const list = dockerArchiveFiles.list(image.manifest, image.names, 'the archive')
        await tar.add(dockerArchiveFiles.listName, list.byteLength, [list])
      }
      await tar.finish()
    },
  }
}
