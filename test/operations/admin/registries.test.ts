// The operator's operations on public registries: CreateRegistryAlias, PutRegistryAliasStatus, PutPrimaryRegistryAlias, DeleteRegistryAlias,
// PutPublicRegistry, DescribePublicRegistries.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { createRegistryAlias } from '../../../src/operations/admin/create-registry-alias.ts'
import { deleteRegistryAlias } from '../../../src/operations/admin/delete-registry-alias.ts'
import { describePublicRegistries } from '../../../src/operations/admin/describe-public-registries.ts'
import { adminOperations } from '../../../src/operations/admin/index.ts'
import { putPrimaryRegistryAlias } from '../../../src/operations/admin/put-primary-registry-alias.ts'
import { putPublicRegistry } from '../../../src/operations/admin/put-public-registry.ts'
import { putRegistryAliasStatus } from '../../../src/operations/admin/put-registry-alias-status.ts'
import { describeRegistries } from '../../../src/operations/public/describe-registries.ts'
import { describeRepositories } from '../../../src/operations/public/describe-repositories.ts'
import { initiateLayerUpload } from '../../../src/operations/public/initiate-layer-upload.ts'
import { account, otherAccount, region } from '../../support/registry.ts'
import { openPublic, type Input, type PublicRegistry } from '../public/calls.ts'

const unusable = (alias: string, reason: string) => ({
  name: 'InvalidRegistryAliasException',
  message: `The alias '${alias}' can not be used so: ${reason}`,
})

const addressOf = async ({ call }: PublicRegistry): Promise<unknown> => {
  const { repositories } = await call(describeRepositories, {})
  assert.ok(Array.isArray(repositories))
  const [first]: readonly Input[] = repositories
  return first?.['repositoryUri']
}

const aliasNames = async ({ call }: PublicRegistry): Promise<readonly string[]> => {
  const { registries } = await call(describeRegistries, {})
  assert.ok(Array.isArray(registries))
  const [own]: readonly { readonly aliases: readonly { readonly name: string; readonly status: string }[] }[] =
    registries
  return own?.aliases.map(({ name, status }) => `${name} ${status}`) ?? []
}

describe('aliases', () => {
  test('one more, then the primary one: addresses are printed with it, and the issued one still leads there', async (t) => {
    const open = await openPublic(t)
    const { registry, call, given } = open
    await given('app')
    const issued = await open.alias()
    registry.advance(1000)
    const { registryAlias: added } = await call(createRegistryAlias, { registryId: account, name: 'team-blue' })
    assert.deepEqual(added, {
      name: 'team-blue',
      registryId: account,
      status: 'ACTIVE',
      primaryRegistryAlias: false,
      defaultRegistryAlias: false,
      createdAt: registry.services.clock.now() / 1000,
    })
    assert.equal(await addressOf(open), `localhost:4511/${issued}/app`)
    await call(putPrimaryRegistryAlias, { name: 'team-blue' })
    assert.equal(await addressOf(open), 'localhost:4511/team-blue/app')
    for (const alias of [issued, 'team-blue']) {
      assert.ok((await call(initiateLayerUpload, { registryId: alias, repositoryName: 'app' }))['uploadId'])
    }
    await open.refused(
      deleteRegistryAlias,
      { name: 'team-blue' },
      unusable('team-blue', 'it is the primary one: make another one primary first'),
    )
    await call(putPrimaryRegistryAlias, { name: issued })
    assert.equal(await addressOf(open), `localhost:4511/${issued}/app`)
    await call(deleteRegistryAlias, { name: 'team-blue' })
    assert.deepEqual(await aliasNames(open), [`${issued} ACTIVE`])
  })

  test('one that is wanted leads nowhere until it is approved, and no longer once it is rejected', async (t) => {
    const open = await openPublic(t)
    const { registry, call, given, refused } = open
    await given('app')
    registry.advance(1000)
    const ask = { registryId: 'wanted', repositoryName: 'app' }
    const leadsNowhere = () =>
      refused(initiateLayerUpload, ask, {
        name: 'RegistryNotFoundException',
        message: "The registry with id 'wanted' does not exist",
      })
    await call(createRegistryAlias, { registryId: account, name: 'wanted', status: 'PENDING' })
    await leadsNowhere()
    await refused(putPrimaryRegistryAlias, { name: 'wanted' }, unusable('wanted', 'it is PENDING, not ACTIVE'))
    await call(putRegistryAliasStatus, { name: 'wanted', status: 'ACTIVE' })
    assert.ok((await call(initiateLayerUpload, ask))['uploadId'])
    await call(putRegistryAliasStatus, { name: 'wanted', status: 'REJECTED' })
    await leadsNowhere()
    const issued = await open.alias()
    assert.deepEqual(await aliasNames(open), [`${issued} ACTIVE`, 'wanted REJECTED'])
  })

  test('the issued one and the primary one stay', async (t) => {
    const open = await openPublic(t)
    const { registry, call, given, refused } = open
    await given('app')
    const issued = await open.alias()
    registry.advance(1000)
    await refused(deleteRegistryAlias, { name: issued }, unusable(issued, 'the service issued it'))
    await refused(
      putRegistryAliasStatus,
      { name: issued, status: 'REJECTED' },
      unusable(issued, 'the service issued it'),
    )
    await call(createRegistryAlias, { registryId: account, name: 'mine' })
    await call(putPrimaryRegistryAlias, { name: 'mine' })
    const isPrimary = unusable('mine', 'it is the primary one: make another one primary first')
    await refused(putRegistryAliasStatus, { name: 'mine', status: 'PENDING' }, isPrimary)
    assert.deepEqual(await aliasNames(open), [`${issued} ACTIVE`, 'mine ACTIVE'])
  })

  test('a name belongs to one registry', async (t) => {
    const { call, refused } = await openPublic(t)
    await call(createRegistryAlias, { registryId: account, name: 'mine' })
    const taken = { name: 'RegistryAliasAlreadyExistsException', message: "The alias 'mine' is in use already" }
    for (const registryId of [account, otherAccount]) {
      await refused(createRegistryAlias, { registryId, name: 'mine' }, taken)
    }
    // Refused as a whole: the other account has no registry yet.
    const { registries } = await call(describePublicRegistries, {})
    assert.deepEqual(Array.isArray(registries) && registries.map((each: Input) => each['registryId']), [account])
  })

  test('a name that nobody has', async (t) => {
    const { refused } = await openPublic(t)
    const unknown = { name: 'RegistryAliasNotFoundException', message: "There is no alias 'nobody'" }
    await refused(deleteRegistryAlias, { name: 'nobody' }, unknown)
    await refused(putPrimaryRegistryAlias, { name: 'nobody' }, unknown)
    await refused(putRegistryAliasStatus, { name: 'nobody', status: 'ACTIVE' }, unknown)
  })

  test('names that AWS keeps to itself or thinks too generic are for an operator who insists; those of our addresses for nobody', async (t) => {
    const { call, refused } = await openPublic(t)
    const give = (name: string, allowReserved?: boolean) => ({ registryId: account, name, allowReserved })
    for (const [name, reason] of [
      ['aws', '"aws" is a name of AWS or of one of its services'],
      ['my-aws-tools', '"aws" is a name of AWS or of one of its services'],
      ['team.ecr', '"ecr" is a name of AWS or of one of its services'],
      ['docker', 'it is a generic word'],
      ['marketplace', 'it is a generic word'],
    ] as const) {
      await refused(createRegistryAlias, give(name), unusable(name, reason))
      await call(createRegistryAlias, give(name, true))
    }
    for (const name of ['v2', 'token', 'logo', 'healthz']) {
      for (const insists of [false, true])
        await refused(
          createRegistryAlias,
          give(name, insists),
          unusable(name, 'the server uses this word in its own addresses'),
        )
    }
    // Only whole words are names of AWS.
    for (const name of ['dawson', 'awsome', 'docker-tools']) await call(createRegistryAlias, give(name))
  })

  test('what is no alias at all', async (t) => {
    const { refused } = await openPublic(t)
    for (const name of ['a', 'A1', '1team', 'a--b', 'a/b', '-a', 'a'.repeat(51), '', '../x', 'a b', 'å1']) {
      const outcome = await refused(
        createRegistryAlias,
        { registryId: account, name },
        { name: 'InvalidParameterException', message: '' },
      ).then(
        () => 'refused',
        (error: unknown) => String(error),
      )
      assert.match(outcome, /Invalid parameter at 'name'/)
    }
  })
})

