// Images in public repositories, pushed through the public API.

import { completeLayerUpload } from '../../../src/operations/public/complete-layer-upload.ts'
import { initiateLayerUpload } from '../../../src/operations/public/initiate-layer-upload.ts'
import { putImage } from '../../../src/operations/public/put-image.ts'
import { uploadLayerPart } from '../../../src/operations/public/upload-layer-part.ts'
import { digestOf, type Digest } from '../../../src/lib/digest.ts'
import { manifestOf } from '../../support/registry.ts'
import type { Input, PublicRegistry } from './calls.ts'

/** Uploads a layer in one part. */
export async function givenPublicLayer(
  { call }: PublicRegistry,
  repositoryName: string,
  content: string,
): Promise<Digest> {
  const bytes = Buffer.from(content)
  const { uploadId } = await call(initiateLayerUpload, { repositoryName })
  const part = { partFirstByte: 0, partLastByte: bytes.length - 1, layerPartBlob: bytes.toString('base64') }
  await call(uploadLayerPart, { repositoryName, uploadId, ...part })
  await call(completeLayerUpload, { repositoryName, uploadId, layerDigests: [digestOf(bytes)] })
  return digestOf(bytes)
}

/** Pushes an image of a config and one layer, both new to the repository. */
export async function givenPublicImage(
  registry: PublicRegistry,
  repositoryName: string,
  imageTag?: string,
  seed = 'one',
  more: Input = {},
): Promise<{ readonly digest: Digest; readonly manifest: string }> {
  const contents = [`{"config":"${seed}"}`, `layer of ${seed}`]
  for (const content of contents) await givenPublicLayer(registry, repositoryName, content)
  const manifest = manifestOf(contents, more)
  await registry.call(putImage, { repositoryName, imageManifest: manifest, imageTag })
  return { digest: digestOf(manifest), manifest }
}
