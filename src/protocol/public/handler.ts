// The public data plane: `/v2/<alias>/<repository>/...`. Everyone may read, with a bearer token that `/token/` gives to everyone; the
// owning account may push and delete. It is the private data plane otherwise, but for the listing of repositories.

import type { Caller, Services } from '../../domain/context.ts'
import { publicRegistryOf } from '../../domain/references.ts'
import { EcrError, fail } from '../../model/errors.ts'
import { publicPlane } from '../../operations/distribution/plane-operations.ts'
import { queryOf, type Call } from '../distribution/call.ts'
import { dispatch, handleVersion, marked, operationName, orFault, routeFaults } from '../distribution/dispatch.ts'
import { answerFault, refuse, type Fault } from '../distribution/faults.ts'
import { isDistributionPath, parseRoute, type Parsed, type Route } from '../distribution/route.ts'
import { contextFor } from '../request-context.ts'
import type { HttpHandler, HttpRequest, HttpResponse } from '../message.ts'
import { aliasPattern, isAddress, parseAddress, type Address } from './address.ts'
import { sentences, type PublicLogin } from './login.ts'
import type { PullRates } from './pull-rates.ts'

export interface PublicDistributionOptions {
  readonly services: Services
  readonly login: PublicLogin
  readonly pullRates: PullRates
}

type RepositoryRoute = Extract<Route, { readonly name: string }>

/** Answers every path that begins with `/v2`; any other one is 404. */
export function createPublicDistributionHandler(options: PublicDistributionOptions): HttpHandler {
  const { services, login } = options
  return async (request) => {
    if (!isDistributionPath(request.path)) return answerFault(routeFaults['no-endpoint'])
    const outcome = await login.authenticate(request)
    if ('refusal' in outcome) return marked(outcome.refusal, {})
    const { caller } = outcome
    const who = { principal: caller.arn }
    const route = readRoute(request)
    if ('status' in route) return marked(answerFault(route), who)
    const operation = operationName(request, route)
    if (!('name' in route)) return marked(handleVersion(request), { ...who, operation })
    const response = await orFault(route.kind, services.ecrQuirks, () => answer(options, request, caller, route))
    return marked(response, { ...who, repository: `${route.address.alias}/${route.name}`, operation })
  }
}

type Addressed = RepositoryRoute & { readonly address: Address }

function readRoute(request: HttpRequest): { readonly kind: 'version' } | Addressed | Fault {
  const route: Parsed = parseRoute(request.path, isAddress)
  if ('fault' in route) return route.fault === 'invalid-name' ? addressFaults['invalid-name'] : routeFaults[route.fault]
  if (route.kind === 'version') return route
  if (route.kind === 'catalog') return routeFaults['no-endpoint']
  const address = parseAddress(route.name)
  return typeof address === 'string' ? addressFaults[address] : { ...route, name: address.name, address }
}

/** Throws what `faultOf` reads. */
async function answer(
  { services, pullRates }: PublicDistributionOptions,
  request: HttpRequest,
  caller: Caller,
  route: Addressed,
): Promise<HttpResponse> {
  const { alias, name } = route.address
  const { registries } = services.metadata.read
  const found = await registries.alias(alias)
  // Read as what it is: an address that leads to no repository. The alias stands for the registry in ECR's sentence.
  if (found?.status !== 'ACTIVE')
    return fail('RepositoryNotFoundException', { repositoryName: name, registryId: alias })
  const isPull = route.kind === 'manifest' && request.method === 'GET'
  if (isPull && !(await pullRates.allows(caller, request.remoteAddress))) {
    return refuse(429, 'TOOMANYREQUESTS', 'Rate exceeded', { 'Retry-After': '1' })
  }
  const registry = publicRegistryOf(found.accountId)
  const ctx = contextFor(services, request, { caller, region: registry.region, plane: 'distribution' })
  const call: Call = {
    ctx,
    request,
    registry,
    query: queryOf(request),
    operations: publicPlane,
    prefix: `${alias}/`,
    repositoryAt: async (text) => {
      const other = parseAddress(text)
      if (typeof other === 'string') return undefined
      const its = await registries.alias(other.alias)
      return its?.status === 'ACTIVE' && its.accountId === registry.accountId ? other.name : undefined
    },
  }
  try {
    return await dispatch(call, route)
  } catch (error) {
    return failPublicly(error, route.address)
  }
}

/** Throws again, in the words of the public side where it has others. */
function failPublicly(error: unknown, { alias, name }: Address): never {
  if (error instanceof EcrError) {
    if (error.name === 'RepositoryNotFoundException') fail(error.name, { repositoryName: name, registryId: alias })
    if (error.name === 'AccessDeniedException') refuse(403, 'DENIED', sentences.none)
  }
  throw error
}

const addressFaults: Record<'invalid-alias' | 'invalid-name', Fault> = {
  // Seen of ECR Public (CircleCI-Public/aws-ecr-orb 227).
  'invalid-alias': {
    status: 405,
    code: 'UNSUPPORTED',
    message: `Invalid parameter at 'registryAliasName' failed to satisfy constraint: 'Member must satisfy regular expression pattern: ${aliasPattern}'`,
  },
  'invalid-name': {
    status: 400,
    code: 'NAME_INVALID',
    message:
      'An address is <alias>/<repository>; the name of a repository has 2 to 205 lower-case letters and digits, in parts separated by one . _ - or /',
  },
}
