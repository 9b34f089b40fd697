// The least of the tar format (POSIX.1-1988 "ustar") that holds regular files: enough for a test layer.

/** The 512 bytes before a file's content. Numbers are octal text; a file may have up to 8 GiB - 1. */
export function tarHeader(name: string, bytes: number): Buffer {
  const header = Buffer.alloc(512)
  header.write(name, 0, 100)
  header.write(octal(0o644, 8), 100)
  header.write(octal(0, 8), 108)
  header.write(octal(0, 8), 116)
  header.write(octal(bytes, 12), 124)
  header.write(octal(0, 12), 136)
  header.write('        ', 148) // the checksum counts its own field as blanks
  header.write('0', 156)
  header.write('ustar\x0000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}

/** Fills the last block of a file's content. */
export function tarPadding(bytes: number): Buffer {
  return Buffer.alloc((512 - (bytes % 512)) % 512)
}

/** Two empty blocks end an archive. */
export const tarEnd = Buffer.alloc(1024)

function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, '0')}\0`
}
