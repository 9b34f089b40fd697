// Reading back the OCI image layout that a client wrote, and skopeo's own `dir:` form, which alone holds Docker's types unchanged.

import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { type TestImage, sha256 } from '../support/image-layout.ts'

/** The blobs of a layout by name, each checked against its name, and the digest its index points at. */
export async function readLayout(directory: string): Promise<{ readonly root: string; readonly blobs: string[] }> {
  const folder = join(directory, 'blobs', 'sha256')
  const names = (await readdir(folder)).toSorted()
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

/** Writes an image as skopeo's `dir:` transport reads it. */
export async function writeSkopeoDirectory(directory: string, image: TestImage): Promise<void> {
  await mkdir(directory)
  await writeFile(join(directory, 'version'), 'Directory Transport Version: 1.1\n')
  for (const [name, bytes] of skopeoFiles(image)) await writeFile(join(directory, name), bytes)
}

/** The files that hold the image in a `dir:`, by name. */
export function skopeoFiles(image: TestImage): ReadonlyMap<string, Buffer> {
  const blobs = [image.config, ...image.layers].map(
    (blob) => [blob.digest.slice('sha256:'.length), blob.bytes] as const,
  )
  return new Map([['manifest.json', image.manifest.bytes], ...blobs])
}
