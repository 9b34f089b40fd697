import { makeImage } from '../images.ts'
import { generate } from '../load/generate.ts'
import { repeat } from '../load/wrk.ts'
import { type Family, type Figure, perCpuSecond, type Row } from '../row.ts'

const repositoryName = 'bench/api'
const images = 100
const checked = 100
/** Fewer than an account may have open. */
const initiated = 800

const image = (nr: number) =>
  makeImage({
    repository: repositoryName,
    tag: `v${nr}`,
    seed: `api/${nr}`,
    layers: nr === 0 ? Array.from({ length: checked }, () => 512) : [512],
  })

const row = (name: string, operation: string, detail: string, input: unknown, figures: readonly Figure[]): Row => ({
  name,
  title: `${operation}, ${detail}`,
  unit: 'request',
  servers: ['stowage'],
  figures,
  // One that has a figure stands for them in a quick run.
  isLong: figures.length === 0,
  run: ({ origin, sign }, { seconds }) =>
    repeat({ origin, method: 'POST', paths: ['/'], ...sign(operation, input), connections: 16, seconds }),
})

const inRepository = { repositoryName }
const layerDigests = image(0)
  .blobs.slice(1)
  .map(({ digest }) => digest)

export const apiCalls: Family = {
  title: 'Signed API calls',
  about:
    '16 connections. A call is signed once and sent again, so that the client costs nothing; the server checks each signature.',
  prepare: async (server) => {
    await server.addRepository(repositoryName)
    for (let nr = 0; nr < images; nr++) await server.publish(image(nr))
  },
  rows: [
    row('api-describe-images', 'DescribeImages', 'one image', { ...inRepository, imageIds: [{ imageTag: 'v1' }] }, [
      perCpuSecond(5000),
    ]),
    row('api-describe-images-100', 'DescribeImages', 'a page of 100', { ...inRepository, maxResults: 100 }, []),
    row('api-batch-get-image', 'BatchGetImage', 'one image', { ...inRepository, imageIds: [{ imageTag: 'v1' }] }, []),
    row('api-check-layers', 'BatchCheckLayerAvailability', `${checked} digests`, { ...inRepository, layerDigests }, []),
    {
      name: 'api-initiate-upload',
      title: 'InitiateLayerUpload (durable)',
      unit: 'request',
      servers: ['stowage'],
      figures: [],
      warms: false,
      run: async ({ origin, headers: login, sign }) => {
        const { headers, body } = sign('InitiateLayerUpload', inRepository)
        const call = { method: 'POST', paths: ['/'], headers, body, connections: 16, times: initiated }
        const { found, ...load } = await generate({ kind: 'count', origin, ...call, member: 'uploadId' })
        const paths = found.map((id) => `/v2/${repositoryName}/blobs/uploads/${id}`)
        const cancel = { method: 'DELETE', paths, headers: login, connections: 16, times: paths.length }
        return {
          ...load,
          undo: async () => {
            await generate({ kind: 'count', origin, ...cancel })
          },
        }
      },
    },
  ],
}
