// node's own `spec` report, with the skipped tests and their reasons listed just before its summary. Also ends a run that
// hangs after its last test, and fails one in which no test ran.

import { resolve } from 'node:path'
import { spec, type TestEvent } from 'node:test/reporters'

/**
 * Longer than any time-out a test has, so that by then what is left is a file that does not end: something it opened is
 * still open. node would wait for it for ever.
 */
const SILENCE_MS_MAX = 10 * 60_000

// node takes a reporter from a module's default export: https://nodejs.org/api/test.html#custom-reporters
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const formatter = new spec()
  formatter.setEncoding('utf8')
  const running = new Set<string>()
  const skipped: string[] = []
  let testsRun = 0
  const silence = setTimeout(() => stopHungRun(running), SILENCE_MS_MAX)
  for await (const event of events) {
    silence.refresh()
    if (event.type === 'test:dequeue' && isFile(event.data)) running.add(event.data.name)
    if (event.type === 'test:complete' && isFile(event.data)) running.delete(event.data.name)
    if (event.type === 'test:fail' || event.type === 'test:pass') {
      const { name, skip } = event.data
      if (!isFile(event.data)) testsRun += 1
      if (skip !== undefined && skip !== false)
        skipped.push(`skipped: ${name}: ${skip === true ? 'no reason given' : skip}\n`)
    }
    if (isStartOfSummary(event)) yield `\n${skipped.join('')}`
    formatter.write(event)
    yield formatter.read() ?? ''
  }
  clearTimeout(silence)
  formatter.end()
  yield formatter.read() ?? ''
  if (testsRun === 0) {
    process.exitCode = 1
    yield '✖ no test ran\n'
  }
}

/** node reports each test file as one more test, named by its path. */
function isFile(data: { readonly name: string; readonly file?: string | undefined }): boolean {
  return data.file !== undefined && resolve(data.name) === data.file
}

/** The counts of the whole run are diagnostics of no file; `tests` is the first. */
function isStartOfSummary(event: TestEvent): boolean {
  return event.type === 'test:diagnostic' && event.data.nesting === 0 && /^tests \d+$/.test(event.data.message)
}

function stopHungRun(running: ReadonlySet<string>): void {
  process.stderr.write(
    `no test ended for ${SILENCE_MS_MAX / 60_000} minutes; still running: ${[...running].join(', ')}\n`,
  )
  // node's runner answers it by ending the files' processes, and the run with an exit code that is not 0.
  process.kill(process.pid, 'SIGTERM')
}
