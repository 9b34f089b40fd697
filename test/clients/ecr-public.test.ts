// Clients of the ECR Public API: the SDK calls every operation, the AWS command line what people type.

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'

import {
  BatchCheckLayerAvailabilityCommand,
  BatchDeleteImageCommand,
  CompleteLayerUploadCommand,
  CreateRepositoryCommand,
  DeleteRepositoryCommand,
  DeleteRepositoryPolicyCommand,
  DescribeImagesCommand,
  DescribeRegistriesCommand,
  ECRPUBLICClient,
  GetAuthorizationTokenCommand,
  GetRegistryCatalogDataCommand,
  GetRepositoryCatalogDataCommand,
  GetRepositoryPolicyCommand,
  InitiateLayerUploadCommand,
  ListTagsForResourceCommand,
  PutImageCommand,
  PutRegistryCatalogDataCommand,
  PutRepositoryCatalogDataCommand,
  RepositoryNotFoundException,
  RepositoryPolicyNotFoundException,
  SetRepositoryPolicyCommand,
  TagResourceCommand,
  UnsupportedCommandException,
  UntagResourceCommand,
  UploadLayerPartCommand,
  paginateDescribeImageTags,
  paginateDescribeRepositories,
} from '@aws-sdk/client-ecr-public'

import { pngOf } from '../operations/public/calls.ts'
import { skipUnless } from '../support/client.ts'
import { makeImage } from '../support/image-layout.ts'
import { useStowage } from './setting.ts'

const account = '123456789012'

describe('@aws-sdk/client-ecr-public', () => {
  const setting = useStowage()
  let client: ECRPUBLICClient
  const clientIn = (region: string) => {
    const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = setting.stowage.env
    const credentials = { accessKeyId, secretAccessKey }
    return new ECRPUBLICClient({ endpoint: setting.stowage.origin, region, credentials, maxAttempts: 1 })
  }
  before(() => {
    client = clientIn('us-east-1')
  })
  after(() => client.destroy())

  test('makes repositories with what the gallery shows, and a logo that everyone may fetch', async () => {
    const png = pngOf(80, 80)
    const repositoryName = 'sdk/shown'
    const texts = {
      description: 'An image',
      architectures: ['x86-64'],
      operatingSystems: ['Linux'],
      aboutText: '# About',
    }
    const created = await client.send(
      new CreateRepositoryCommand({ repositoryName, catalogData: { ...texts, logoImageBlob: png } }),
    )
    const { logoUrl = '', ...shown } = created.catalogData ?? {}
    assert.deepEqual(shown, texts)
    const logo = await fetch(logoUrl)
    assert.equal(logo.status, 200)
    assert.deepEqual(Buffer.from(await logo.arrayBuffer()), png)
    assert.equal(logo.headers.get('x-content-type-options'), 'nosniff')

    const { registries } = await client.send(new DescribeRegistriesCommand({}))
    const [registry] = registries ?? []
    assert.equal(created.repository?.repositoryUri, `${registry?.registryUri}/${repositoryName}`)
    assert.ok(created.repository?.createdAt instanceof Date)

    const read = await client.send(new GetRepositoryCatalogDataCommand({ repositoryName }))
    assert.deepEqual(read.catalogData, created.catalogData)
    const put = await client.send(new PutRepositoryCatalogDataCommand({ repositoryName, catalogData: {} }))
    assert.deepEqual(put.catalogData, {})
    assert.equal((await fetch(logoUrl)).status, 404)

    await client.send(new PutRegistryCatalogDataCommand({ displayName: 'Example' }))
    const { registryCatalogData } = await client.send(new GetRegistryCatalogDataCommand({}))
    assert.deepEqual(registryCatalogData, { displayName: 'Example' })
  })

  test('pushes an image layer by layer, lists it by pages, and deletes it', async () => {
    const repositoryName = 'sdk/image'
    await client.send(new CreateRepositoryCommand({ repositoryName }))
    const image = makeImage({ seed: 'public', layerBytes: [6_000_000] })
    for (const { bytes, digest } of [...image.layers, image.config]) {
      const { uploadId } = await client.send(new InitiateLayerUploadCommand({ repositoryName }))
      const part = { partFirstByte: 0, partLastByte: bytes.length - 1, layerPartBlob: bytes }
      await client.send(new UploadLayerPartCommand({ repositoryName, uploadId, ...part }))
      await client.send(new CompleteLayerUploadCommand({ repositoryName, uploadId, layerDigests: [digest] }))
    }
    const imageManifest = image.manifest.bytes.toString()
    const imageTags = ['a', 'b', 'c']
    for (const imageTag of imageTags)
      await client.send(new PutImageCommand({ repositoryName, imageManifest, imageTag }))

    const layerDigests = [image.config.digest]
    const { layers } = await client.send(new BatchCheckLayerAvailabilityCommand({ repositoryName, layerDigests }))
    assert.equal(layers?.[0]?.layerAvailability, 'AVAILABLE')
    const { imageDetails } = await client.send(new DescribeImagesCommand({ repositoryName }))
    assert.deepEqual(
      imageDetails?.map((one) => [one.imageDigest, one.imageTags]),
      [[image.manifest.digest, imageTags]],
    )

    const seen: (string | undefined)[] = []
    for await (const page of paginateDescribeImageTags({ client, pageSize: 2 }, { repositoryName })) {
      seen.push(...(page.imageTagDetails ?? []).map((one) => one.imageTag))
    }
    assert.deepEqual(seen, imageTags)
    const names: (string | undefined)[] = []
    for await (const page of paginateDescribeRepositories({ client, pageSize: 1 }, {})) {
      names.push(...(page.repositories ?? []).map((one) => one.repositoryName))
    }
    assert.deepEqual(names, ['sdk/image', 'sdk/shown'])

    const imageIds = [{ imageDigest: image.manifest.digest }]
    const deleted = await client.send(new BatchDeleteImageCommand({ repositoryName, imageIds }))
    assert.equal(deleted.imageIds?.length, imageTags.length)
    await client.send(new DeleteRepositoryCommand({ repositoryName }))
    await assert.rejects(client.send(new DescribeImagesCommand({ repositoryName })), RepositoryNotFoundException)
  })

  test('sets policies and tags', async () => {
    const repositoryName = 'sdk/shown'
    const statement = { Sid: 'push', Effect: 'Allow', Principal: '*', Action: ['ecr-public:PutImage'] }
    const policyText = JSON.stringify({ Version: '2008-10-17', Statement: [statement] })
    const set = await client.send(new SetRepositoryPolicyCommand({ repositoryName, policyText }))
    assert.deepEqual(JSON.parse(set.policyText ?? ''), JSON.parse(policyText))
    const { policyText: read } = await client.send(new GetRepositoryPolicyCommand({ repositoryName }))
    assert.equal(read, set.policyText)
    await client.send(new DeleteRepositoryPolicyCommand({ repositoryName }))
    await assert.rejects(
      client.send(new GetRepositoryPolicyCommand({ repositoryName })),
      RepositoryPolicyNotFoundException,
    )

    const resourceArn = `arn:aws:ecr-public::${account}:repository/${repositoryName}`
    await client.send(
      new TagResourceCommand({
        resourceArn,
        tags: [
          { Key: 'a', Value: '1' },
          { Key: 'b', Value: '2' },
        ],
      }),
    )
    await client.send(new UntagResourceCommand({ resourceArn, tagKeys: ['a'] }))
    const { tags } = await client.send(new ListTagsForResourceCommand({ resourceArn }))
    assert.deepEqual(tags, [{ Key: 'b', Value: '2' }])
  })

  test('is given a password, in the regions of the service only', async () => {
    const { authorizationData } = await client.send(new GetAuthorizationTokenCommand({}))
    assert.match(Buffer.from(authorizationData?.authorizationToken ?? '', 'base64').toString(), /^AWS:[^:]+$/)
    assert.ok((authorizationData?.expiresAt?.getTime() ?? 0) > Date.now() + 11 * 3_600_000)
    const elsewhere = clientIn('eu-west-1')
    await assert.rejects(elsewhere.send(new GetAuthorizationTokenCommand({})), UnsupportedCommandException)
    elsewhere.destroy()
  })
})

