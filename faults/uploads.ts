// The ways in which a blob gets into a repository. Each says what the server answered last: that is the acknowledgement.

import type { ECRClient } from '@aws-sdk/client-ecr'
import {
  CompleteLayerUploadCommand,
  InitiateLayerUploadCommand,
  LayerAlreadyExistsException,
  UploadLayerPartCommand,
} from '@aws-sdk/client-ecr'
import { setTimeout as sleep } from 'node:timers/promises'

import { type Answer, ask, locationOf, NoAnswerError, RefusedError, send, type Target } from './data-plane.ts'
import type { Blob } from './images.ts'
import type { Random } from './random.ts'

const octets = { 'content-type': 'application/octet-stream' }

/** Whether the repository says that it has the blob. */
export async function hasBlob(target: Target, repository: string, digest: string): Promise<boolean> {
  const answer = await ask(target, { method: 'HEAD', path: `/v2/${repository}/blobs/${digest}` }, 200, 404)
  return answer.status === 200
}

/** POST and PUT with all bytes. Throws RefusedError, NoAnswerError. */
export async function uploadWhole(target: Target, repository: string, blob: Blob): Promise<void> {
  const begun = await ask(target, { method: 'POST', path: `/v2/${repository}/blobs/uploads/` }, 202)
  const path = locationOf(begun, target, { digest: blob.digest })
  await ask(target, { method: 'PUT', path, headers: octets, body: blob.bytes() }, 201)
}

/**
 * POST, two or more PATCHes, PUT. When the connection ends in a PATCH and `up` resolves, it goes on where the server says that it stands.
 * Throws RefusedError, NoAnswerError.
 */
export async function uploadChunks(
  target: Target,
  repository: string,
  blob: Blob,
  random: Random,
  up: () => Promise<void>,
): Promise<void> {
  const bytes = blob.bytes()
  const begun = await ask(target, { method: 'POST', path: `/v2/${repository}/blobs/uploads/` }, 202)
  const status = locationOf(begun, target)
  let path = status
  let offset = 0
  let mayResume = true
  while (offset < bytes.length) {
    const end = Math.min(bytes.length, offset + Math.ceil(bytes.length * random.between(0.3, 0.7)))
    const headers = { ...octets, 'content-range': `${offset}-${end - 1}` }
    try {
      const taken = await ask(target, { method: 'PATCH', path, headers, body: bytes.subarray(offset, end) }, 202)
      path = locationOf(taken, target)
      offset = end
    } catch (error) {
      if (!(error instanceof NoAnswerError) || !mayResume) throw error
      mayResume = false
      await up()
      offset = receivedOf(await ask(target, { method: 'GET', path: status }, 204))
      path = status
    }
  }
  const whole = new URL(path, target.origin)
  whole.searchParams.set('digest', blob.digest)
  await ask(target, { method: 'PUT', path: `${whole.pathname}${whole.search}` }, 201)
}

/**
 * Takes the blob over from another repository. False when the server began an upload instead, which it may always do. `attempt` writes the
 * trial down; it is told of a declined one as of a refusal, since nothing has happened.
 */
export async function mount(
  target: Target,
  repository: string,
  blob: Blob,
  from: string,
  attempt: (work: () => Promise<void>) => Promise<void>,
): Promise<boolean> {
  const path = `/v2/${repository}/blobs/uploads/?mount=${blob.digest}&from=${encodeURIComponent(from)}`
  let declined: RefusedError | undefined
  try {
    await attempt(async () => {
      const answer = await ask(target, { method: 'POST', path }, 201, 202)
      if (answer.status === 201) return
      await send(target, { method: 'DELETE', path: locationOf(answer, target) })
      throw (declined = new RefusedError('declined', answer))
    })
    return true
  } catch (error) {
    if (error === declined) return false
    throw error
  }
}

/** By the API, in parts. Throws what the SDK throws. */
export async function uploadParts(ecr: ECRClient, repositoryName: string, blob: Blob): Promise<void> {
  const bytes = blob.bytes()
  const { uploadId, partSize = 0 } = await ecr.send(new InitiateLayerUploadCommand({ repositoryName }))
  for (let first = 0; first < bytes.length; first += partSize) {
    const layerPartBlob = bytes.subarray(first, first + partSize)
    const partLastByte = first + layerPartBlob.length - 1
    const part = { repositoryName, uploadId, partFirstByte: first, partLastByte, layerPartBlob }
    await ecr.send(new UploadLayerPartCommand(part))
  }
  try {
    await ecr.send(new CompleteLayerUploadCommand({ repositoryName, uploadId, layerDigests: [blob.digest] }))
  } catch (error) {
    // Another pusher was faster with the same layer: it is there, which is what was asked for.
    if (!(error instanceof LayerAlreadyExistsException)) throw error
  }
}

/** A body that is sent piece by piece, with a pause between them. */
export async function* slowly(bytes: Buffer, pieceBytes: number, pauseMs: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    yield bytes.subarray(at, at + pieceBytes)
    await sleep(pauseMs)
  }
}

/** Bytes that the server has of an upload, by the answer to its status. `0-0` says none: ranges can not say so otherwise. */
function receivedOf({ headers }: Answer): number {
  const last = Number(/-(\d+)$/.exec(String(headers['range']))?.[1] ?? 0)
  return last === 0 ? 0 : last + 1
}
