// The files of a tar archive, read where they are: only the headers are gone through, from one to the next. Hostile archives are
// bounded: no name leads out of the tree, none is there twice, and no file goes on beyond the end.

import { open, rm, type FileHandle } from 'node:fs/promises'
import { createReadStream, createWriteStream } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, posix } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'

import { Header, Pax } from 'tar'

import { readHandle, type FileTree } from './file-tree.ts'
import { fileError, reasonOf, transportFail } from './transport-error.ts'
import { partialName } from './write-file.ts'
import { errorCode } from '../../lib/error-code.ts'

const blockBytes = 512
const entriesMax = 100_000
const extensionBytesMax = 1024 * 1024
const linksMax = 8

type Entry =
  | { readonly kind: 'file'; readonly start: number; readonly size: number }
  | { readonly kind: 'link'; readonly target: string }

/** Opens an archive, plain or compressed by gzip (which is unpacked into a temporary file first). Fails with InvalidArchive, FileFailed. */
export async function openTarTree(path: string): Promise<FileTree> {
  const unpacked = (await isGzip(path)) ? await gunzip(path) : undefined
  const file = await openArchive(unpacked ?? path)
  const close = async () => {
    await file.close()
    if (unpacked !== undefined) await rm(unpacked, { force: true })
  }
  try {
    const entries = await readEntries(file, path)
    const find = (name: string) => resolve(entries, name, path)
    return {
      path,
      sizeOf: async (name) => find(name)?.size,
      read: (name, offset) => {
        const { start, size } = find(name) ?? invalid(path, `it does not hold ${name}`)
        return readHandle(file, path, start + offset, start + size)
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

type Extension = Partial<Pick<Header, 'path' | 'linkpath' | 'size'>>

async function readEntries(file: FileHandle, path: string): Promise<ReadonlyMap<string, Entry>> {
  const { size: length } = await file.stat()
  const entries = new Map<string, Entry>()
  let extension: Extension = {}
  for (let position = 0; position < length;) {
    const block = await readBlock(file, path, position, blockBytes)
    const header = decode(block, path)
    if (header.nullBlock) break
    if (!header.cksumValid) invalid(path, `the header at byte ${position} is damaged`)
    const more = extensionOf(header.type)
    const own = more ? pick(header) : { ...pick(header), ...extension }
    const size = hasBytes(header.type) ? (own.size ?? 0) : 0
    const start = position + blockBytes
    if (size > length - start) invalid(path, 'it is cut off')
    position = start + Math.ceil(size / blockBytes) * blockBytes
    if (more) {
      if (size > extensionBytesMax) invalid(path, 'a header is too large')
      extension = { ...extension, ...more(await readBlock(file, path, start, size)) }
      continue
    }
    extension = {}
    addEntry(entries, { type: header.type, ...own }, { start, size }, path)
    if (entries.size > entriesMax) invalid(path, `it holds more than ${entriesMax} files`)
  }
  if (length < blockBytes) invalid(path, 'it is empty')
  return entries
}

/** Without extensions: tar 7.5.23 puts the header's prefix before a name that an extension gave, and forgets one's link. */
function decode(block: Buffer, path: string): Header {
  try {
    return new Header(block)
  } catch (error) {
    return invalid(path, `a header cannot be read (${reasonOf(error)})`)
  }
}

function pick({ path, linkpath, size }: Header | Pax): Extension {
  return {
    ...(path !== undefined && { path }),
    ...(linkpath !== undefined && { linkpath }),
    ...(size !== undefined && { size }),
  }
}

/** Entries that describe the next one: POSIX's and GNU's. */
function extensionOf(type: Header['type']): ((bytes: Buffer) => Extension) | undefined {
  switch (type) {
    case 'ExtendedHeader':
    case 'OldExtendedHeader':
      return (bytes) => {
        return pick(Pax.parse(bytes.toString()))
      }
    case 'GlobalExtendedHeader':
      return () => ({})
    case 'NextFileHasLongPath':
    case 'OldGnuLongPath':
      return (bytes) => ({ path: untilNull(bytes) })
    case 'NextFileHasLongLinkpath':
      return (bytes) => ({ linkpath: untilNull(bytes) })
    default:
      return undefined
  }
}

function hasBytes(type: Header['type']): boolean {
  return type !== 'Directory' && type !== 'SymbolicLink' && type !== 'Link'
}

function addEntry(
  entries: Map<string, Entry>,
  header: Pick<Header, 'type'> & Extension,
  place: { readonly start: number; readonly size: number },
  path: string,
): void {
  const name = inside(header.path ?? '', path)
  switch (header.type) {
    case 'Directory':
      return
    case 'File':
    case 'OldFile':
    case 'ContiguousFile':
      return add({ kind: 'file', ...place })
    case 'Link':
      return add({ kind: 'link', target: inside(header.linkpath ?? '', path) })
    case 'SymbolicLink':
      return add({
        kind: 'link',
        target: inside(posix.join(posix.dirname(name), absolute(header.linkpath ?? '', path)), path),
      })
    default:
      return invalid(path, `${name} is neither a file nor a directory`)
  }

  function add(entry: Entry): void {
    if (entries.has(name)) invalid(path, `it holds ${name} twice`)
    entries.set(name, entry)
  }
}

/** A name as we look for it. Fails for one that leads out of the archive. */
function inside(name: string, path: string): string {
  const plain = posix.normalize(absolute(name, path)).replace(/\/$/, '')
  if (plain === '..' || plain.startsWith('../')) invalid(path, `${JSON.stringify(name)} leads out of it`)
  return plain
}

function absolute(name: string, path: string): string {
  if (name === '' || name.startsWith('/') || name.includes('\0'))
    invalid(path, `${JSON.stringify(name)} is no name of a file in it`)
  return name
}

function resolve(
  entries: ReadonlyMap<string, Entry>,
  name: string,
  path: string,
): Extract<Entry, { kind: 'file' }> | undefined {
  let entry = entries.get(name)
  for (let links = 0; entry?.kind === 'link'; links++) {
    if (links === linksMax) invalid(path, `${name} is a link that leads nowhere`)
    entry = entries.get(entry.target)
  }
  return entry
}

async function readBlock(file: FileHandle, path: string, position: number, bytes: number): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of readHandle(file, path, position, position + bytes)) pieces.push(Buffer.from(piece))
  const block = Buffer.concat(pieces)
  return block.byteLength === bytes ? block : invalid(path, 'it is cut off')
}

async function openArchive(path: string): Promise<FileHandle> {
  const file = await open(path).catch((error: unknown) => {
    throw fileError(path, error)
  })
  if ((await file.stat()).isFile()) return file
  await file.close()
  return invalid(path, 'it is not a file')
}

async function isGzip(path: string): Promise<boolean> {
  const file = await openArchive(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0)
    return bytesRead === 2 && buffer.readUInt16BE() === 0x1f8b
  } finally {
    await file.close()
  }
}

async function gunzip(path: string): Promise<string> {
  const unpacked = partialName(join(tmpdir(), 'archive'))
  try {
    await pipeline(createReadStream(path), createGunzip(), createWriteStream(unpacked, { flags: 'wx', mode: 0o600 }))
    return unpacked
  } catch (error) {
    await rm(unpacked, { force: true })
    const code = errorCode(error) ?? ''
    return code.startsWith('Z_')
      ? invalid(path, `its compression is damaged (${reasonOf(error)})`)
      : Promise.reject(fileError(unpacked, error))
  }
}

function untilNull(bytes: Buffer): string {
  const end = bytes.indexOf(0)
  return bytes.subarray(0, end === -1 ? bytes.byteLength : end).toString()
}

function invalid(path: string, reason: string): never {
  return transportFail('InvalidArchive', { path, reason })
}
