// The AWS side of the server: everything that comes as POST to `/`.

import type { Services } from '../domain/context.ts'
import { adminOperations } from '../operations/admin/index.ts'
import { ecrPublic, stowage } from '../operations/operation.ts'
import { privateModelNames } from '../operations/private/model-names.ts'
import { privateOperations } from '../operations/private/index.ts'
import { publicOperations } from '../operations/public/index.ts'
import { publicModelNames } from '../operations/public/model-names.ts'
import { stsOperations } from '../operations/sts/index.ts'
import type { Authenticate } from './authenticate.ts'
import { createJsonService } from './aws-json/dispatch.ts'
import { faultResponse, faults } from './aws-json/faults.ts'
import { createQueryService } from './aws-query/dispatch.ts'
import type { HttpHandler, HttpRequest } from './message.ts'

export interface ApiOptions {
  readonly services: Services
  readonly authenticate: Authenticate
}

/**
 * Answers the ECR and ECR Public APIs and the operator's own (AWS JSON 1.1), told apart by the target, and STS (Query), by the media type; anything else in AWS
 * JSON's form.
 */
export function createApiHandler({ services, authenticate }: ApiOptions): HttpHandler {
  const json = createJsonService({
    services,
    authenticate,
    operations: privateOperations,
    modelNames: privateModelNames,
  })
  const publicJson = createJsonService({
    services: { ...services, limits: services.publicLimits },
    authenticate,
    operations: publicOperations,
    modelNames: publicModelNames,
    regions: services.publicRegions,
  })
  const admin = createJsonService({ services, authenticate, operations: adminOperations, modelNames: [] })
  const query = createQueryService({ services, authenticate, operations: stsOperations })
  return async (request) => {
    if (request.path !== '/') return faultResponse(request.requestId, faults.noSuchPath)
    if (request.method !== 'POST') return faultResponse(request.requestId, faults.methodNotAllowed)
    const target = request.headers['x-amz-target']
    if (target?.startsWith(`${ecrPublic.targetPrefix}.`)) return publicJson(request)
    if (target?.startsWith(`${stowage.targetPrefix}.`)) return admin(request)
    return target === undefined && isForm(request) ? query(request) : json(request)
  }
}

function isForm({ headers }: HttpRequest): boolean {
  return /^application\/x-www-form-urlencoded *(?:;|$)/i.test(headers['content-type'] ?? '')
}
