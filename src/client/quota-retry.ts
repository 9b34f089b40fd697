// The SDK takes LimitExceededException for throttling and sends a request three times that cannot succeed (measured: a second lost each time). A
// quota is not a rate: these names are told at once.

import type { RetryErrorInfo, RetryStrategy, RetryStrategyV2, RetryToken } from '@smithy/types'

export const quotaErrors: readonly string[] = [
  'LimitExceededException',
  'TooManyTagsException',
  'ServiceQuotaExceededException',
]

/** The strategy of the SDK's configuration, with quotas told at once. */
export function withoutQuotaErrors(strategy: RetryStrategyV2 | RetryStrategy): RetryStrategyV2 | RetryStrategy {
  // The old form of a strategy, by a caller: it decides itself.
  if (!('refreshRetryTokenForRetry' in strategy)) return strategy
  return new Proxy(strategy, {
    get: (target, name) => {
      if (name === 'refreshRetryTokenForRetry') {
        return async (token: RetryToken, info: RetryErrorInfo) => {
          if (isQuotaError(info.error)) throw new Error('A quota is not retried')
          return target.refreshRetryTokenForRetry(token, info)
        }
      }
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

function isQuotaError(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'name' in error && quotaErrors.includes(String(error.name))
}
