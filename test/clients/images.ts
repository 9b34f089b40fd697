// Pushing and reading an image by nothing but the AWS API, as `@aws-sdk/client-ecr` offers it.

import {
  CompleteLayerUploadCommand,
  type ECRClient,
  InitiateLayerUploadCommand,
  PutImageCommand,
  UploadLayerPartCommand,
} from '@aws-sdk/client-ecr'

import type { TestBlob, TestImage } from '../support/image-layout.ts'

/** Sends each part of a layer in turn; the parts but the last must be of `partBytes`. Answers the digest that ECR found. */
export async function uploadLayer(
  ecr: ECRClient,
  repositoryName: string,
  blob: TestBlob,
  partBytes: number,
): Promise<string | undefined> {
  const { uploadId } = await ecr.send(new InitiateLayerUploadCommand({ repositoryName }))
  for (let first = 0; first < blob.bytes.length; first += partBytes) {
    const layerPartBlob = blob.bytes.subarray(first, first + partBytes)
    const partLastByte = first + layerPartBlob.length - 1
    const part = { repositoryName, uploadId, partFirstByte: first, partLastByte, layerPartBlob }
    const { lastByteReceived } = await ecr.send(new UploadLayerPartCommand(part))
    if (lastByteReceived !== partLastByte) throw new Error(`${lastByteReceived} bytes were taken, not ${partLastByte}`)
  }
  const layerDigests = [blob.digest]
  const { layerDigest } = await ecr.send(new CompleteLayerUploadCommand({ repositoryName, uploadId, layerDigests }))
  return layerDigest
}

/** Pushes a whole image under a tag. */
export async function pushImage(
  ecr: ECRClient,
  repositoryName: string,
  image: TestImage,
  imageTag: string,
): Promise<void> {
  for (const blob of [...image.layers, image.config]) await uploadLayer(ecr, repositoryName, blob, 5 * 1024 * 1024)
  const imageManifest = image.manifest.bytes.toString()
  await ecr.send(new PutImageCommand({ repositoryName, imageManifest, imageTag }))
}
