// What there is to copy: the manifests of an image in the order in which a registry takes them, and their blobs.

import { algorithmOf, digestOf, type Digest } from '../../lib/digest.ts'
import { isIndexType, manifestBytesMax, parseManifestLinks } from './manifest-graph.ts'
import type { Descriptor, Manifest, ManifestRole, Place, PlannedManifest, Platform } from './place.ts'
import { throwIfAborted, transportFail } from './transport-error.ts'

export interface ImagePlan {
  readonly root: Manifest
  /** What a manifest names comes before it; referrers come after what they refer to. */
  readonly manifests: readonly PlannedManifest[]
  /** Configurations and layers, each once. */
  readonly blobs: readonly Descriptor[]
  /** Layers that registries do not keep. */
  readonly foreign: readonly Descriptor[]
}

export interface CollectOptions {
  /** The tag or digest. */
  readonly reference: string | undefined
  /** Takes one image out of an index, by `os/architecture[/variant]`. */
  readonly platform?: string | undefined
  readonly referrers?: boolean | undefined
  readonly signal: AbortSignal | undefined
}

const depthMax = 8
const manifestsMax = 10_000

/** Reads all manifests of an image. Fails with ImageMissing, PlatformMissing, InvalidManifest, DigestMismatch, TooDeep, TooManyManifests. */
export async function collectImages(source: Place, options: CollectOptions): Promise<ImagePlan> {
  const { signal } = options
  const planned = new Map<Digest, PlannedManifest>()
  const blobs = new Map<Digest, Descriptor>()
  const foreign = new Map<Digest, Descriptor>()
  const seen = new Set<Digest>()

  const visit = async (manifest: Manifest, role: ManifestRole, depth: number): Promise<void> => {
    throwIfAborted(signal)
    if (seen.has(manifest.digest)) return
    seen.add(manifest.digest)
    if (depth > depthMax) transportFail('TooDeep', { limit: depthMax })
    if (seen.size > manifestsMax) transportFail('TooManyManifests', { limit: manifestsMax })
    const links = parseManifestLinks(manifest, source.name)
    for (const blob of links.config ? [links.config, ...links.layers] : []) addBlob(blobs, blob, source.name, manifest)
    for (const blob of links.foreign) foreign.set(blob.digest, blob)
    for (const child of links.children) await visit(await readChild(source, child, signal), 'child', depth + 1)
    planned.set(manifest.digest, { manifest, role })
    if (options.referrers !== true) return
    for (const referrer of await source.listReferrers(manifest.digest, signal))
      await visit(await readChild(source, referrer, signal), 'referrer', depth + 1)
  }

  const root = await chooseRoot(source, options)
  await visit(root, 'root', 0)
  return { root, manifests: [...planned.values()], blobs: [...blobs.values()], foreign: [...foreign.values()] }
}

async function chooseRoot(source: Place, { reference, platform, signal }: CollectOptions): Promise<Manifest> {
  const found = await source.findManifest(reference, signal)
  if (!found) return transportFail('ImageMissing', { reference: reference ?? 'latest', where: source.name })
  const root = checkManifest(found, source.name)
  if (platform === undefined || !isIndexType(root.mediaType)) return root
  const { children } = parseManifestLinks(root, source.name)
  const wanted = parsePlatform(platform)
  const chosen =
    children.find((child) => child.platform && matches(child.platform, wanted)) ??
    transportFail('PlatformMissing', { platform, offered: children.flatMap(platformOf) })
  return readChild(source, chosen, signal)
}

async function readChild(source: Place, child: Descriptor, signal: AbortSignal | undefined): Promise<Manifest> {
  const where = source.name
  const found = await source.findManifest(child.digest, signal)
  if (!found) return transportFail('BlobMissing', { digest: child.digest, where })
  const { byteLength } = found.bytes
  if (byteLength !== child.size)
    transportFail('SizeMismatch', { digest: child.digest, expected: child.size, found: byteLength, where })
  return checkManifest({ ...found, digest: child.digest, mediaType: child.mediaType }, where)
}

function checkManifest(manifest: Manifest, where: string): Manifest {
  const { digest, bytes } = manifest
  if (bytes.byteLength > manifestBytesMax)
    transportFail('TooLarge', { what: `The manifest ${digest}`, limit: manifestBytesMax })
  const found = digestOf(bytes, algorithmOf(digest))
  return found === digest ? manifest : transportFail('DigestMismatch', { digest, found, where })
}

function addBlob(blobs: Map<Digest, Descriptor>, blob: Descriptor, where: string, { digest }: Manifest): void {
  const before = blobs.get(blob.digest)
  if (before && before.size !== blob.size)
    transportFail('InvalidManifest', { digest, where, reason: `${blob.digest} has another size elsewhere` })
  if (!before) blobs.set(blob.digest, blob)
}

/** The common names of other tools: https://go.dev/doc/install/source#environment lists those that count. */
const architectures: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  'x86-64': 'amd64',
  aarch64: 'arm64',
  armhf: 'arm',
}

function parsePlatform(text: string): Platform {
  const [os = '', architecture = '', variant, ...more] = text.split('/')
  if (os === '' || architecture === '' || more.length > 0)
    transportFail('InvalidReference', { text, reason: 'a platform is OS/ARCHITECTURE or OS/ARCHITECTURE/VARIANT' })
  return { os, architecture: architectures[architecture] ?? architecture, variant }
}

/** Without a variant any will do; arm64 is v8 where it says nothing. */
function matches(offered: Platform, wanted: Platform): boolean {
  if (offered.os !== wanted.os || offered.architecture !== wanted.architecture || wanted.variant === undefined)
    return offered.os === wanted.os && offered.architecture === wanted.architecture
  const usual = offered.architecture === 'arm64' ? 'v8' : undefined
  return (offered.variant ?? usual) === wanted.variant
}

function platformOf({ platform }: Descriptor): readonly string[] {
  if (!platform || platform.os === 'unknown') return []
  const { os, architecture, variant } = platform
  return [[os, architecture, variant].filter((part) => part !== undefined).join('/')]
}
