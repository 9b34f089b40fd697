// GET, HEAD and DELETE of a blob. https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-blobs

import { findLayer } from '../../domain/layers.ts'
import type { Digest } from '../../lib/digest.ts'
import { perform } from '../../operations/perform.ts'
import type { HttpResponse } from '../message.ts'
import { answerLayer } from './blob-answer.ts'
import { inRepository, refuseMethod, type Call } from './call.ts'
import { refuse } from './faults.ts'

export async function handleBlob(call: Call, name: string, digest: Digest): Promise<HttpResponse> {
  switch (call.request.method) {
    case 'GET':
    case 'HEAD':
      return readBlob(call, name, digest)
    case 'DELETE':
      await perform(call.operations.deleteLayer, call.ctx, { ...inRepository(call, name), layerDigest: digest })
      return { status: 202, headers: {} }
    default:
      return refuseMethod('GET, HEAD, DELETE')
  }
}

async function readBlob(call: Call, name: string, digest: Digest): Promise<HttpResponse> {
  const { ctx, request, registry } = call
  const how = request.method === 'HEAD' ? 'check' : 'read'
  await call.operations.permitLayer(ctx, inRepository(call, name), digest, how)
  const { layer } = await findLayer(ctx, registry, name, digest)
  if (!layer)
    return refuse(
      404,
      'BLOB_UNKNOWN',
      `The layer with digest '${digest}' does not exist in the repository with name '${name}'`,
    )
  const answer = await answerLayer(ctx, request, layer, { 'Docker-Content-Digest': digest })
  if (answer === 'damaged')
    return refuse(404, 'BLOB_UNKNOWN', `The stored layer with digest '${digest}' is damaged. Push it again`)
  if (answer === 'unsatisfiable') {
    return refuse(416, 'RANGE_INVALID', `The layer has ${layer.size} bytes`, {
      'Content-Range': `bytes */${layer.size}`,
    })
  }
  return answer
}