describe('what the operator says of a registry', () => {
  test('verified and the name shown are set each for itself', async (t) => {
    const { call } = await openPublic(t)
    const first = await call(putPublicRegistry, { registryId: account, verified: true })
    const second = await call(putPublicRegistry, { registryId: account, displayName: 'Team Blue' })
    const { aliases } = second['registry'] as Input
    assert.deepEqual(first, { registry: { registryId: account, verified: true, aliases } })
    assert.deepEqual(second, { registry: { registryId: account, displayName: 'Team Blue', verified: true, aliases } })
    const third = await call(putPublicRegistry, { registryId: account, verified: false, displayName: '' })
    assert.deepEqual(third, { registry: { registryId: account, verified: false, aliases } })
    const shown = await call(describeRegistries, {})
    assert.match(JSON.stringify(shown), /"verified":false/)
  })

  test('all registries, page by page', async (t) => {
    const { call } = await openPublic(t)
    const accounts = ['111111111111', account, '444444444444']
    for (const registryId of accounts) await call(putPublicRegistry, { registryId, verified: true })
    const seen: unknown[] = []
    let nextToken: unknown
    do {
      const page = await call(describePublicRegistries, {
        maxResults: 1,
        ...(nextToken === undefined ? {} : { nextToken }),
      })
      assert.ok(Array.isArray(page['registries']) && page['registries'].length === 1)
      seen.push(...page['registries'].map((each: Input) => each['registryId']))
      nextToken = page['nextToken']
    } while (nextToken !== undefined)
    assert.deepEqual(seen, accounts)
  })
})

test('every operation is for the account that runs the server, and for no other', async (t) => {
  const { refused, ctx } = await openPublic(t)
  const inputs: Readonly<Record<string, Input>> = {
    CreateRegistryAlias: { registryId: otherAccount, name: 'mine' },
    DeleteRegistryAlias: { name: 'mine' },
    DescribePublicRegistries: {},
    PutPrimaryRegistryAlias: { name: 'mine' },
    PutPublicRegistry: { registryId: otherAccount, verified: true },
    PutRegistryAliasStatus: { name: 'mine', status: 'ACTIVE' },
  }
  for (const operation of adminOperations) {
    const resource = `arn:aws:stowage:${region}:${account}:server`
    const { action, anyone } = operation.allow
    const asked = await operation.allow.resource(ctx(otherAccount), {})
    assert.deepEqual(
      { action, anyone, asked },
      { action: `stowage:${operation.name}`, anyone: undefined, asked: resource },
    )
    const input = inputs[operation.name]
    if (!input) continue
    const message = `User: arn:aws:iam::${otherAccount}:root is not authorized to perform: ${action} on resource: ${resource} because no resource-based policy allows the ${action} action`
    await refused(operation, input, { name: 'AccessDeniedException', message }, ctx(otherAccount))
  }
})
