import { type ImagePlan, makeImage } from '../images.ts'
import { generate } from '../load/generate.ts'
import type { ImagesTask } from '../load/tasks.ts'
import { type Family, type Figure, rate, type Row } from '../row.ts'

const mebibyte = 1024 * 1024
const repository = 'bench/images'
const image: ImagePlan = {
  repository,
  tag: 'pulled',
  seed: 'pulled',
  layers: [...Array.from({ length: 8 }, () => 64 * 1024), mebibyte, mebibyte],
}

interface Kind {
  readonly name: string
  readonly title: string
  readonly pulls: ImagesTask['pulls']
  readonly connections: number
  readonly figures: readonly Figure[]
}

const row = ({ name, title, pulls, connections, figures }: Kind): Row => ({
  name,
  title,
  unit: 'image',
  isLong: name !== 'push-32',
  servers: ['stowage', 'docker-registry'],
  figures,
  run: ({ origin, headers }, { seconds }, turn) =>
    generate({
      kind: 'images',
      origin,
      headers,
      repository,
      seed: `${name}-${turn}`,
      image,
      pulls,
      connections,
      seconds,
    }),
})

export const pushesAndPulls: Family = {
  title: 'Images',
  about:
    'A small image is a layer of 4 KiB, a config and a manifest, each image another: five requests, and Stowage has every one of them on the disk before it answers. The image that is pulled has ten layers, 2.5 MiB together.',
  prepare: async (server) => {
    await server.addRepository(repository)
    await server.publish(makeImage(image))
  },
  rows: [
    row({ name: 'push-1', title: 'small image push, 1 client', pulls: 0, connections: 1, figures: [] }),
    row({
      name: 'push-32',
      title: 'small image push, 32 clients',
      pulls: 0,
      connections: 32,
      figures: [rate('docker-registry', 5)],
    }),
    row({ name: 'pull-64', title: '64 parallel pulls of one image', pulls: 4, connections: 64, figures: [] }),
    row({ name: 'mixed', title: '75 % pulls, 25 % small pushes, 16 clients', pulls: 3, connections: 16, figures: [] }),
  ],
}
