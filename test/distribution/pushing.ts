// An image to push, and the way to push it, for the tests of manifests.

import type { TestContext } from 'node:test'

import { digestOf } from '../../src/lib/digest.ts'
import { manifestOf, ociManifestType } from '../support/registry.ts'
import { openApp, pushBlob, type Answer, type Plane, type PlaneOptions, type Sending } from './plane.ts'

/** A config and two layers. */
export const contents = ['{"config":1}', 'layer one', 'layer two']
export const manifest = manifestOf(contents)
export const digest = digestOf(manifest)

/** A plane whose repository `app` holds the layers of `contents`. */
export async function openPushed(t: TestContext, options: PlaneOptions = {}): Promise<Plane> {
  const plane = await openApp(t, options)
  for (const content of contents) await pushBlob(plane, 'app', content)
  return plane
}

/** Puts an OCI image manifest, unless the headers say otherwise. */
export function put(plane: Plane, reference: string, body: string, sending: Sending = {}): Promise<Answer> {
  return plane.send('PUT', `/v2/app/manifests/${reference}`, {
    body,
    ...sending,
    headers: { 'content-type': ociManifestType, ...sending.headers },
  })
}
