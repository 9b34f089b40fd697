// A file system in memory that promises no more than POSIX does. Bytes are durable after an fsync of their file, names after an fsync of
// their directory; a power cut takes any part of what was not synced, each name and each file on its own, in no order.

/** A file, whatever names it has. */
interface Inode {
  bytes: Buffer
  /** How many of the bytes are on the platter: a prefix, since files are only appended to. */
  syncedLength: number
}

export interface SimulatedDisk {
  readonly read: (path: string) => Buffer | undefined
  readonly append: (path: string, bytes: Uint8Array) => void
  readonly remove: (path: string) => void
  /** False when there is no file of that name. */
  readonly rename: (from: string, to: string) => boolean
  readonly sync: (path: string) => void
  /** `directory` as the paths in it begin, with its last slash. */
  readonly syncDirectory: (directory: string) => void
  /** In byte order. */
  readonly list: (directory: string) => readonly string[]
  /** `chance` gives numbers from 0 up to, not including, `below`. */
  readonly cutPower: (chance: (below: number) => number) => void
}

export function createDisk(): SimulatedDisk {
  let names = new Map<string, Inode>()
  const durableNames = new Map<string, Inode>()

  return {
    read: (path) => names.get(path)?.bytes,
    append: (path, bytes) => {
      const inode = names.get(path)
      if (inode) inode.bytes = Buffer.concat([inode.bytes, bytes])
      else names.set(path, { bytes: Buffer.from(bytes), syncedLength: 0 })
    },
    remove: (path) => {
      names.delete(path)
    },
    rename: (from, to) => {
      const inode = names.get(from)
      if (!inode) return false
      names.delete(from)
      names.set(to, inode)
      return true
    },
    sync: (path) => {
      const inode = names.get(path)
      if (inode) inode.syncedLength = inode.bytes.length
    },
    syncDirectory: (directory) => {
      for (const path of durableNames.keys()) if (path.startsWith(directory)) durableNames.delete(path)
      for (const [path, inode] of names) if (path.startsWith(directory)) durableNames.set(path, inode)
    },
    list: (directory) => [...names.keys()].filter((path) => path.startsWith(directory)).toSorted(),
    cutPower: (chance) => {
      const survivors = new Map<string, Inode>()
      for (const path of new Set([...names.keys(), ...durableNames.keys()])) {
        const [now, before] = [names.get(path), durableNames.get(path)]
        const inode = chance(2) === 0 ? now : before
        if (inode) survivors.set(path, inode)
      }
      for (const inode of new Set(survivors.values())) loseBytes(inode, chance)
      names = survivors
      durableNames.clear()
      for (const [path, inode] of survivors) durableNames.set(path, inode)
    },
  }
}

/** What was not synced is cut off, or is there as zeroes (its length was written and its data not), or has survived. */
function loseBytes(inode: Inode, chance: (below: number) => number): void {
  const { bytes, syncedLength } = inode
  const atRisk = bytes.length - syncedLength
  const kept = syncedLength + chance(atRisk + 1)
  const fate = chance(3)
  const after = [
    bytes,
    bytes.subarray(0, kept),
    Buffer.concat([bytes.subarray(0, kept), Buffer.alloc(bytes.length - kept)]),
  ]
  inode.bytes = Buffer.from(after[fate] ?? bytes)
  inode.syncedLength = inode.bytes.length
}
