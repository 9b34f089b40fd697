// A process of its own, to be killed: a worker of a server that is gone.

import { holdForWorker } from '../../../src/storage/lock.ts'

await holdForWorker(process.argv[2] ?? '')
console.log('holding')
setInterval(() => {}, 60_000)
