// `/token/`: the bearer token that every request for a resource needs. https://docs.docker.com/registry/spec/auth/token/
// The scope asked for changes nothing: a token says who calls, and rights are judged at each request (row T9).

import type { Services } from '../../domain/context.ts'
import { json, refuseMethod } from '../distribution/call.ts'
import { answerFault } from '../distribution/faults.ts'
import type { HttpHandler, HttpRequest, HttpResponse } from '../message.ts'
import { anonymous, sentences, type PublicLogin } from './login.ts'

/** A token for the account whose password the request carries, or for nobody. */
export function createTokenHandler(services: Services, login: PublicLogin): HttpHandler {
  const give = (caller: Parameters<PublicLogin['mint']>[0], untilMs: number): HttpResponse => {
    const token = login.mint(caller, untilMs)
    // Clients take a token without `expires_in` for one of 60 seconds.
    const expiresIn = Math.floor((untilMs - services.clock.now()) / 1000)
    const response = json(200, { token, expires_in: expiresIn }, { 'Cache-Control': 'no-store' })
    return { ...response, log: { operation: 'GET token', principal: caller.arn } }
  }
  return async (request) => {
    // containerd tries POST (OAuth 2) before GET, and goes on when it is not there.
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuseMethod('GET, HEAD')
    const judged = login.judgePassword(request)
    if (judged?.kind === 'wrong') return login.refuseWrong(request)
    if (judged?.kind === 'caller') return give(judged.caller, judged.untilMs)
    if (judged?.kind === 'stale' && isLoginOrPush(request)) {
      return answerFault({ status: 403, code: 'DENIED', message: sentences.expired })
    }
    return give(anonymous, services.clock.now() + services.publicLimits.tokenLifeMs)
  }
}

/**
 * A stale password does not stand in the way of a pull, as it does with ECR Public (aws/containers-roadmap 1296). It must not look good
 * to `docker login`, which asks for an offline token, nor to who wants to push.
 */
function isLoginOrPush(request: HttpRequest): boolean {
  const query = new URLSearchParams(request.query)
  if (query.get('offline_token') === 'true') return true
  return query.getAll('scope').some((scope) => /:(?:[a-z,*]*,)?(?:push|delete|\*)(?:,|$|\s)/.test(scope))
}
