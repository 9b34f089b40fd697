// A running Stowage with the users, the role and the repositories of the sample policies, as an operator and a root would set them up.

import { before } from 'node:test'

import {
  CreateRepositoryCommand,
  ECRClient,
  GetAuthorizationTokenCommand,
  SetRepositoryPolicyCommand,
} from '@aws-sdk/client-ecr'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'

import { openAdminCall, type AdminCall } from '../../src/cli/admin/admin-call.ts'
import { attachPolicy } from '../../src/operations/admin/identities/attach-policy.ts'
import { createAccessKey } from '../../src/operations/admin/identities/create-access-key.ts'
import { createPolicy } from '../../src/operations/admin/identities/create-policy.ts'
import { createRole } from '../../src/operations/admin/identities/create-role.ts'
import { createUser } from '../../src/operations/admin/identities/create-user.ts'
import { putAccount } from '../../src/operations/admin/identities/put-account.ts'
import { putInlinePolicy } from '../../src/operations/admin/identities/put-inline-policy.ts'
import { makeImage, type TestImage } from '../support/image-layout.ts'
import type { Stowage } from '../support/stowage.ts'
import { pushImage } from './images.ts'
import type { PolicyDocument } from './sample-policies.ts'
import {
  account,
  otherAccount,
  region,
  repositories,
  role,
  type SampleCaller,
  type SampleRepository,
  type SampleUser,
  session,
  users,
} from './sample-rights.ts'
import { type ClientSetting, useStowage } from './setting.ts'

export interface Key {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

export interface SampleSetting {
  readonly setting: ClientSetting
  readonly admin: () => AdminCall
  readonly keyOf: (who: SampleCaller) => Key
  /** What an AWS client needs in its environment to be somebody. */
  readonly envOf: (who: SampleCaller) => Readonly<Record<string, string>>
  /** What a docker client logs in with; rejects when the caller may not have one. */
  readonly passwordOf: (who: SampleCaller) => Promise<string>
}

/** The image of each repository, `v1`: no two have a layer in common, so that the first pull of each takes every byte. */
export const imageIn = (repository: string): TestImage => makeImage({ seed: repository, layerBytes: [3000, 1000] })

/** To be called inside `describe`. Every user and every repository is there when the first test runs. */
export function useSamples(): SampleSetting {
  const setting = useStowage({ args: ['--account', account] })
  const keys = new Map<SampleCaller, Key>()
  let admin: AdminCall | undefined
  const keyOf = (who: SampleCaller): Key => keys.get(who) ?? missing(who)
  before(async () => {
    const { stowage } = setting
    admin = openAdminCall(stowage.dataDir)
    await admin.call(putAccount, { accountId: otherAccount })
    for (const user of users) keys.set(user.name, await makeUser(admin, user))
    keys.set(session, await openSession(admin, stowage, keyOf('admin-user')))
    for (const [name, repository] of Object.entries(repositories)) await makeRepository(stowage, name, repository)
  })
  return {
    setting,
    admin: () => admin ?? missing('the admin'),
    keyOf,
    envOf: (who) => {
      const { accessKeyId, secretAccessKey, sessionToken } = keyOf(who)
      const token = sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: sessionToken }
      return { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, ...token }
    },
    passwordOf: (who) => passwordOf(setting.stowage, keyOf(who)),
  }
}

/** A user with a key, and its policy as a managed policy of its account. */
async function makeUser({ call }: AdminCall, { name, accountId, policy }: SampleUser): Promise<Key> {
  await call(createUser, { accountId, userName: name })
  if (policy) {
    const made = await call(createPolicy, { accountId, policyName: name, policyDocument: textOf(policy) })
    const policyArn = made.policy.policyArn
    await call(attachPolicy, { accountId, identityType: 'user', identityName: name, policyArn })
  }
  const { accessKey, secretAccessKey } = await call(createAccessKey, { accountId, userName: name })
  return { accessKeyId: accessKey.accessKeyId, secretAccessKey }
}

/** A session of the role, which trusts the account; `opener` gets the right to open it. */
async function openSession({ call }: AdminCall, { origin }: Stowage, opener: Key): Promise<Key> {
  const trust = { Effect: 'Allow', Principal: { AWS: account }, Action: 'sts:AssumeRole' }
  const assumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: trust })
  await call(createRole, { accountId: account, roleName: role.name, assumeRolePolicyDocument })
  const put = (identityType: 'user' | 'role', identityName: string, policyDocument: string) =>
    call(putInlinePolicy, { accountId: account, identityType, identityName, policyName: 'own', policyDocument })
  await put('role', role.name, textOf(role.policy))
  const open = { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: role.arn }
  await put('user', 'admin-user', JSON.stringify({ Version: '2012-10-17', Statement: open }))
  const sts = new STSClient({ endpoint: origin, region, credentials: opener, maxAttempts: 1 })
  try {
    const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn: role.arn, RoleSessionName: 'client' }))
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {}
    return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken }
  } finally {
    sts.destroy()
  }
}

async function makeRepository({ ecr }: Stowage, repositoryName: string, { policy, tags = {} }: SampleRepository) {
  const list = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
  await ecr.send(new CreateRepositoryCommand({ repositoryName, tags: list }))
  await pushImage(ecr, repositoryName, imageIn(repositoryName), 'v1')
  if (!policy) return
  // Some of the samples lock out whoever puts them.
  await ecr.send(new SetRepositoryPolicyCommand({ repositoryName, policyText: textOf(policy), force: true }))
}

async function passwordOf({ origin }: Stowage, credentials: Key): Promise<string> {
  const ecr = new ECRClient({ endpoint: origin, region, credentials, maxAttempts: 1 })
  try {
    const { authorizationData } = await ecr.send(new GetAuthorizationTokenCommand({}))
    const token = authorizationData?.[0]?.authorizationToken ?? missing('the token')
    return Buffer.from(token, 'base64').toString().slice('AWS:'.length)
  } finally {
    ecr.destroy()
  }
}

const textOf = (policy: PolicyDocument): string => JSON.stringify(policy)

function missing(what: string): never {
  throw new Error(`${what} is not there`)
}
