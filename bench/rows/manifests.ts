import { makeImage, manifestType } from '../images.ts'
import { repeat } from '../load/wrk.ts'
import { type Family, type Figure, perCpu, type Row } from '../row.ts'

const image = makeImage({
  repository: 'bench/manifests',
  tag: 'latest',
  seed: 'manifests',
  layers: Array.from({ length: 10 }, () => 1024),
})

const figures: readonly Figure[] = [perCpu('docker-registry', 15), perCpu('nginx', 1 / 3)]

const row = (method: 'GET' | 'HEAD', by: 'tag' | 'digest'): Row => ({
  name: `manifest-${method.toLowerCase()}-${by}`,
  title: `manifest ${method} by ${by}`,
  unit: 'request',
  servers: ['stowage', 'docker-registry', 'nginx'],
  isLong: method === 'HEAD' || by === 'digest',
  figures,
  run: ({ origin, headers }, { seconds }) =>
    repeat({
      origin,
      method,
      paths: [`/v2/${image.repository}/manifests/${by === 'tag' ? image.tag : image.digest}`],
      headers: { ...headers, Accept: manifestType },
      connections: 32,
      seconds,
    }),
})

export const manifests: Family = {
  title: 'Manifests',
  about: `One manifest of ${image.manifest.length} bytes, 32 connections.`,
  prepare: async (server) => {
    await server.addRepository(image.repository)
    await server.publish(image)
  },
  rows: [row('GET', 'tag'), row('GET', 'digest'), row('HEAD', 'tag'), row('HEAD', 'digest')],
}
