// `stowage inspect`: what an image is made of, wherever it is. All that is shown of manifests was compared with their digests.

import { collectImages } from '../../client/transport/collect-images.ts'
import {
  isIndexType,
  type ManifestLinks,
  manifestBytesMax,
  parseBoundedJson,
  parseManifestLinks,
} from '../../client/transport/manifest-graph.ts'
import { openBlobSource } from '../../client/transport/open-blob-source.ts'
import type { Descriptor, Manifest, Place, Platform } from '../../client/transport/place.ts'
import { transportFail } from '../../client/transport/transport-error.ts'
import { inUnits } from '../in-units.ts'
import type { ConnectionFlags } from './access.ts'
import { imageFailure } from './image-failure.ts'
import { untilInterrupted } from './interruption.ts'
import { printJson, printTable, say } from './print.ts'
import { openSession } from './session.ts'

interface InspectedImage {
  readonly digest: string
  readonly mediaType: string
  /** `os/architecture[/variant]`; `undefined` for an artifact. */
  readonly platform: string | undefined
  readonly artifactType: string | undefined
  /** Configuration and layers together. */
  readonly bytes: number
  readonly createdAt: string | undefined
  readonly config: InspectedBlob | undefined
  readonly layers: readonly InspectedBlob[]
}

interface InspectedBlob {
  readonly mediaType: string
  readonly digest: string
  readonly bytes: number
}

interface Inspected {
  readonly image: string
  readonly digest: string
  readonly mediaType: string
  readonly annotations: Readonly<Record<string, string>>
  /** The image itself, or those of an index in its order. */
  readonly images: readonly InspectedImage[]
  readonly referrers: readonly (InspectedBlob & { readonly artifactType: string | undefined })[]
  /** The manifest, parsed. */
  readonly manifest: unknown
}

export interface InspectOptions {
  readonly platform: string | undefined
  /** The manifest, byte for byte. */
  readonly raw: boolean
  readonly asJson: boolean
}

/** Throws a CommandError. */
export async function inspectImage(text: string, flags: ConnectionFlags, options: InspectOptions): Promise<void> {
  try {
    await untilInterrupted('interrupted', async (signal) => {
      using session = openSession(flags)
      await using opened = new AsyncDisposableStack()
      const place = opened.adopt(await session.open(session.inOwnRegistry(text)), (its) => its.close())
      if (options.raw) return void process.stdout.write((await rootOf(place, options.platform, signal)).bytes)
      const inspected = await inspect(text, place, options.platform, signal)
      if (options.asJson) printJson(inspected)
      else print(inspected)
    })
  } catch (error) {
    throw imageFailure(error)
  }
}

const plan = (place: Place, platform: string | undefined, signal: AbortSignal) =>
  collectImages(place, { reference: place.digest ?? place.tag, platform, signal })

async function rootOf(place: Place, platform: string | undefined, signal: AbortSignal): Promise<Manifest> {
  return (await plan(place, platform, signal)).root
}

async function inspect(
  text: string,
  place: Place,
  platform: string | undefined,
  signal: AbortSignal,
): Promise<Inspected> {
  const { root, manifests } = await plan(place, platform, signal)
  const links = parseManifestLinks(root, place.name)
  const images: InspectedImage[] = []
  const platforms = new Map(
    manifests.flatMap(({ manifest }) =>
      parseManifestLinks(manifest, place.name).children.map((child) => [child.digest, child.platform]),
    ),
  )
  for (const { manifest } of manifests)
    if (!isIndexType(manifest.mediaType))
      images.push(await inspectOne(place, manifest, platforms.get(manifest.digest), signal))
  const referrers = await place.listReferrers(root.digest, signal)
  return {
    image: text,
    digest: root.digest,
    mediaType: root.mediaType,
    annotations: links.annotations ?? {},
    images,
    referrers: referrers.map((referrer) => ({ ...blobOf(referrer), artifactType: referrer.artifactType })),
    manifest: parseBoundedJson(root.bytes, (reason) =>
      transportFail('InvalidManifest', { digest: root.digest, where: place.name, reason }),
    ),
  }
}

async function inspectOne(
  place: Place,
  manifest: Manifest,
  said: Platform | undefined,
  signal: AbortSignal,
): Promise<InspectedImage> {
  const links = parseManifestLinks(manifest, place.name)
  const layers = [...links.layers, ...links.foreign]
  const config = await configOf(place, links, signal)
  return {
    digest: manifest.digest,
    mediaType: manifest.mediaType,
    platform: platformText(said ?? config.platform),
    artifactType: config.isImage ? undefined : links.artifactType,
    bytes: [...(links.config ? [links.config] : []), ...layers].reduce((total, { size }) => total + size, 0),
    createdAt: config.createdAt,
    config: links.config && blobOf(links.config),
    layers: layers.map(blobOf),
  }
}

interface Config {
  readonly isImage: boolean
  readonly platform: Platform | undefined
  readonly createdAt: string | undefined
}

/** What the configuration of an image says of it; that of an artifact can be anything, and is not read. */
async function configOf(place: Place, { config }: ManifestLinks, signal: AbortSignal): Promise<Config> {
  const isImage = config !== undefined && /\.(?:image\.config|container\.image)\.v1\+json$/.test(config.mediaType)
  if (!isImage || config.size > manifestBytesMax) return { isImage, platform: undefined, createdAt: undefined }
  const pieces: Uint8Array[] = []
  for await (const piece of openBlobSource(place, config, signal).read(0)) pieces.push(piece)
  const json = parseBoundedJson(Buffer.concat(pieces), (reason) =>
    transportFail('InvalidManifest', { digest: config.digest, where: place.name, reason }),
  )
  const text = (name: string) => (typeof json[name] === 'string' ? json[name] : undefined)
  const [os, architecture] = [text('os'), text('architecture')]
  const isNamed = os !== undefined && architecture !== undefined
  return {
    isImage,
    platform: isNamed ? { os, architecture, variant: text('variant') } : undefined,
    createdAt: text('created'),
  }
}

function blobOf({ mediaType, digest, size }: Descriptor): InspectedBlob {
  return { mediaType, digest, bytes: size }
}

function platformText(platform: Platform | undefined): string | undefined {
  if (platform === undefined) return undefined
  return [platform.os, platform.architecture, platform.variant].filter((part) => part !== undefined).join('/')
}

function print({ image, digest, mediaType, images, referrers }: Inspected): void {
  printTable([
    ['image', image],
    ['digest', digest],
    ['media type', mediaType],
  ])
  for (const { platform, artifactType, bytes, createdAt, config, layers, ...its } of images) {
    say('')
    const what = platform ?? artifactType ?? 'image'
    printTable([[what, its.digest, inUnits(bytes), ...(createdAt === undefined ? [] : [`created ${createdAt}`])]])
    printTable(
      [...(config ? [{ ...config, what: 'config' }] : []), ...layers.map((layer) => ({ ...layer, what: 'layer' }))].map(
        (blob) => [blob.what, blob.digest, inUnits(blob.bytes), blob.mediaType],
      ),
      '  ',
    )
  }
  if (referrers.length === 0) return
  say('\nreferred to by')
  printTable(
    referrers.map((referrer) => [referrer.artifactType ?? '-', referrer.digest, inUnits(referrer.bytes)]),
    '  ',
  )
}
