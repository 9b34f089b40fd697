// A process that runs one command line after the other, as each would run in its own: starting one costs a second where processors are few.

import { main } from '../../../src/cli/main.ts'

process.on('message', (args: readonly string[]) => {
  void runOne(args)
})

async function runOne(args: readonly string[]): Promise<void> {
  const printed = { stdout: '', stderr: '' }
  const real = {
    stdout: process.stdout.write.bind(process.stdout),
    stderr: process.stderr.write.bind(process.stderr),
  }
  for (const name of ['stdout', 'stderr'] as const) {
    process[name].write = (piece: string | Uint8Array) => {
      printed[name] += String(piece)
      return true
    }
  }
  const code = await main(args)
  process.stdout.write = real.stdout
  process.stderr.write = real.stderr
  // Each command listens, for a process of its own.
  process.stdout.removeAllListeners('error')
  process.stderr.removeAllListeners('error')
  process.send?.({ code, ...printed })
}
