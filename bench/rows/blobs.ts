import { makeImage, type BenchImage } from '../images.ts'
import { repeat } from '../load/wrk.ts'
import { type Family, type Figure, perCpu, rate, type Row, type Size } from '../row.ts'

const kibibyte = 1024
const mebibyte = 1024 * kibibyte
const repository = 'bench/blobs'
/** Of the 16 KiB kind: a client rarely asks for one small blob again and again. */
const smallBlobs = 64

const large: readonly Figure[] = [
  rate('docker-registry', 1.5),
  perCpu('docker-registry', 1.5),
  perCpu('nginx', 1 / 1.3),
]

const blobsOf = (kind: string, layers: readonly number[]): BenchImage =>
  makeImage({ repository, tag: kind, seed: `blobs/${kind}`, layers })

const kinds = {
  small: () =>
    blobsOf(
      'small',
      Array.from({ length: smallBlobs }, () => 16 * kibibyte),
    ),
  medium: () =>
    blobsOf(
      'medium',
      Array.from({ length: 4 }, () => 10 * mebibyte),
    ),
  large: ({ largeBytes }: Size) => blobsOf('large', [largeBytes]),
}

const made = new Map<string, BenchImage>()
function imageOf(kind: keyof typeof kinds, size: Size): BenchImage {
  const image = made.get(kind) ?? kinds[kind](size)
  made.set(kind, image)
  return image
}

interface Kind {
  readonly title: string
  readonly kind: keyof typeof kinds
  readonly connections: number
  readonly unit: Row['unit']
  readonly figures: readonly Figure[]
}

/** `range`: bytes from the middle of the smallest blob of its kind. */
const row = (
  name: string,
  { title, kind, connections, unit, figures }: Kind,
  range?: readonly [number, number],
): Row => ({
  name,
  title,
  unit,
  figures,
  isLong: range !== undefined,
  servers: ['stowage', 'docker-registry', 'nginx'],
  run: ({ origin, headers }, size) =>
    repeat({
      origin,
      // The config comes first.
      paths: imageOf(kind, size)
        .blobs.slice(1)
        .map(({ digest }) => `/v2/${repository}/blobs/${digest}`),
      headers: { ...headers, ...(range && { Range: `bytes=${range[0]}-${range[1]}` }) },
      connections,
      seconds: size.seconds,
    }),
})

const small = { kind: 'small', connections: 32, unit: 'request' } as const
const medium = { kind: 'medium', connections: 8 } as const
const huge = { kind: 'large', connections: 2 } as const

export const blobs: Family = {
  title: 'Blobs',
  about: `${smallBlobs} blobs of 16 KiB on 32 connections, 4 of 10 MiB on 8, one of 1 GiB on 2. All of them fit into memory.`,
  prepare: async (server, size) => {
    await server.addRepository(repository)
    for (const kind of ['small', 'medium', 'large'] as const) await server.publish(imageOf(kind, size))
  },
  rows: [
    row('blob-16k', { ...small, title: 'blob GET, 16 KiB', figures: [perCpu('docker-registry', 10)] }),
    row('blob-16k-range', { ...small, title: 'blob GET, 4 KiB of 16 KiB', figures: [] }, [8192, 12_287]),
    row('blob-10m', { ...medium, unit: 'GiB', title: 'blob GET, 10 MiB', figures: large }),
    row(
      'blob-10m-range',
      { ...medium, unit: 'request', title: 'blob GET, 64 KiB of 10 MiB', figures: [] },
      [5_300_000, 5_365_535],
    ),
    row('blob-1g', { ...huge, unit: 'GiB', title: 'blob GET, 1 GiB', figures: large }),
    row(
      'blob-1g-range',
      { ...huge, unit: 'GiB', title: 'blob GET, 100 MiB of 1 GiB', figures: large },
      [50_000_000, 154_857_599],
    ),
  ],
}
