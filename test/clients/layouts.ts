// Reading back what a client wrote: an OCI image layout, or a `dir:` of skopeo.

import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'

import { sha256 } from '../support/image-layout.ts'

/** The blobs of a layout by name, each checked against its name, and the digest its index points at. */
export async function readLayout(directory: string): Promise<{ readonly root: string; readonly blobs: string[] }> {
  const folder = join(directory, 'blobs', 'sha256')
  const names = (await readdir(folder)).sort()
  for (const name of names) {
    const digest = sha256(await readFile(join(folder, name)))
    if (digest !== `sha256:${name}`) throw new Error(`${join(folder, name)} holds ${digest}`)
  }
  // A layout's index has this form by the image specification; the tests read the digest of its only entry.
  const index = JSON.parse(await readFile(join(directory, 'index.json'), 'utf8')) as {
    readonly manifests: readonly { readonly digest: string }[]
  }
  const [entry, ...others] = index.manifests
  if (entry === undefined || others.length > 0) throw new Error(`${directory} holds ${index.manifests.length} images`)
  return { root: entry.digest, blobs: names }
}
