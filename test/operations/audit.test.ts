// What the audit log is told: one event for each operation that is done, whole, and never a secret.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import type { Caller } from '../../src/domain/context.ts'
import type { AuditEvent } from '../../src/domain/ports/audit.ts'
import { list, map, string, struct } from '../../src/model/schema.ts'
import { adminOperations } from '../../src/operations/admin/index.ts'
import { isReadOnly } from '../../src/operations/audit-event.ts'
import { ecr, operation } from '../../src/operations/operation.ts'
import { createRepository } from '../../src/operations/private/create-repository.ts'
import { describeRepositories } from '../../src/operations/private/describe-repositories.ts'
import { getAuthorizationToken } from '../../src/operations/private/get-authorization-token.ts'
import { privateOperations } from '../../src/operations/private/index.ts'
import { initiateLayerUpload } from '../../src/operations/private/initiate-layer-upload.ts'
import { putImage } from '../../src/operations/private/put-image.ts'
import { publicOperations } from '../../src/operations/public/index.ts'
import { uploadLayerPart } from '../../src/operations/private/upload-layer-part.ts'
import { openApp } from '../distribution/plane.ts'
import { account, otherAccount, rootOf, type TestRegistry } from '../support/registry.ts'
import { openRegistry } from './calls.ts'

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The event without its random id, which has the form of one. */
function plain({ eventID, ...event }: AuditEvent): Omit<AuditEvent, 'eventID'> {
  assert.match(eventID, uuid)
  return event
}

function last(registry: TestRegistry): AuditEvent {
  return registry.audited.at(-1) ?? assert.fail('nothing was recorded')
}

const root = {
  type: 'Root',
  principalId: account,
  arn: `arn:aws:iam::${account}:root`,
  accountId: account,
  accessKeyId: `AKIATEST${account}`,
} as const
const resources = [
  { accountId: account, type: 'AWS::ECR::Repository', ARN: `arn:aws:ecr:us-east-1:${account}:repository/app` },
]