describe('aws ecr-public', { skip: skipUnless('aws') }, () => {
  const setting = useStowage()

  /** What the command prints. */
  const aws = (...args: readonly string[]): Promise<string> =>
    setting.sandbox.succeed('aws', [
      '--endpoint-url',
      setting.stowage.origin,
      '--region',
      'us-east-1',
      '--output',
      'json',
      'ecr-public',
      ...args,
    ])

  test('a repository with a logo is made, tagged, and deleted', async () => {
    const data = setting.sandbox.path('catalog.json')
    const logoImageBlob = pngOf(60, 60).toString('base64')
    await writeFile(data, JSON.stringify({ description: 'From a file', logoImageBlob }))
    const name = ['--repository-name', 'cli/app']
    const made: unknown = JSON.parse(
      await aws('create-repository', ...name, '--catalog-data', `file://${data}`, '--tags', 'Key=k,Value=v'),
    )
    assert.ok(typeof made === 'object' && made !== null && 'repository' in made && 'catalogData' in made)
    const listed: unknown = JSON.parse(await aws('describe-repositories', '--repository-names', 'cli/app'))
    assert.deepEqual(listed, { repositories: [made.repository] })
    const catalog: unknown = JSON.parse(await aws('get-repository-catalog-data', ...name))
    assert.deepEqual(catalog, { catalogData: made.catalogData })
    const resourceArn = `arn:aws:ecr-public::${account}:repository/cli/app`
    const tags: unknown = JSON.parse(await aws('list-tags-for-resource', '--resource-arn', resourceArn))
    assert.deepEqual(tags, { tags: [{ Key: 'k', Value: 'v' }] })
    assert.equal(
      await aws('delete-repository', ...name).then((text) => JSON.parse(text).repository.repositoryName),
      'cli/app',
    )
  })

  test('a policy comes back as it was printed again', async () => {
    const name = ['--repository-name', 'cli/policy']
    await aws('create-repository', ...name)
    const policy =
      '{"Statement":[{"Effect":"Allow","Principal":"*","Action":["ecr-public:PutImage","ecr-public:InitiateLayerUpload"]}]}'
    const set: unknown = JSON.parse(await aws('set-repository-policy', ...name, '--policy-text', policy, '--force'))
    const policyText = `{\n  "Statement" : [ {\n    "Effect" : "Allow",\n    "Principal" : "*",\n    "Action" : [ "ecr-public:PutImage", "ecr-public:InitiateLayerUpload" ]\n  } ]\n}`
    assert.deepEqual(set, { registryId: account, repositoryName: 'cli/policy', policyText })
    assert.deepEqual(JSON.parse(await aws('get-repository-policy', ...name)), set)
  })

  test('get-login-password prints a password', async () => {
    assert.match(await aws('get-login-password'), /^[^\s:]{40,}$/)
  })
})
