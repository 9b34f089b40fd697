/** The size of one read or write of a file: larger ones gain nothing, smaller ones cost a thread-pool trip more. */
export const pieceBytes = 256 * 1024

/** Buffers of `pieceBytes` that are used again. Keeps at most `kept`; more exist only while they are in use. */
export interface Buffers {
  readonly take: () => Buffer
  /** Give a buffer back only when no read or write of it can still be running. */
  readonly give: (buffer: Buffer) => void
}

export function createBuffers(kept: number): Buffers {
  const free: Buffer[] = []
  return {
    take: () => free.pop() ?? Buffer.allocUnsafeSlow(pieceBytes),
    give: (buffer) => {
      if (free.length < kept) free.push(buffer)
    },
  }
}
