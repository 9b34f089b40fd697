import { createHash, randomBytes } from 'node:crypto'

import { ask, locationOf, RefusedError, type Target } from '../faults/data-plane.ts'

export const manifestType = 'application/vnd.oci.image.manifest.v1+json'

const triesMax = 3

/**
 * Pushes an image of a config and a layer that nobody has, and gives its digest. As clients do, again when a layer was collected before the manifest
 * came: leases are short in a benchmark.
 */
export async function pushImage(target: Target, repository: string, tag: string, layerBytes: number): Promise<string> {
  for (let tries = 1; ; tries++) {
    try {
      return await pushOnce(target, repository, tag, layerBytes)
    } catch (error) {
      if (!(error instanceof RefusedError && error.codes.includes('MANIFEST_BLOB_UNKNOWN')) || tries === triesMax)
        throw error
    }
  }
}

async function pushOnce(target: Target, repository: string, tag: string, layerBytes: number): Promise<string> {
  const made = JSON.stringify({ made: randomBytes(8).toString('hex') })
  const config = await pushLayer(target, repository, Buffer.from(made))
  const layer = await pushLayer(target, repository, randomBytes(layerBytes))
  const body = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
      layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', ...layer }],
    }),
  )
  const headers = { 'content-type': manifestType }
  await ask(target, { method: 'PUT', path: `/v2/${repository}/manifests/${tag}`, headers, body }, 201)
  return digestOf(body)
}

async function pushLayer(
  target: Target,
  repository: string,
  body: Buffer,
): Promise<{ readonly digest: string; readonly size: number }> {
  const digest = digestOf(body)
  const begun = await ask(target, { method: 'POST', path: `/v2/${repository}/blobs/uploads/` }, 202)
  const headers = { 'content-type': 'application/octet-stream' }
  await ask(target, { method: 'PUT', path: locationOf(begun, target, { digest }), headers, body }, 201)
  return { digest, size: body.length }
}

const digestOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`
