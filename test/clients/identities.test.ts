// Users by real clients of a real server: the AWS SDK signs with a user's key, docker's password is made with it, and both follow what the
// operator changes (rows T6, S25).

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'

import {
  CreateRepositoryCommand,
  DescribeRepositoriesCommand,
  ECRClient,
  GetAuthorizationTokenCommand,
} from '@aws-sdk/client-ecr'

import { openAdminCall, type AdminCall } from '../../src/cli/admin/admin-call.ts'
import { createAccessKey } from '../../src/operations/admin/identities/create-access-key.ts'
import { createUser } from '../../src/operations/admin/identities/create-user.ts'
import { putInlinePolicy } from '../../src/operations/admin/identities/put-inline-policy.ts'
import { updateAccessKey } from '../../src/operations/admin/identities/update-access-key.ts'
import { startStowage, type Stowage } from '../support/stowage.ts'

describe('a user of a real server', () => {
  let server: Stowage | undefined
  let admin: AdminCall | undefined
  let ecr: ECRClient | undefined
  before(async () => {
    server = await startStowage()
    admin = openAdminCall(server.dataDir)
  })
  after(async () => {
    ecr?.destroy()
    await server?.remove()
  })

  test('what it may do and whether it is known follow each change', async () => {
    assert.ok(server && admin)
    const { account: accountId, call } = admin
    await server.ecr.send(new CreateRepositoryCommand({ repositoryName: 'app' }))
    await call(createUser, { accountId, userName: 'ann' })
    const { accessKey, secretAccessKey } = await call(createAccessKey, { accountId, userName: 'ann' })
    const { accessKeyId } = accessKey
    const region = server.env['AWS_REGION'] ?? ''
    const credentials = { accessKeyId, secretAccessKey }
    const client = new ECRClient({ endpoint: server.origin, region, credentials, maxAttempts: 1 })
    ecr = client
    const describeRepositories = () => client.send(new DescribeRepositoriesCommand({}))
    await assert.rejects(describeRepositories(), { name: 'AccessDeniedException' })
    const allow = (...Action: readonly string[]) =>
      call(putInlinePolicy, {
        accountId,
        identityType: 'user',
        identityName: 'ann',
        policyName: 'own',
        policyDocument: JSON.stringify({
          Version: '2012-10-17',
          Statement: { Effect: 'Allow', Action, Resource: '*' },
        }),
      })
    await allow('ecr:GetAuthorizationToken', 'ecr:DescribeRepositories', 'ecr:InitiateLayerUpload')
    assert.equal((await describeRepositories()).repositories?.length, 1)
    const { authorizationData } = await client.send(new GetAuthorizationTokenCommand({}))
    const headers = { authorization: `Basic ${authorizationData?.[0]?.authorizationToken ?? ''}` }
    const push = async () => {
      const answer = await fetch(`${server?.origin}/v2/app/blobs/uploads/`, { method: 'POST', headers })
      await answer.body?.cancel()
      return answer.status
    }
    assert.equal(await push(), 202)
    await allow('ecr:GetAuthorizationToken', 'ecr:DescribeRepositories')
    assert.equal(await push(), 403)
    await call(updateAccessKey, { accessKeyId, status: 'Inactive' })
    assert.equal(await push(), 401)
    await assert.rejects(describeRepositories(), { name: 'UnrecognizedClientException' })
    await call(updateAccessKey, { accessKeyId, status: 'Active' })
    assert.equal(await push(), 403)
    await server.stop()
    await server.restart()
    assert.equal((await describeRepositories()).repositories?.length, 1)
    // Row S25: nowhere in the data directory, whatever was written meanwhile.
    const files = readdirSync(server.dataDir, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    )
    const holding = (text: string) =>
      files.filter((entry) => readFileSync(join(entry.parentPath, entry.name)).includes(text)).map(({ name }) => name)
    assert.deepEqual(holding(secretAccessKey), [])
    assert.ok(holding(accessKeyId).length > 0)
  })
})
