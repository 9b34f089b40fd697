// Row P11: each operation of the two APIs, done by a user who has just the right it needs, and refused to one who has every right but that: in the
// whole words, and with nothing changed. The table is written from AWS's "Actions, resources, and condition keys", not from the declarations.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'

import type { Caller, Context } from '../../src/domain/context.ts'
import { digestOf } from '../../src/lib/digest.ts'
import { decode } from '../../src/model/wire.ts'
import { createUser } from '../../src/operations/admin/identities/create-user.ts'
import { createAccessKey } from '../../src/operations/admin/identities/create-access-key.ts'
import { putInlinePolicy } from '../../src/operations/admin/identities/put-inline-policy.ts'
import type { Operation } from '../../src/operations/operation.ts'
import { privateOperations } from '../../src/operations/private/index.ts'
import { publicOperations } from '../../src/operations/public/index.ts'
import { account, manifestOf, openTestRegistry, region, type TestRegistry } from '../support/registry.ts'
import { accountId, allow, policyText, user } from './admin/identity-calls.ts'

/** What a repository of its own holds, for one row of the table. */
interface Given {
  readonly repositoryName: string
  readonly arn: string
  readonly uploadId: string
  /** Of a layer that is there and that no image names. */
  readonly layer: string
  readonly imageDigest: string
}

interface Row {
  readonly input: (given: Given) => unknown
  /** `repository` unless it says otherwise. */
  readonly on?: '*' | ((given: Given) => string)
  /** Actions beside the one of the operation's name, all on the same resource. */
  readonly also?: readonly string[]
  /** What the operation needs before it is done, as the root does it. */
  readonly first?: string
}

const config = '{"config":"one"}'
const layerContent = 'layer of one'
const unsent = 'a layer that is not there yet'
const manifest = manifestOf([config, layerContent])
const named = ({ repositoryName }: Given) => ({ repositoryName })
const image = (given: Given) => ({ ...named(given), imageIds: [{ imageTag: 'v1' }] })
const byArn = ({ arn }: Given) => ({ resourceArn: arn })
const tags = { tags: [{ Key: 'team', Value: 'a' }] }
const part = {
  partFirstByte: 0,
  partLastByte: unsent.length - 1,
  layerPartBlob: Buffer.from(unsent).toString('base64'),
}
const statement = (service: string, more: object = {}) =>
  policyText({ Effect: 'Allow', Principal: '*', Action: `${service}:PutImage`, ...more })

/** What both APIs have. */
const ofBoth = (service: string): Readonly<Record<string, Row>> => ({
  BatchCheckLayerAvailability: { input: (given) => ({ ...named(given), layerDigests: [given.layer] }) },
  BatchDeleteImage: { input: image },
  CompleteLayerUpload: {
    input: (given) => ({ ...named(given), uploadId: given.uploadId, layerDigests: [digestOf(unsent)] }),
    first: 'UploadLayerPart',
  },
  CreateRepository: {
    input: ({ repositoryName }) => ({ repositoryName: `${repositoryName}-new` }),
    on: ({ arn }) => `${arn}-new`,
  },
  DeleteRepository: { input: (given) => ({ ...named(given), force: true }) },
  DeleteRepositoryPolicy: { input: named, first: 'SetRepositoryPolicy' },
  DescribeImages: { input: named },
  GetRepositoryPolicy: { input: named, first: 'SetRepositoryPolicy' },
  InitiateLayerUpload: { input: named },
  ListTagsForResource: { input: byArn },
  PutImage: { input: (given) => ({ ...named(given), imageManifest: manifest, imageTag: 'v2' }) },
  SetRepositoryPolicy: { input: (given) => ({ ...named(given), policyText: statement(service), force: true }) },
  TagResource: { input: (given) => ({ ...byArn(given), ...tags }) },
  UntagResource: { input: (given) => ({ ...byArn(given), tagKeys: ['team'] }) },
  UploadLayerPart: { input: (given) => ({ ...named(given), uploadId: given.uploadId, ...part }) },
})

