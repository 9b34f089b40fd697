// The data plane: what `docker`, `skopeo` and `oras` talk to. Each request is read into a route, performed as one or two operations of the
// API on behalf of its caller, and answered in the words of the OCI distribution specification.

import type { Caller, Services } from '../../domain/context.ts'
import { privatePlane } from '../../operations/distribution/plane-operations.ts'
import { contextFor } from '../request-context.ts'
import type { HttpHandler } from '../message.ts'
import type { Call } from './call.ts'
import { dispatch, marked, operationName, orFault, routeFaults } from './dispatch.ts'
import { answerFault } from './faults.ts'
import { createFailedLogins, type FailedLogins } from './failed-logins.ts'
import { createLogin } from './login.ts'
import { registryOfHost, type DefaultRegistry } from './registry-host.ts'
import { isDistributionPath, isRepositoryName, parseRoute } from './route.ts'

export interface DistributionOptions {
  readonly services: Services
  readonly defaultRegistry: DefaultRegistry
  /** Set for development only: the caller that a password stands for which is not one of our tokens. */
  readonly anyPassword?: ((password: string) => Caller) | undefined
  /** Its own when not given. */
  readonly failedLogins?: FailedLogins | undefined
}

/** Answers every path that begins with `/v2`; any other one is 404. */
export function createDistributionHandler(options: DistributionOptions): HttpHandler {
  const { services, defaultRegistry } = options
  const failedLogins = options.failedLogins ?? createFailedLogins(services.clock)
  const login = createLogin({ ...options, failedLogins })
  return async (request) => {
    if (!isDistributionPath(request.path)) return answerFault(routeFaults['no-endpoint'])
    const registry = registryOfHost(request.headers['host'], defaultRegistry)
    const judged = login(request, registry)
    const outcome = judged instanceof Promise ? await judged : judged
    if ('refusal' in outcome) return marked(outcome.refusal, {})
    const { caller } = outcome
    const who = { principal: caller.arn, registryId: registry.accountId, region: registry.region }
    const route = parseRoute(request.path)
    if ('fault' in route) return marked(answerFault(routeFaults[route.fault]), who)
    const ctx = contextFor(services, request, { caller, region: registry.region, plane: 'distribution' })
    const call: Call = {
      ctx,
      request,
      registry,
      query: new URLSearchParams(request.query),
      operations: privatePlane,
      prefix: '',
      repositoryAt: (address) => Promise.resolve(isRepositoryName(address) ? address : undefined),
    }
    const repository = 'name' in route ? { repository: route.name } : {}
    const response = await orFault(route.kind, services.ecrQuirks, () => dispatch(call, route))
    return marked(response, { ...who, ...repository, operation: operationName(request, route) })
  }
}
