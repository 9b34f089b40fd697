// A process of its own, started under a limit on the size of files: appends 2 MiB and says what came of it.

import { randomUUID } from 'node:crypto'
import { openDiskBlobs } from '../../../src/storage/disk.ts'

const blobs = await openDiskBlobs({ directory: process.argv[2] ?? '', reserveBytes: 0 })
const id = randomUUID()
async function* source() {
  for (let index = 0; index < 32; index++) yield Buffer.alloc(65_536, index)
}
try {
  await blobs.append(id, 0, source(), 10_000_000)
  console.log('no error')
} catch (error) {
  console.log(`${error instanceof Error ? error.name : String(error)}, ${await blobs.received(id)} bytes received`)
}