const registryPolicy = statement('ecr', {
  Action: 'ecr:CreateRepository',
  Principal: { AWS: '210987654321' },
  Resource: `arn:aws:ecr:${region}:${account}:repository/*`,
})

const privateRows: Readonly<Record<string, Row>> = {
  ...ofBoth('ecr'),
  BatchGetImage: { input: image },
  'CreateRepository, with tags': {
    input: ({ repositoryName }) => ({ repositoryName: `${repositoryName}-new`, ...tags }),
    on: ({ arn }) => `${arn}-new`,
    also: ['ecr:TagResource'],
  },
  DeleteRegistryPolicy: { input: () => ({}), on: '*', first: 'PutRegistryPolicy' },
  DescribeRegistry: { input: () => ({}), on: '*' },
  DescribeRepositories: { input: () => ({}), on: '*' },
  'DescribeRepositories, of a registry': {
    input: () => ({ registryId: account }),
    on: () => `arn:aws:ecr:${region}:${account}:repository/*`,
  },
  GetAuthorizationToken: { input: () => ({}), on: '*' },
  GetDownloadUrlForLayer: { input: (given) => ({ ...named(given), layerDigest: given.layer }) },
  GetRegistryPolicy: { input: () => ({}), on: '*', first: 'PutRegistryPolicy' },
  ListImageReferrers: {
    input: (given) => ({ ...named(given), subjectId: { imageDigest: given.imageDigest } }),
  },
  ListImages: { input: named },
  PutImageScanningConfiguration: {
    input: (given) => ({ ...named(given), imageScanningConfiguration: { scanOnPush: true } }),
  },
  PutImageTagMutability: { input: (given) => ({ ...named(given), imageTagMutability: 'IMMUTABLE' }) },
  PutRegistryPolicy: { input: () => ({ policyText: registryPolicy }), on: '*' },
}

const ofRegistry = () => `arn:aws:ecr-public::${account}:registry/${account}`

const publicRows: Readonly<Record<string, Row>> = {
  ...ofBoth('ecr-public'),
  'CreateRepository, with tags': {
    input: ({ repositoryName }) => ({ repositoryName: `${repositoryName}-new`, ...tags }),
    on: ({ arn }) => `${arn}-new`,
    also: ['ecr-public:TagResource'],
  },
  DescribeImageTags: { input: named },
  DescribeRegistries: { input: () => ({}), on: '*' },
  DescribeRepositories: { input: () => ({}), on: '*' },
  GetAuthorizationToken: { input: () => ({}), on: '*', also: ['sts:GetServiceBearerToken'] },
  GetRegistryCatalogData: { input: () => ({}), on: ofRegistry },
  GetRepositoryCatalogData: { input: named, first: 'PutRepositoryCatalogData' },
  PutRegistryCatalogData: { input: () => ({ displayName: 'Somebody' }), on: ofRegistry },
  PutRepositoryCatalogData: { input: (given) => ({ ...named(given), catalogData: { description: 'An image' } }) },
}

let registry: TestRegistry
let only: Caller
let allBut: Caller
before(async () => {
  registry = await openTestRegistry()
  only = await givenUser('only')
  allBut = await givenUser('all-but')
})
after(async () => {
  await registry.close()
  assert.deepEqual(registry.backgroundErrors, [])
})

async function givenUser(userName: string): Promise<Caller> {
  await registry.perform(createUser, { accountId, userName })
  const { accessKey } = await registry.perform(createAccessKey, { accountId, userName })
  return registry.services.accessKeys.find(accessKey.accessKeyId)?.principal ?? assert.fail('no key')
}

const setPolicy = (userName: string, ...statements: readonly object[]) =>
  registry.perform(putInlinePolicy, {
    ...user(userName),
    policyName: 'p',
    policyDocument: policyText(...statements),
  })

