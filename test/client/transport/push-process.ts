// A push in a process of its own, to be killed: `node push-process.ts '<json>'`. Prints a line when bytes have arrived.

import { createEcr } from '../../../src/client/create-ecr.ts'
import { push } from '../../../src/client/transport/copy.ts'

export type PushProcessInput = {
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly host: string
  readonly source: string
  readonly target: string
  readonly journalDirectory: string
  /** For a target by `/v2/`. */
  readonly password?: string
  readonly chunkBytes?: number
}

// Written by the test that starts it.
const input = JSON.parse(process.argv[2] ?? '') as PushProcessInput
const { endpoint, region, accessKeyId, secretAccessKey, host, source, target, journalDirectory, password, chunkBytes } =
  input
const ecr = createEcr({ endpoint, region, accessKeyId, secretAccessKey })
const report = await push(source, target, {
  ecr,
  ecrHosts: [host],
  journalDirectory,
  chunkBytes,
  ...(password !== undefined && { credentials: async () => ({ kind: 'password', username: 'AWS', password }) }),
  onProgress: (event) => {
    if (event.kind === 'total') process.stdout.write(`${event.doneBytes}\n`)
  },
})
process.stdout.write(
  `pushed ${report.digest} with ${report.writtenBytes} bytes, peak ${process.resourceUsage().maxRSS} KiB\n`,
)
ecr.destroy()
