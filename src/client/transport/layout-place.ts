// An OCI image layout in a directory. Blobs appear under their names whole and checked; the index is written last, so that an image is
// named only when all of it is there. Not synced: a blob that a crash of the machine tore is found by its digest and written again.

import { createHash } from 'node:crypto'
import { mkdir, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { algorithmOf, type Digest } from '../../lib/digest.ts'
import { openDirectoryTree, type FileTree } from './file-tree.ts'
import { printIndex, type IndexEntry } from './layout-index.ts'
import type { LayoutReference } from './parse-reference.ts'
import type { Place } from './place.ts'
import { blobName, indexName, layoutMark, layoutReader, readIndexJson } from './read-layout.ts'
import { fileError, transportError, transportFail } from './transport-error.ts'
import { writeFileWhole } from './write-file.ts'
import { errorCode } from '../../lib/error-code.ts'

/** Opens a layout to read or to write; it is made by the first write. Writing fails with InvalidLayout in a directory of other files. */
export function openLayoutPlace({ path, tag, digest }: LayoutReference): Place {
  const tree = openDirectoryTree(path)
  const entries: IndexEntry[] = []
  let made: Promise<void> | undefined
  const make = () => (made ??= makeLayout(tree))
  const folders = new Map<string, Promise<void>>()
  const makeFolder = (folder: string): Promise<void> => {
    const known = folders.get(folder)
    if (known !== undefined) return known
    const making = makeDirectory(folder)
    folders.set(folder, making)
    return making
  }
  const write = async (
    name: Digest,
    bytes: AsyncIterable<Uint8Array> | readonly Uint8Array[],
    onBytes?: (done: number) => void,
  ) => {
    await make()
    const file = join(path, blobName(name))
    await makeFolder(dirname(file))
    await writeFileWhole(file, bytes, onBytes)
  }
  return {
    name: path,
    isLocal: true,
    tag,
    digest,
    ...layoutReader(tree),
    // Nothing is made before there is something to write.
    prepare: () => requireLayoutOrNothing(tree),
    findExisting: async (blobs) => {
      const found = new Set<Digest>()
      for (const blob of blobs) if (await holdsBlob(tree, blob.digest, blob.size)) found.add(blob.digest)
      return found
    },
    writeBlob: async (blob, source, { onBytes }) => {
      await write(blob.digest, source.read(0), onBytes)
      return 'written'
    },
    writeManifest: async (manifest, tags, { role }) => {
      await write(manifest.digest, [manifest.bytes])
      if (role !== 'child') entries.push({ manifest, tags })
    },
    finish: async () => {
      await writeFileWhole(join(path, indexName), [printIndex(await readIndexJson(tree), entries)])
    },
    close: () => tree.close(),
  }
}

async function requireLayoutOrNothing(tree: FileTree): Promise<void> {
  if ((await tree.sizeOf(layoutMark.name)) !== undefined) return
  const others = await readdir(tree.path).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return []
    const reason = 'it is a file, not a directory'
    throw errorCode(error) === 'ENOTDIR'
      ? transportError('InvalidLayout', { path: tree.path, reason }, error)
      : fileError(tree.path, error)
  })
  if (others.length > 0)
    transportFail('InvalidLayout', { path: tree.path, reason: 'it is a directory that holds something else' })
}

async function makeLayout(tree: FileTree): Promise<void> {
  await makeDirectory(tree.path)
  if ((await tree.sizeOf(layoutMark.name)) !== undefined) return
  await writeFileWhole(join(tree.path, layoutMark.name), [Buffer.from(layoutMark.content)])
}

async function makeDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((error: unknown) => {
    throw fileError(path, error)
  })
}

/** Read whole: a blob of the right length need not be the right one. */
async function holdsBlob(tree: FileTree, digest: Digest, size: number): Promise<boolean> {
  if ((await tree.sizeOf(blobName(digest))) !== size) return false
  const hash = createHash(algorithmOf(digest))
  for await (const piece of tree.read(blobName(digest), 0)) hash.update(piece)
  return `${algorithmOf(digest)}:${hash.digest('hex')}` === digest
}
