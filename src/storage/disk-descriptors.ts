// Plain file descriptors for the read path: a small blob read through `FileHandle` costs up to twice the processor time (measured).

import { close, constants, fstatSync, open, read } from 'node:fs'
import { open as openHandle } from 'node:fs/promises'
import { isLink, isMissing, toStorageError } from './disk-errors.ts'

/**
 * A link in the place of a file is damage, wherever it leads; a pipe there must not hold the thread that opens it. Windows has neither
 * flag.
 */
const readFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/** A file open for reading; `undefined` when there is none, or something else in its place. Whoever gets it closes it. */
export function openForReading(
  path: string,
): Promise<{ readonly descriptor: number; readonly size: number } | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<{ descriptor: number; size: number } | undefined>()
  open(path, readFlags, (error, descriptor) => {
    if (error) return isMissing(error) || isLink(error) ? resolve(undefined) : reject(error)
    // The kernel has the inode of an open file at hand: this call does not wait for a disk.
    const found = fstatSync(descriptor)
    if (found.isFile()) return resolve({ descriptor, size: found.size })
    close(descriptor, (failure) => (failure ? reject(failure) : resolve(undefined)))
  })
  return promise
}

/** One for a connection, one for the file that it asks for. */
const sparesMin = 2

/** Opens as many descriptors as a new request needs, and closes them again. Throws the port's error when they can not be had. */
export async function openSpare(directory: string): Promise<void> {
  await using spares = new AsyncDisposableStack()
  try {
    for (let count = 0; count < sparesMin; count++) spares.use(await openHandle(directory, constants.O_RDONLY))
  } catch (error) {
    throw toStorageError(error)
  }
}

/** Fills the first `length` bytes of `buffer` from `position`; throws when the file ends before. */
export async function readFully(
  descriptor: number,
  buffer: Buffer,
  length: number,
  position: number,
): Promise<Uint8Array> {
  for (let done = 0; done < length;) {
    const count = await readSome(descriptor, buffer, done, length - done, position + done)
    if (count === 0) throw new Error(`the file ended ${length - done} bytes early`)
    done += count
  }
  return buffer.subarray(0, length)
}

function readSome(descriptor: number, buffer: Buffer, at: number, length: number, position: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  read(descriptor, buffer, at, length, position, (error, count) => (error ? reject(error) : resolve(count)))
  return promise
}

/** In the thread pool: the last close of an unlinked file gives its blocks back, which takes long for a large one. */
export function closeDescriptor(descriptor: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  close(descriptor, (error) => (error ? reject(error) : resolve()))
  return promise
}
