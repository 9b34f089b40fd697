// Checksums of pieces as a column: 32-bit numbers, big-endian, in base64. A layer of 10 GiB has 55 KB of them.

export function toColumn(checksums: readonly number[] | undefined): string | null {
  if (checksums === undefined) return null
  const bytes = Buffer.alloc(checksums.length * 4)
  checksums.forEach((checksum, index) => bytes.writeUInt32BE(checksum, index * 4))
  return bytes.toString('base64')
}

export function fromColumn(text: string | undefined): readonly number[] | undefined {
  if (text === undefined) return undefined
  const bytes = Buffer.from(text, 'base64')
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readUInt32BE(index * 4))
}
