// A manifest whose layers every test of PutImage has in its repository, and others made of it.

import { digestOf } from '../../src/lib/digest.ts'
import { listImages } from '../../src/operations/private/list-images.ts'
import {
  givenLayer,
  givenRepository,
  manifestOf,
  ociIndexType,
  ociManifestType,
  type TestRegistry,
} from '../support/registry.ts'
import { call } from './calls.ts'

export const contents = ['{"config":1}', 'a layer']
export const manifest = manifestOf(contents)
export const digest = digestOf(manifest)

/** A repository with the layers of `manifest`. */
export async function givenContents(registry: TestRegistry, repositoryName = 'app'): Promise<void> {
  await givenRepository(registry, repositoryName)
  for (const content of contents) await givenLayer(registry, repositoryName, content)
}

/** An index of these manifests. */
export function indexOf(children: readonly string[], more: Readonly<Record<string, unknown>> = {}): string {
  const manifests = children.map((child) => ({
    mediaType: ociManifestType,
    digest: digestOf(child),
    size: Buffer.byteLength(child),
  }))
  return JSON.stringify({ schemaVersion: 2, mediaType: ociIndexType, manifests, ...more })
}

/** All that the repository holds, as ListImages answers it. */
export async function idsOf(registry: TestRegistry, repositoryName = 'app'): Promise<unknown> {
  return call(registry, listImages, { repositoryName })
}