describe('an event', () => {
  test('of a change says what was asked and what came of it', async (t) => {
    const registry = await openRegistry(t)
    const ctx = registry.ctx()
    await registry.perform(createRepository, { repositoryName: 'app', tags: [{ Key: 'team', Value: 'a' }] }, ctx)
    assert.equal(registry.audited.length, 1)
    assert.deepEqual(plain(last(registry)), {
      eventVersion: '1.11',
      userIdentity: root,
      eventTime: '2026-11-21T12:00:00Z',
      eventSource: 'ecr.amazonaws.com',
      eventName: 'CreateRepository',
      awsRegion: 'us-east-1',
      sourceIPAddress: '127.0.0.1',
      userAgent: 'test',
      requestParameters: { repositoryName: 'app', tags: [{ key: 'team', value: 'a' }] },
      responseElements: {
        repository: {
          repositoryArn: `arn:aws:ecr:us-east-1:${account}:repository/app`,
          registryId: account,
          repositoryName: 'app',
          repositoryUri: 'localhost:4510/app',
          createdAt: '2026-11-21T12:00:00Z',
          imageTagMutability: 'MUTABLE',
          imageScanningConfiguration: { scanOnPush: false },
          encryptionConfiguration: { encryptionType: 'AES256' },
        },
      },
      requestID: ctx.requestId,
      readOnly: false,
      resources,
      eventType: 'AwsApiCall',
      recipientAccountId: account,
    })
  })

  test('of a denial says who was refused what, in the account whose it is', async (t) => {
    const registry = await openRegistry(t, { auditLevel: 'changes' })
    const ctx = registry.ctx({ caller: rootOf(otherAccount) })
    const input = { registryId: account, repositoryNames: ['app'] }
    await assert.rejects(registry.perform(describeRepositories, input, ctx))
    const arn = `arn:aws:ecr:us-east-1:${account}:repository/*`
    assert.deepEqual(registry.audited.map(plain), [
      {
        eventVersion: '1.11',
        userIdentity: {
          type: 'Root',
          principalId: otherAccount,
          arn: `arn:aws:iam::${otherAccount}:root`,
          accountId: otherAccount,
          accessKeyId: `AKIATEST${otherAccount}`,
        },
        eventTime: '2026-11-21T12:00:00Z',
        eventSource: 'ecr.amazonaws.com',
        eventName: 'DescribeRepositories',
        awsRegion: 'us-east-1',
        sourceIPAddress: '127.0.0.1',
        userAgent: 'test',
        errorCode: 'AccessDeniedException',
        errorMessage: `User: arn:aws:iam::${otherAccount}:root is not authorized to perform: ecr:DescribeRepositories on resource: ${arn} because no resource-based policy allows the ecr:DescribeRepositories action`,
        requestParameters: { registryId: account, repositoryNames: ['app'] },
        responseElements: null,
        requestID: ctx.requestId,
        readOnly: true,
        resources: [{ accountId: account, type: 'AWS::ECR::Repository', ARN: arn }],
        eventType: 'AwsApiCall',
        recipientAccountId: account,
      },
    ])
  })

  test('of a read is there with `all` only, and has no answer in it', async (t) => {
    const reads = async (auditLevel: 'all' | 'changes' | 'off') => {
      const registry = await openRegistry(t, { auditLevel })
      await registry.perform(createRepository, { repositoryName: 'app' })
      await registry.perform(describeRepositories, {})
      return registry.audited.map(({ eventName, readOnly, requestParameters, responseElements }) => [
        eventName,
        readOnly,
        requestParameters === null,
        responseElements === null,
      ])
    }
    const change = ['CreateRepository', false, false, false]
    assert.deepEqual(await reads('all'), [change, ['DescribeRepositories', true, true, true]])
    assert.deepEqual(await reads('changes'), [change])
    assert.deepEqual(await reads('off'), [])
  })

  test('of what failed has the error and no answer; what was not judged yet has no resource', async (t) => {
    const registry = await openRegistry(t, { auditLevel: 'changes' })
    await assert.rejects(registry.perform(createRepository, { repositoryName: 'A' }))
    await registry.perform(createRepository, { repositoryName: 'app' })
    await assert.rejects(registry.perform(createRepository, { repositoryName: 'app' }))
    const seen = registry.audited.map(({ errorCode, responseElements, resources: its }) => [
      errorCode,
      responseElements === null,
      its?.length,
    ])
    assert.deepEqual(seen, [
      ['InvalidParameterException', true, undefined],
      [undefined, false, 1],
      ['RepositoryAlreadyExistsException', true, 1],
    ])
  })
})

describe('who called', () => {
  const temporary = { issuedAtMs: Date.UTC(2026, 10, 21, 11, 30), expiresAtMs: Date.UTC(2026, 10, 21, 13) }
  const accountId = account
  const callers: readonly (readonly [Caller, unknown])[] = [
    [
      { kind: 'user', accountId, arn: `arn:aws:iam::${account}:user/a/ann`, userId: 'AIDA1', accessKeyId: 'AKIA1' },
      {
        type: 'IAMUser',
        principalId: 'AIDA1',
        arn: `arn:aws:iam::${account}:user/a/ann`,
        accountId,
        accessKeyId: 'AKIA1',
        userName: 'ann',
      },
    ],
    [
      {
        kind: 'session',
        accountId,
        arn: `arn:aws:sts::${account}:assumed-role/ci/job`,
        userId: 'AROA1:job',
        accessKeyId: 'ASIA1',
        temporary: { ...temporary, roleArn: `arn:aws:iam::${account}:role/x/ci`, sourceIdentity: 'ann' },
      },
      {
        type: 'AssumedRole',
        principalId: 'AROA1:job',
        arn: `arn:aws:sts::${account}:assumed-role/ci/job`,
        accountId,
        accessKeyId: 'ASIA1',
        sessionContext: {
          sessionIssuer: {
            type: 'Role',
            principalId: 'AROA1',
            accountId,
            arn: `arn:aws:iam::${account}:role/x/ci`,
            userName: 'ci',
          },
          attributes: { creationDate: '2026-11-21T11:30:00Z', mfaAuthenticated: 'false' },
          sourceIdentity: 'ann',
        },
      },
    ],
    [
      { ...rootOf(account), temporary },
      { ...root, sessionContext: { attributes: { creationDate: '2026-11-21T11:30:00Z', mfaAuthenticated: 'false' } } },
    ],
    [
      { kind: 'anonymous', accountId: '', arn: 'anonymous', userId: 'anonymous', accessKeyId: '' },
      { type: 'AWSAccount', principalId: '', accountId: 'ANONYMOUS_PRINCIPAL' },
    ],
  ]
  for (const [caller, expected] of callers) {
    test(`${caller.kind}, ${caller.temporary ? 'temporary' : 'lasting'}`, async (t) => {
      const registry = await openRegistry(t)
      // Whether it may is not the question.
      await registry.perform(describeRepositories, {}, registry.ctx({ caller })).catch(() => {})
      assert.deepEqual(last(registry).userIdentity, expected)
    })
  }
})

