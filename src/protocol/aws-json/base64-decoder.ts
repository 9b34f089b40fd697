// Base64 that arrives in pieces, decoded into one buffer that is used again: a layer part is 20 MiB, and as a text and then as bytes
// of its own it cost four times that much memory, and most of the processor time of its upload.

export interface Base64Decoder {
  /** Takes the next characters, one a byte. False when they are no base64, or more than the buffer holds: then it is of no more use. */
  readonly add: (text: string) => boolean
  /** Characters that wait for the rest of their group of four. */
  readonly waiting: () => string
  /** All that was decoded; `undefined` when its last group is not whole. Good until the buffer is given back. */
  readonly end: () => Uint8Array | undefined
}

export function createBase64Decoder(target: Buffer): Base64Decoder {
  let waiting = ''
  let filled = 0
  let isPadded = false

  const decode = (groups: string): boolean => {
    if (groups === '') return true
    // Node reads the letters of base64url as well, which AWS JSON does not have.
    if (isPadded || groups.includes('-') || groups.includes('_')) return false
    const padding = groups.endsWith('==') ? 2 : groups.endsWith('=') ? 1 : 0
    const bytes = (groups.length / 4) * 3 - padding
    // It skips what is not base64 and stops at a padding: then bytes are missing.
    if (filled + bytes > target.length || target.write(groups, filled, 'base64') !== bytes) return false
    isPadded = padding > 0
    filled += bytes
    return true
  }

  return {
    add: (text) => {
      // Completed alone, so that the many characters behind it are not copied for the sake of a few.
      const head = waiting === '' ? 0 : Math.min(4 - waiting.length, text.length)
      const first = waiting + text.slice(0, head)
      const whole = head + ((text.length - head) & ~3)
      if (first.length < 4 && whole === head) {
        waiting = first + text.slice(head)
        return true
      }
      if (!decode(first) || !decode(text.slice(head, whole))) return false
      waiting = text.slice(whole)
      return true
    },
    waiting: () => waiting,
    end: () => (waiting === '' ? target.subarray(0, filled) : undefined),
  }
}
