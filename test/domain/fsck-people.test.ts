// fsck on what is about people: the gallery that they search, and the identities that they are. Each damage is found, named, and nothing else is.

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'

import { createAccessKey } from '../../src/domain/identities/access-keys.ts'
import { addUserToGroup } from '../../src/domain/identities/group-members.ts'
import { putInlinePolicy } from '../../src/domain/identities/inline-policies.ts'
import { attachPolicy, createPolicy } from '../../src/domain/identities/managed-policies.ts'
import { createIdentity } from '../../src/domain/identities/users-groups-roles.ts'
import type { IdentityType } from '../../src/domain/ports/identities.ts'
import { addAlias, describePublicly } from '../../src/domain/public/aliases.ts'
import { putRepositoryCatalogData } from '../../src/operations/public/put-repository-catalog-data.ts'
import { linesOf, runFsck } from '../support/fsck.ts'
import { account, otherAccount } from '../support/registry.ts'
import { tamper } from '../support/damage.ts'
import { givenPublicImage } from '../operations/public/images.ts'
import { openPublic } from '../operations/public/calls.ts'

const allow = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'ecr:*', Resource: '*' }],
})
const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: 'sts:AssumeRole' }],
})

describe('fsck on the gallery', () => {
  const opened = openPublic({ after })
  const repositories = ['word', 'more', 'card', 'hidden', 'shown', 'downloads', 'verified', 'unreadable', 'fine']

  test('finds what it shows wrongly, and makes it anew', async () => {
    const open = await opened
    const { registry, call } = open
    await open.given(...repositories, 'empty')
    for (const name of repositories) await givenPublicImage(open, name, 'v1', name)
    const catalogData = { description: 'a thing to find', architectures: ['ARM'], operatingSystems: ['Linux'] }
    for (const repositoryName of ['card', 'fine', 'unreadable'])
      await call(putRepositoryCatalogData, { repositoryName, catalogData })
    const name = 'another-name'
    await addAlias(registry.ctx(), { name, accountId: account, status: 'ACTIVE', allowReserved: false })
    await describePublicly(registry.ctx(), account, { verified: true, displayName: 'An account' })
    assert.deepEqual((await runFsck(registry)).findings, [])

    const damage = (statement: string, ...values: string[]) => tamper(registry.directory, statement, ...values)
    const numberOf = `(select number from gallery_repository where name = ?)`
    await damage(`delete from gallery_word where word = 'another-name/word'`)
    await damage(`insert into gallery_word values ('stolen', ${numberOf}, '')`, 'more')
    await damage(`update gallery_repository set card = '{}', architectures = 0 where name = 'card'`)
    await damage(`update gallery_repository set listed = 0 where name = 'hidden'`)
    await damage(
      `insert into gallery_repository select 1000, id, account_id, name, 1, 1, 0, 0, 0, 0, '{}' from repository where name = 'empty'`,
    )
    await damage(`delete from gallery_word where number = ${numberOf}`, 'shown')
    await damage(`delete from gallery_repository where name = 'shown'`)
    await damage(`update gallery_repository set negative_downloads = 7 where name = 'downloads'`)
    await damage(`update gallery_repository set verified = 0 where name = 'verified'`)
    await damage(
      `update catalog_data set data = '{' where repository_id = (select id from repository where name = 'unreadable')`,
    )
    const { findings } = await runFsck(registry)
    const inGallery = (which: string) => `gallery-entry ${account}/${which}`
    const wrong = ['word', 'more', 'card', 'hidden', 'empty', 'shown', 'downloads', 'verified'].map(inGallery)
    const unreadable = `document-unreadable ${account}/unreadable`
    assert.deepEqual(linesOf(findings), [...wrong, unreadable].toSorted())
    const details = new Map(findings.map(({ subject, detail }) => [subject.split('/')[1], detail]))
    assert.deepEqual(Object.fromEntries(details), {
      word: '1 of its words are missing or too many',
      more: '1 of its words are missing or too many',
      card: 'the column architectures is wrong, the column card is wrong',
      hidden: 'the column listed is wrong',
      empty: 'it is shown',
      shown: 'it is not shown',
      downloads: 'its downloads are fewer than none',
      verified: 'the column verified is wrong',
      unreadable: 'catalog data',
    })
    await runFsck(registry, { repair: true })
    assert.deepEqual(linesOf((await runFsck(registry)).findings), [unreadable])
    await damage(`update registry_alias set is_primary = 1, status = 'PENDING' where name = ?`, name)
    const [alias, ...others] = (await runFsck(registry)).findings.filter(({ kind }) => kind === 'registry-alias')
    assert.deepEqual(
      [alias?.subject, alias?.detail, others],
      [
        `public registry ${account}`,
        '2 of its aliases are the primary one, another-name is primary and not active',
        [],
      ],
    )
  })
})