describe('S25 what is never in an event', () => {
  test('bytes of layers', async (t) => {
    const registry = await openRegistry(t)
    await registry.perform(createRepository, { repositoryName: 'app' })
    const { uploadId = '' } = await registry.perform(initiateLayerUpload, { repositoryName: 'app' })
    const part = { partFirstByte: 0, partLastByte: 4, layerPartBlob: Buffer.from('bytes') }
    await registry.perform(uploadLayerPart, { repositoryName: 'app', uploadId, ...part })
    assert.deepEqual(last(registry).requestParameters, {
      repositoryName: 'app',
      uploadId,
      partFirstByte: 0,
      partLastByte: 4,
    })
  })

  test('secrets, whatever an operation calls them and wherever they stand', async (t) => {
    const registry = await openRegistry(t)
    const credentials = struct({ AccessKeyId: string(), SecretAccessKey: string(), SessionToken: string() })
    const secretive = operation({
      service: ecr,
      name: 'CreateSecrets',
      input: struct({ password: string(), list: list(struct({ TokenCode: string() })), map: map(string(), string()) }),
      output: struct({ credentials, authorizationToken: string() }),
      errors: [],
      allow: { action: 'ecr:CreateSecrets', anyone: true, resource: () => '*' },
      handle: async () => ({
        credentials: { AccessKeyId: 'AKIA1', SecretAccessKey: 'hush', SessionToken: 'hush' },
        authorizationToken: 'hush',
      }),
    })
    await registry.perform(secretive, {
      password: 'hush',
      list: [{ TokenCode: 'hush' }],
      map: { sessionToken: 'hush' },
    })
    const { requestParameters, responseElements } = last(registry)
    assert.deepEqual(requestParameters, { password: '***', list: [{ tokenCode: '***' }], map: { sessionToken: '***' } })
    assert.deepEqual(responseElements, {
      credentials: { accessKeyId: 'AKIA1', secretAccessKey: '***', sessionToken: '***' },
      authorizationToken: '***',
    })
  })

  test('passwords of docker', async (t) => {
    const registry = await openRegistry(t)
    const { authorizationData } = await registry.perform(getAuthorizationToken, {})
    const token = authorizationData?.[0]?.authorizationToken ?? assert.fail('no token')
    assert.ok(!JSON.stringify(registry.audited).includes(token))
  })
})

