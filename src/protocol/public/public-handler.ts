// What the listener of the public registries answers with: its parts put together.

import type { Caller, Services } from '../../domain/context.ts'
import type { FailedLogins } from '../distribution/failed-logins.ts'
import { createPublicFrontDoor } from '../front.ts'
import { createGalleryHandler } from '../gallery/handler.ts'
import type { HealthHandlers } from '../health.ts'
import { createLogoHandler } from '../logos.ts'
import type { HttpHandler } from '../message.ts'
import { createPublicDistributionHandler } from './handler.ts'
import { createPublicLogin } from './login.ts'
import { createPullBuckets, createPullRates, type PullBuckets } from './pull-rates.ts'
import { createTokenHandler } from './token.ts'

export interface PublicHandlerOptions {
  readonly services: Services
  /** Set for development only: the caller that a password stands for which is not one of our tokens. */
  readonly anyPassword?: ((password: string) => Caller) | undefined
  /** Pulls a second of one address without signing in; 0 for any number. */
  readonly anonymousPerSecond: number
  /** Pulls a second of one account; 0 for any number. */
  readonly accountPerSecond: number
  readonly health: HealthHandlers
  /** What counts for all pulls and logins; its own when not given. */
  readonly pulls?: PullBuckets | undefined
  readonly failedLogins?: FailedLogins | undefined
}

/** Answers every request that comes to the public listener. */
export function createPublicHandler(options: PublicHandlerOptions): HttpHandler {
  const { services, health } = options
  const login = createPublicLogin(options)
  const pullRates = createPullRates({ ...options, pulls: options.pulls ?? createPullBuckets(services.clock) })
  const inPublic = { ...services, limits: services.publicLimits }
  return createPublicFrontDoor({
    distribution: createPublicDistributionHandler({ services: inPublic, login, pullRates }),
    token: createTokenHandler(services, login),
    logos: createLogoHandler(services),
    gallery: createGalleryHandler(inPublic),
    ...health,
  })
}
