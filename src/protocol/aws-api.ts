// The AWS side of the server: everything that comes as POST to `/`.

import type { Services } from '../domain/context.ts'
import { privateModelNames } from '../operations/private/model-names.ts'
import { privateOperations } from '../operations/private/index.ts'
import { getCallerIdentity } from '../operations/sts/get-caller-identity.ts'
import type { Authenticate } from './authenticate.ts'
import { createJsonService } from './aws-json/dispatch.ts'
import { faultResponse, faults } from './aws-json/faults.ts'
import { createQueryService } from './aws-query/dispatch.ts'
import type { HttpHandler } from './message.ts'

export interface ApiOptions {
  readonly services: Services
  readonly authenticate: Authenticate
}

/** Answers the ECR API (AWS JSON 1.1) and STS (Query), told apart by the media type; anything else in AWS JSON's form. */
export function createApiHandler({ services, authenticate }: ApiOptions): HttpHandler {
  const json = createJsonService({
    services,
    authenticate,
    operations: privateOperations,
    modelNames: privateModelNames,
  })
  const query = createQueryService({ services, authenticate, operations: [getCallerIdentity] })
  return async (request) => {
    if (request.path !== '/') return faultResponse(request.requestId, faults.noSuchPath)
    if (request.method !== 'POST') return faultResponse(request.requestId, faults.methodNotAllowed)
    const isForm = /^application\/x-www-form-urlencoded *(?:;|$)/i.test(request.headers['content-type'] ?? '')
    return isForm && request.headers['x-amz-target'] === undefined ? query(request) : json(request)
  }
}
