// The data plane: what `docker`, `skopeo` and `oras` talk to. Each request is read into a route, performed as one or two operations of the
// API on behalf of its caller, and answered in the words of the OCI distribution specification.

import type { Caller, Services } from '../../domain/context.ts'
import { privatePlane } from '../../operations/distribution/plane-operations.ts'
import { contextFor } from '../request-context.ts'
import { rememberLast } from '../../lib/remember-last.ts'
import type { HttpHandler } from '../message.ts'
import { queryOf, type Call } from './call.ts'
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
  // Clients of one server say the same host again and again.
  const registryOf = rememberLast((host) => registryOfHost(host, defaultRegistry))
  return async (request) => {
    if (!isDistributionPath(request.path)) return answerFault(routeFaults['no-endpoint'])
    const registry = registryOf(request.headers['host'] ?? '')
    const judged = login(request, registry)
    const outcome = judged instanceof Promise ? await judged : judged
    if ('refusal' in outcome) return marked(outcome.refusal, {})
    const { caller } = outcome
    const { accountId: registryId, region } = registry
    const principal = caller.arn
    const route = parseRoute(request.path)
    if ('fault' in route) return marked(answerFault(routeFaults[route.fault]), { principal, registryId, region })
    const ctx = contextFor(services, request, { caller, region, plane: 'distribution' })
    const call: Call = {
      ctx,
      request,
      registry,
      query: queryOf(request),
      operations: privatePlane,
      prefix: '',
      repositoryAt,
    }
    const response = await orFault(route.kind, services.ecrQuirks, () => dispatch(call, route))
    const repository = 'name' in route ? route.name : undefined
    return marked(response, { principal, registryId, region, repository, operation: operationName(request, route) })
  }
}

const repositoryAt = async (address: string) => (isRepositoryName(address) ? address : undefined)
