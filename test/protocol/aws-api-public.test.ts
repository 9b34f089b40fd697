// ECR Public at the port of the API: told apart from ECR by its target, signed for its own name, offered in some regions.

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'

import { createRepository } from '../../src/operations/public/create-repository.ts'
import { publicModelNames } from '../../src/operations/public/model-names.ts'
import { createApiHandler } from '../../src/protocol/aws-api.ts'
import { account, openTestRegistry, rootOf } from '../support/registry.ts'
import { toRequest } from '../support/sign.ts'

const registry = await openTestRegistry()
after(() => registry.close())

interface Answer {
  readonly status: number
  readonly type: unknown
  readonly body: unknown
  /** The name that the request had to be signed for. */
  readonly signedFor: string | undefined
}

async function post(target: string, input: unknown, region = 'us-east-1'): Promise<Answer> {
  let signedFor: string | undefined
  const api = createApiHandler({
    services: registry.services,
    authenticate: async (_request, _body, serviceName) => {
      signedFor = serviceName
      return { ok: true, caller: rootOf(account), region }
    },
  })
  const headers = [
    ['X-Amz-Target', target],
    ['Content-Type', 'application/x-amz-json-1.1'],
  ] as const
  const body = Buffer.from(JSON.stringify(input))
  const request = {
    ...toRequest({ headers }),
    contentLength: body.length,
    body: (async function* () {
      yield body
    })(),
  }
  const { status, headers: answered, body: text } = await api(request)
  assert.ok(typeof text === 'string')
  return { status, type: answered['x-amzn-errortype'], body: JSON.parse(text), signedFor }
}

const publicTarget = (name: string) => `SpencerFrontendService.${name}`

describe('ECR Public at the API', () => {
  test('the same name is another operation under each target', async () => {
    await registry.perform(createRepository, { repositoryName: 'app' })
    const open = await post(publicTarget('DescribeRepositories'), {})
    assert.equal(open.signedFor, 'ecr-public')
    const { repositories } = open.body as { repositories: { repositoryArn: string }[] }
    assert.deepEqual(
      repositories.map((one) => one.repositoryArn),
      [`arn:aws:ecr-public::${account}:repository/app`],
    )
    const own = await post('AmazonEC2ContainerRegistry_V20150921.DescribeRepositories', {})
    assert.deepEqual(own, { status: 200, type: undefined, body: { repositories: [] }, signedFor: 'ecr' })
  })

  test('times are numbers of seconds, on the wire as well', async () => {
    const { body } = await post(publicTarget('DescribeRepositories'), {})
    const { repositories } = body as { repositories: { createdAt: number }[] }
    assert.equal(repositories[0]?.createdAt, registry.services.clock.now() / 1000)
  })

  for (const name of publicModelNames) {
    test(`${name} is not supported outside the regions of the service`, async () => {
      assert.deepEqual(await post(publicTarget(name), {}, 'eu-west-1'), {
        status: 400,
        type: 'UnsupportedCommandException',
        body: {
          __type: 'UnsupportedCommandException',
          message: "This command is not supported in the region 'eu-west-1'",
        },
        signedFor: 'ecr-public',
      })
    })
  }

  test('both regions show one registry, whose ARNs have none', async () => {
    const [east, west] = [
      await post(publicTarget('DescribeRegistries'), {}),
      await post(publicTarget('DescribeRegistries'), {}, 'us-west-2'),
    ]
    assert.equal(east.status, 200)
    assert.deepEqual(west, east)
  })

  test('operations that only the private API has', async () => {
    for (const name of ['BatchGetImage', 'GetDownloadUrlForLayer', 'ListImages', 'createRepository', '']) {
      assert.deepEqual(await post(publicTarget(name), {}), {
        status: 400,
        type: 'UnknownOperationException',
        body: { __type: 'UnknownOperationException' },
        signedFor: undefined,
      })
    }
  })

  test('a logo of the largest size comes through, and one that is larger is refused in words', async () => {
    const put = (bytes: number) =>
      post(publicTarget('PutRepositoryCatalogData'), {
        repositoryName: 'app',
        catalogData: { logoImageBlob: Buffer.alloc(bytes).toString('base64') },
      })
    const message = (parameter: string, constraint: string) => ({
      __type: 'InvalidParameterException',
      message: `Invalid parameter at '${parameter}' failed to satisfy constraint: '${constraint}'`,
    })
    const [largest, larger] = [await put(512_000), await put(512_001)]
    assert.deepEqual(largest.body, message('logoImageBlob', 'must be a PNG image'))
    assert.deepEqual(larger.body, message('catalogData.logoImageBlob', 'must have length less than or equal to 512000'))
  })

  test('quotas are those of the public service', async () => {
    const { body } = await post(publicTarget('InitiateLayerUpload'), { repositoryName: 'app' })
    const { uploadId } = body as { uploadId: string }
    const upload = await registry.services.metadata.read.uploads.find(uploadId)
    assert.ok(upload)
    for (let part = 0; part < registry.services.publicLimits.layerPartsMax; part++) {
      await registry.services.metadata.write((tx) =>
        tx.uploads.touch(uploadId, { expiresAtMs: upload.expiresAtMs, part: { small: false } }),
      )
    }
    const part = { uploadId, partFirstByte: 0, partLastByte: 0, layerPartBlob: 'YQ==' }
    const refused = await post(publicTarget('UploadLayerPart'), { repositoryName: 'app', ...part })
    assert.equal(refused.type, 'LimitExceededException')
  })
})