const as = (caller?: Caller): Context => registry.ctx(caller && { caller })

const call = (operation: Operation, input: unknown, ctx = as()) =>
  registry.perform(operation, decode(operation.input, input), ctx)

/** All rows but those that say when a key was used. */
function everyRow(): string {
  using database = new DatabaseSync(join(registry.directory, 'metadata.db'), { readOnly: true })
  const tables = database.prepare("select name from sqlite_master where type = 'table' and name <> 'access_key'").all()
  return JSON.stringify(tables.map(({ name }) => [name, database.prepare(`select * from "${String(name)}"`).all()]))
}

let rows = 0

function describeService(service: 'ecr' | 'ecr-public', operations: readonly Operation[], table: typeof privateRows) {
  const byName = new Map(operations.map((operation) => [operation.name, operation]))
  const get = (name: string) => byName.get(name) ?? assert.fail(`there is no ${name}`)

  async function prepare(): Promise<Given> {
    const repositoryName = `app-${++rows}`
    await call(get('CreateRepository'), { repositoryName, tags: tags.tags })
    for (const content of [config, layerContent]) await push(repositoryName, content)
    const pushed = await call(get('PutImage'), { repositoryName, imageManifest: manifest, imageTag: 'v1' })
    const { uploadId } = (await call(get('InitiateLayerUpload'), { repositoryName })) as { uploadId: string }
    const arn = `arn:aws:${service}:${service === 'ecr' ? region : ''}:${account}:repository/${repositoryName}`
    assert.ok(pushed)
    return { repositoryName, arn, uploadId, layer: digestOf(layerContent), imageDigest: digestOf(manifest) }
  }

  async function push(repositoryName: string, content: string): Promise<void> {
    const { uploadId } = (await call(get('InitiateLayerUpload'), { repositoryName })) as { uploadId: string }
    const layerPartBlob = Buffer.from(content).toString('base64')
    const its = { repositoryName, uploadId, partFirstByte: 0, partLastByte: content.length - 1, layerPartBlob }
    await call(get('UploadLayerPart'), its)
    await call(get('CompleteLayerUpload'), { repositoryName, uploadId, layerDigests: [digestOf(content)] })
  }

  describe(`${service}: each operation needs its own right and no other`, () => {
    test('the table has all of them', () => {
      const inTable = new Set(Object.keys(table).map((name) => name.replace(/,.*/, '')))
      assert.deepEqual([...inTable].toSorted(), [...byName.keys()].toSorted())
    })

    for (const [title, { input, on, also = [], first }] of Object.entries(table)) {
      test(title, async () => {
        const operation = get(title.replace(/,.*/, ''))
        const given = await prepare()
        if (first !== undefined) await call(get(first), table[first]?.input(given))
        const resource = on === '*' ? '*' : (on?.(given) ?? given.arn)
        const actions = [`${service}:${operation.name}`, ...also]
        for (const missing of actions) {
          await setPolicy('all-but', { Effect: 'Allow', NotAction: missing, Resource: '*' })
          const others = actions.filter((action) => action !== missing)
          const elsewhere = `arn:aws:${service}:*:*:repository/elsewhere`
          await setPolicy('only', allow([...others, 'ecr:Nothing'], resource), allow(missing, elsewhere))
          for (const caller of [allBut, only]) {
            const untouched = everyRow()
            await assert.rejects(call(operation, input(given), as(caller)), {
              name: 'AccessDeniedException',
              message:
                `User: ${caller.arn} is not authorized to perform: ${missing} on resource: ${resource} ` +
                `because no identity-based policy allows the ${missing} action`,
            })
            assert.equal(everyRow(), untouched, 'nothing is changed')
          }
        }
        await setPolicy('only', allow(actions, resource))
        await call(operation, input(given), as(only))
      })
    }
  })
}

describeService('ecr', privateOperations, privateRows)
describeService('ecr-public', publicOperations, publicRows)
