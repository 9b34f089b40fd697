// The process that `generate` starts: takes one task, does it, sends what it saw.

import { measureImages } from './images.ts'
import { measureParts } from './parts.ts'
import { measureCount, measureRepeat } from './repeat.ts'
import type { Outcome, Task } from './tasks.ts'
import { measureUpload } from './upload.ts'

process.once('message', (message) => {
  // The parent sends nothing but a task.
  perform(message as Task).then(
    (outcome) => process.send?.(outcome, undefined, {}, () => process.exit(0)),
    (error: unknown) => {
      process.stderr.write(`the load generator: ${error instanceof Error ? error.stack : String(error)}\n`)
      process.exit(1)
    },
  )
})

function perform(task: Task): Promise<Outcome> {
  switch (task.kind) {
    case 'repeat':
      return measureRepeat(task)
    case 'count':
      return measureCount(task)
    case 'upload':
      return measureUpload(task)
    case 'parts':
      return measureParts(task)
    case 'images':
      return measureImages(task)
  }
}
