import { CommandError } from '../command-error.ts'
import { exitCodes } from './image-failure.ts'

/**
 * Runs `work` until Ctrl-C or SIGTERM, which it is told of by the signal; a second one ends the process at once. `sentence` says what is left
 * behind, and what to do.
 */
export async function untilInterrupted<T>(sentence: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interrupted = new AbortController()
  let code: number = exitCodes.interrupted
  const stop = (signal: NodeJS.Signals) => {
    code = signal === 'SIGINT' ? exitCodes.interrupted : exitCodes.terminated
    if (interrupted.signal.aborted) process.exit(code)
    interrupted.abort()
  }
  process.on('SIGINT', stop).on('SIGTERM', stop)
  try {
    return await work(interrupted.signal)
  } catch (error) {
    if (interrupted.signal.aborted) throw new CommandError(sentence, code, error)
    throw error
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
  }
}
