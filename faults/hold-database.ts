// A second process that has the database open, as a tool in the hands of an operator has: it writes or reads, and is in no hurry to end.
// Arguments: the file, `write` or `read`, milliseconds. Prints `held` when it has begun, `released` when it has ended.

import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

const [file = '', kind = '', ms = ''] = process.argv.slice(2)
using database = new DatabaseSync(file, { timeout: 10_000 })
database.exec(kind === 'write' ? 'begin immediate' : 'begin')
// A reader's moment begins with its first read.
database.prepare('select count(*) from manifest').get()
console.log('held')
await sleep(Number(ms))
database.exec('rollback')
console.log('released')