describe('R12 how long an event may be', () => {
  test('texts are cut at 2 KiB', async (t) => {
    const registry = await openRegistry(t)
    const client = { address: '127.0.0.1', userAgent: 'u'.repeat(10_000), isSecure: false }
    const imageManifest = 'm'.repeat(10_000)
    await assert.rejects(registry.perform(putImage, { repositoryName: 'app', imageManifest }, registry.ctx({ client })))
    const { userAgent, requestParameters } = last(registry)
    assert.equal(userAgent?.length, 2048)
    assert.deepEqual(requestParameters, { repositoryName: 'app', imageManifest: 'm'.repeat(2048) })
  })

  test('a hundred long texts are left out, as CloudTrail leaves them out', async (t) => {
    const registry = await openRegistry(t)
    const repositoryNames = Array.from({ length: 100 }, () => 'n'.repeat(2048))
    await assert.rejects(registry.perform(describeRepositories, { repositoryNames }))
    const { requestParameters } = last(registry)
    const originalSize = JSON.stringify({ repositoryNames }).length
    assert.deepEqual(requestParameters, { omitted: true, originalSize })
  })
})

describe('the data plane', () => {
  test('is recorded through the same door, the streamed bytes of an upload as UploadLayerPart', async (t) => {
    const plane = await openApp(t, { auditLevel: 'changes' })
    const begun = await plane.send('POST', '/v2/app/blobs/uploads/')
    const location = new URL(begun.headers['location'] ?? '', 'http://localhost').pathname
    const uploadId = location.slice(location.lastIndexOf('/') + 1)
    await plane.send('PATCH', location, { body: 'bytes' })
    const [, , event] = plane.registry.audited
    assert.deepEqual(plain(event ?? assert.fail('no third event')), {
      eventVersion: '1.11',
      userIdentity: root,
      eventTime: '2026-11-21T12:00:00Z',
      eventSource: 'ecr.amazonaws.com',
      eventName: 'UploadLayerPart',
      awsRegion: 'us-east-1',
      sourceIPAddress: '127.0.0.1',
      requestParameters: { registryId: account, repositoryName: 'app', uploadId },
      responseElements: { uploadId, received: 5 },
      requestID: '00000000-0000-4000-8000-000000000000',
      readOnly: false,
      resources,
      eventType: 'AwsApiCall',
      recipientAccountId: account,
    })
    assert.deepEqual(
      plane.registry.audited.map(({ eventName }) => eventName),
      ['CreateRepository', 'InitiateLayerUpload', 'UploadLayerPart'],
    )
  })

  test('a denial before the first byte is one event', async (t) => {
    const plane = await openApp(t, { auditLevel: 'changes' })
    const begun = await plane.send('POST', '/v2/app/blobs/uploads/')
    const location = new URL(begun.headers['location'] ?? '', 'http://localhost').pathname
    await plane.send('PATCH', location, { body: 'bytes', as: otherAccount })
    const { eventName, errorCode, recipientAccountId, resources: its } = last(plane.registry)
    assert.deepEqual(
      [eventName, errorCode, recipientAccountId, its, plane.registry.audited.length],
      ['UploadLayerPart', 'AccessDeniedException', account, resources, 3],
    )
  })

  test('a chunk that does not follow is a change that failed, named and not quoted', async (t) => {
    const plane = await openApp(t, { auditLevel: 'changes' })
    const begun = await plane.send('POST', '/v2/app/blobs/uploads/')
    const location = new URL(begun.headers['location'] ?? '', 'http://localhost').pathname
    await plane.send('PATCH', location, { body: 'bytes', headers: { 'content-range': '5-9' } })
    const { eventName, errorCode, errorMessage, responseElements } = last(plane.registry)
    assert.deepEqual(
      [eventName, errorCode, errorMessage, responseElements],
      ['UploadLayerPart', 'UploadOffsetError', undefined, null],
    )
  })
})

test('every operation reads or changes by its name: one with another verb has to be thought of', () => {
  const changes =
    /^(?:BatchDelete|Add|Attach|Collect|Complete|Create|Delete|Detach|Initiate|Put|Remove|Restore|Revoke|Set|Tag|Untag|Update|Upload)[A-Z]/
  const names = [...privateOperations, ...publicOperations, ...adminOperations].map(({ name }) => name)
  assert.deepEqual(
    names.filter((name) => isReadOnly(name) === changes.test(name)),
    [],
  )
  assert.ok(names.some(isReadOnly))
})
