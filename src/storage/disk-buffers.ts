/** The size of one read or write of a file: larger ones gain nothing, smaller ones cost a thread-pool trip more. */
export const pieceBytes = 256 * 1024

const wasmPageBytes = 64 * 1024

/** Part of every engine, but of the types for browsers only. */
declare const WebAssembly: {
  readonly Memory: new (pages: { readonly initial: number; readonly maximum: number }) => {
    readonly buffer: ArrayBuffer
  }
}

/** Buffers of `pieceBytes` that are used again. Keeps at most `kept`; more exist only while they are in use. */
export interface Buffers {
  readonly take: () => Buffer
  /** Give a buffer back only when no read or write of it can still be running. */
  readonly give: (buffer: Buffer) => void
  /** Whether it begins with a page of memory: a write past the page cache needs that. Those that are kept do, where there is room for them. */
  readonly isAligned: (buffer: Buffer) => boolean
}

/** `isAligned` false for those that are read into: that takes a third longer into aligned memory (measured: 0.6 instead of 0.4 s of CPU a GiB). */
export function createBuffers(kept: number, isAligned: boolean): Buffers {
  const memory = alignedMemory(isAligned ? kept * pieceBytes : 0)
  const free: Buffer[] = Array.from({ length: memory.byteLength / pieceBytes }, (_, nr) =>
    Buffer.from(memory, nr * pieceBytes, pieceBytes),
  )
  return {
    take: () => free.pop() ?? Buffer.allocUnsafeSlow(pieceBytes),
    give: (buffer) => {
      if (free.length < kept) free.push(buffer)
    },
    isAligned: (buffer) => buffer.buffer === memory,
  }
}

/** The only memory of which Node says where it begins. It takes none before it is used; nothing at all where the process may not reserve it. */
function alignedMemory(bytes: number): ArrayBuffer {
  const pages = bytes / wasmPageBytes
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages }).buffer
  } catch (error) {
    if (error instanceof RangeError) return new ArrayBuffer(0)
    throw error
  }
}
