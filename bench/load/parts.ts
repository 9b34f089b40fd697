import { createHash } from 'node:crypto'

import { signed } from '../../test/support/sign.ts'
import { makeBlob } from '../images.ts'
import { headOf, openConnection } from './connection.ts'
import type { Outcome, PartsTask } from './tasks.ts'
import { startTiming } from './timing.ts'
import { expect, inParts } from './upload.ts'

/** InitiateLayerUpload, UploadLayerPart for every 10 MiB, CompleteLayerUpload: signed, in base64, one after the other. */
export async function measureParts(task: PartsTask): Promise<Outcome> {
  const { origin, repository: repositoryName, key, seed, bytes } = task
  const blob = makeBlob(seed, bytes)
  const connection = await openConnection(origin)
  const call = async (operation: string, text: string): Promise<string> => {
    const body = Buffer.from(text)
    const named = [
      ['Host', '127.0.0.1'],
      ['Content-Type', 'application/x-amz-json-1.1'],
      ['X-Amz-Target', `AmazonEC2ContainerRegistry_V20150921.${operation}`],
    ] as const
    const amzDate = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')
    const payloadHash = createHash('sha256').update(body).digest('hex')
    const message = signed({ headers: named }, { key, region: key.region, amzDate, payloadHash })
    const headers = Object.fromEntries(message.headers)
    return expect(200, await connection.ask(headOf('POST', '/', headers, body.length), [body], true)).body
  }
  const timing = startTiming()
  const startedAtMs = performance.now()
  // An answer of the API: an object with this member.
  const { uploadId } = JSON.parse(await call('InitiateLayerUpload', JSON.stringify({ repositoryName }))) as {
    readonly uploadId: string
  }
  let at = 0
  for (const part of inParts(blob.pieces())) {
    const layerPartBlob = Buffer.concat(part)
    const partLastByte = at + layerPartBlob.length - 1
    const input = {
      repositoryName,
      uploadId,
      partFirstByte: at,
      partLastByte,
      layerPartBlob: layerPartBlob.toString('base64'),
    }
    await call('UploadLayerPart', JSON.stringify(input))
    at += layerPartBlob.length
  }
  await call('CompleteLayerUpload', JSON.stringify({ repositoryName, uploadId, layerDigests: [blob.digest] }))
  timing.add(startedAtMs, blob.size)
  connection.close()
  return timing.outcome([blob.digest])
}
