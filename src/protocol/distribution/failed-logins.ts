// How many wrong logins an address may try: guessing is pointless against tokens, but it must not cost us or fill the log (row T10).

import type { Clock } from '../../lib/clock.ts'
import type { HttpResponse } from '../message.ts'
import { answerFault } from './faults.ts'

const windowMs = 1_000

export interface FailedLogins {
  /** Notes a wrong login. True when the address has had more than its share within the second. */
  readonly isOverLimit: (remoteAddress: string) => boolean | Promise<boolean>
}

/** @param addressesMax the addresses remembered; beyond, the one that failed first is forgotten */
export function createFailedLogins(clock: Clock, perSecondMax = 20, addressesMax = 10_000): FailedLogins {
  const windows = new Map<string, { readonly sinceMs: number; failures: number }>()
  return {
    isOverLimit(remoteAddress) {
      const now = clock.now()
      const known = windows.get(remoteAddress)
      if (known && Math.abs(now - known.sinceMs) < windowMs) {
        known.failures++
        return known.failures > perSecondMax
      }
      windows.delete(remoteAddress)
      windows.set(remoteAddress, { sinceMs: now, failures: 1 })
      const [oldest] = windows.keys()
      if (windows.size > addressesMax && oldest !== undefined) windows.delete(oldest)
      return false
    },
  }
}

/** The answer to an address that has had more than its share. */
export function tooManyFailures(): HttpResponse {
  return answerFault({
    status: 429,
    code: 'TOOMANYREQUESTS',
    message: 'Too many failed logins. Retry later',
    headers: { 'Retry-After': '1' },
  })
}
