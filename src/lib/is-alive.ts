import { errorCode } from './error-code.ts'

/** Whether a process of this id runs, of whomever. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it lives, and belongs to someone else.
    return errorCode(error) === 'EPERM'
  }
}
