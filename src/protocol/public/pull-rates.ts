// How fast images may be pulled: by address without signing in, by account otherwise. ECR Public allows 1 and 10 a second (user guide,
// "Service quotas"); here both are settings. A pull is a manifest that is given: an image for one platform is two of them, its index first.

import type { Caller } from '../../domain/context.ts'
import type { Clock } from '../../lib/clock.ts'
import { anonymous } from './login.ts'

export interface PullRateOptions {
  readonly pulls: PullBuckets
  /** Pulls a second of one address without signing in; 0 for any number. */
  readonly anonymousPerSecond: number
  /** Pulls a second of one account; 0 for any number. */
  readonly accountPerSecond: number
}

export interface PullRates {
  /** Counts a pull. False when it is one too many. */
  readonly allows: (caller: Caller, remoteAddress: string) => boolean | Promise<boolean>
}

/** What each puller has left, filled up with time to one second's worth. */
export interface PullBuckets {
  /** Takes one. False when there is none left. */
  readonly take: (puller: string, perSecond: number) => boolean | Promise<boolean>
}

export function createPullRates({ pulls, anonymousPerSecond, accountPerSecond }: PullRateOptions): PullRates {
  return {
    allows: (caller, remoteAddress) => {
      const isAnonymous = caller === anonymous
      const perSecond = isAnonymous ? anonymousPerSecond : accountPerSecond
      if (perSecond === 0) return true
      return pulls.take(isAnonymous ? `address ${remoteAddress}` : `account ${caller.accountId}`, perSecond)
    },
  }
}

/** @param pullersMax the addresses and accounts remembered; beyond, the one that came first is forgotten */
export function createPullBuckets(clock: Clock, pullersMax = 10_000): PullBuckets {
  const buckets = new Map<string, { left: number; atMs: number }>()
  return {
    take: (puller, perSecond) => {
      const now = clock.now()
      const { left, atMs } = buckets.get(puller) ?? { left: perSecond, atMs: now }
      // A clock that was set back gives nothing and takes nothing.
      const filled = Math.min(perSecond, left + (Math.max(0, now - atMs) * perSecond) / 1000)
      buckets.set(puller, { left: filled >= 1 ? filled - 1 : filled, atMs: now })
      const [oldest] = buckets.keys()
      if (buckets.size > pullersMax && oldest !== undefined) buckets.delete(oldest)
      return filled >= 1
    },
  }
}
