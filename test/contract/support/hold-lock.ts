// A process of its own, to be killed: takes the lock of a data directory and keeps it.

import { lockDataDirectory } from '../../../src/storage/lock.ts'

const lock = await lockDataDirectory(process.argv[2] ?? '')
console.log('release' in lock ? 'locked' : 'refused')
setInterval(() => {}, 60_000)