describe('fsck on identities', () => {
  const opened = openPublic({ after })

  test('finds what contradicts itself, and what leads nowhere', async () => {
    const { registry } = await opened
    const ctx = registry.ctx()
    const make = (type: IdentityType, name: string, accountId = account) =>
      createIdentity(ctx, {
        accountId,
        type,
        name,
        path: '/',
        ...(type === 'role' && { role: { trustPolicy: trust, maxSessionSeconds: 3600 } }),
      })
    const ids = new Map<string, string>()
    for (const name of ['alice', 'bob', 'carol', 'dave', 'erin']) ids.set(name, (await make('user', name)).id)
    for (const name of ['makers', 'readers', 'movers']) ids.set(name, (await make('group', name)).id)
    for (const name of ['deployer', 'runner', 'walker']) ids.set(name, (await make('role', name)).id)
    ids.set('stranger', (await make('user', 'stranger', otherAccount)).id)
    for (const [userName, groupName] of [
      ['alice', 'makers'],
      ['bob', 'readers'],
      ['carol', 'movers'],
    ] as const)
      await addUserToGroup(ctx, { accountId: account, userName, groupName })
    const policyOf = (name: string, accountId = account) =>
      createPolicy(ctx, { accountId, name, path: '/', document: allow })
    const policy = await policyOf('everything')
    await policyOf('broken')
    const foreign = await policyOf('foreign', otherAccount)
    const alice = { accountId: account, type: 'user', name: 'alice' } as const
    await attachPolicy(ctx, alice, `arn:aws:iam::${account}:policy/everything`)
    await putInlinePolicy(ctx, alice, 'own', allow)
    const key = async (name: string) => (await createAccessKey(ctx, account, name)).key.accessKeyId
    const keys = { alice: await key('alice'), dave: await key('dave') }
    assert.deepEqual((await runFsck(registry)).findings, [])

    const id = (name: string) => ids.get(name) ?? assert.fail(name)
    const damage = (statement: string, ...values: string[]) => tamper(registry.directory, statement, ...values)
    await damage(`update group_member set user_id = ? where group_id = ?`, id('deployer'), id('makers'))
    await damage(`update group_member set user_id = ? where group_id = ?`, id('stranger'), id('readers'))
    await damage(`update group_member set user_id = 'AIDANOBODY' where group_id = ?`, id('movers'))
    await damage(`update access_key set user_id = ? where access_key_id = ?`, id('makers'), keys.alice)
    await damage(`update access_key set user_id = 'AIDANOBODY' where access_key_id = ?`, keys.dave)
    await damage(`update iam_identity set account_id = '999999999999' where id = ?`, id('bob'))
    await damage(`update iam_identity set trust_policy = '{}' where id = ?`, id('runner'))
    await damage(`update iam_identity set max_session_seconds = null where id = ?`, id('walker'))
    await damage(`update iam_identity set trust_policy = ? where id = ?`, trust, id('erin'))
    await damage(`update iam_identity set boundary_id = ? where id = ?`, foreign.id, id('carol'))
    await damage(`update policy_attachment set policy_id = ? where identity_id = ?`, foreign.id, id('alice'))
    await damage(`update managed_policy set document = 'nothing' where name = 'broken'`)
    await damage(`update inline_policy set document = ? where name = 'own'`, trust)
    const { findings } = await runFsck(registry, { repair: true })
    assert.deepEqual(
      findings
        .map(({ kind, subject, detail, repaired }) => `${kind} ${subject}: ${detail}${repaired ? '!' : ''}`)
        .toSorted(),
      [
        `identity-row ${account}/group/makers: its member deployer is a role`,
        `identity-row ${account}/group/readers: its member stranger is of another account`,
        `identity-row ${account}/policy/broken: it can not be understood`,
        `identity-row ${account}/role/runner: its trust policy is missing or can not be understood: nobody can assume it`,
        `identity-row ${account}/role/walker: it has no longest session`,
        `identity-row ${account}/user/alice/own: the policy can not be understood`,
        `identity-row ${account}/user/alice: the policy foreign attached to it is of another account`,
        `identity-row ${account}/user/carol: its permissions boundary is of another account`,
        `identity-row ${account}/user/erin: it has what only roles have`,
        `identity-row access key ${keys.alice}: it is of a group, not of a user`,
        `row-dangling access_key (access_key_id ${keys.dave}): no such iam_identity`,
        `row-dangling group_member (group_id ${id('movers')}, user_id AIDANOBODY): no such iam_identity`,
        `row-dangling iam_identity (id ${id('bob')}): no such account`,
      ].toSorted(),
    )
    assert.ok(policy.id)
    await damage(`update iam_identity set tags = '[' where id = ?`, id('dave'))
    const [unreadable] = (await runFsck(registry)).findings.filter(
      ({ subject }) => subject === 'users, groups and roles',
    )
    assert.match(unreadable?.detail ?? '', /^the tags of one of them are not JSON: /)
  })
})
