// Pushes, deletes and reads images of a server with `--dev` by plain HTTP, and nothing else.

import assert from 'node:assert/strict'
import { digestOf, type Digest } from '../../src/lib/digest.ts'

const authorization = `Basic ${Buffer.from('AWS:anything').toString('base64')}`
const manifestType = 'application/vnd.oci.image.manifest.v1+json'

export interface PlainClient {
  readonly createRepository: (repositoryName: string) => Promise<void>
  /** Pushes an image of these layers under a tag, and gives its digest. */
  readonly push: (repository: string, tag: string, layers: readonly Buffer[]) => Promise<Digest>
  readonly deleteImage: (repository: string, digest: Digest) => Promise<void>
  readonly tags: (repository: string) => Promise<readonly string[]>
  /** Reads the image of a tag to its last byte; fails unless everything has the digest that it is asked by. */
  readonly readWhole: (repository: string, tag: string) => Promise<void>
  /** An upload that has these bytes and is not completed. */
  readonly beginUpload: (repository: string, bytes: Buffer) => Promise<string>
  /** A call of the API: status and body. */
  readonly call: (operation: string, input: object) => Promise<readonly [number, string]>
  readonly send: (
    method: string,
    path: string,
    body?: Buffer,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Response>
}

export function plainClient(origin: string): PlainClient {
  const send: PlainClient['send'] = (method, path, body, headers = {}) =>
    fetch(new URL(path, origin), {
      method,
      headers: { authorization, ...headers },
      ...(body !== undefined && { body: new Uint8Array(body) }),
    })
  const expect = async (status: number, response: Response): Promise<Response> => {
    if (response.status !== status) assert.fail(`${response.url}: ${response.status} ${await response.text()}`)
    return response
  }
  const call: PlainClient['call'] = async (operation, input) => {
    const scope = `${new Date().toISOString().slice(0, 10).replaceAll('-', '')}/us-east-1/ecr/aws4_request`
    const response = await fetch(origin, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': `AmazonEC2ContainerRegistry_V20150921.${operation}`,
        // Nobody checks the signature of a key that has no secret.
        authorization: `AWS4-HMAC-SHA256 Credential=123456789012/${scope}, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`,
      },
      body: JSON.stringify(input),
    })
    return [response.status, await response.text()]
  }
  const pushBlob = async (repository: string, bytes: Buffer) => {
    const path = `/v2/${repository}/blobs/uploads/?digest=${digestOf(bytes)}`
    await (await expect(201, await send('POST', path, bytes))).text()
  }
  return {
    send,
    call,
    createRepository: async (repositoryName) => {
      const [status, text] = await call('CreateRepository', { repositoryName })
      assert.equal(status, 200, text)
    },
    push: async (repository, tag, layers) => {
      const config = Buffer.from(JSON.stringify({ layers: layers.map((layer) => digestOf(layer)) }))
      for (const blob of [config, ...layers]) await pushBlob(repository, blob)
      const describe = (blob: Buffer, mediaType: string) => ({ mediaType, digest: digestOf(blob), size: blob.length })
      const manifest = Buffer.from(
        JSON.stringify({
          schemaVersion: 2,
          mediaType: manifestType,
          config: describe(config, 'application/vnd.oci.image.config.v1+json'),
          layers: layers.map((layer) => describe(layer, 'application/vnd.oci.image.layer.v1.tar')),
        }),
      )
      const path = `/v2/${repository}/manifests/${tag}`
      await (await expect(201, await send('PUT', path, manifest, { 'content-type': manifestType }))).text()
      return digestOf(manifest)
    },
    deleteImage: async (repository, digest) => {
      await (await expect(202, await send('DELETE', `/v2/${repository}/manifests/${digest}`))).text()
    },
    tags: async (repository) => {
      const answer = await expect(200, await send('GET', `/v2/${repository}/tags/list`))
      const { tags } = (await answer.json()) as { readonly tags: readonly string[] | null } // As the specification has it.
      return tags ?? []
    },
    readWhole: async (repository, tag) => {
      const accept = { accept: manifestType }
      const answer = await expect(200, await send('GET', `/v2/${repository}/manifests/${tag}`, undefined, accept))
      const body = await answer.text()
      assert.equal(answer.headers.get('docker-content-digest'), digestOf(body))
      const { config, layers } = JSON.parse(body) as Manifest // `push` made it.
      for (const { digest, size } of [config, ...layers]) {
        const blob = await expect(200, await send('GET', `/v2/${repository}/blobs/${digest}`))
        const bytes = Buffer.from(await blob.arrayBuffer())
        assert.deepEqual([digestOf(bytes), bytes.length], [digest, size])
      }
    },
    beginUpload: async (repository, bytes) => {
      const begun = await expect(202, await send('POST', `/v2/${repository}/blobs/uploads/`))
      const location = begun.headers.get('location') ?? ''
      await (await expect(202, await send('PATCH', location, bytes))).text()
      return location
    },
  }
}

interface Manifest {
  readonly config: Descriptor
  readonly layers: readonly Descriptor[]
}

interface Descriptor {
  readonly digest: Digest
  readonly size: number
}
