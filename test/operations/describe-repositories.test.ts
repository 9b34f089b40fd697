// DescribeRepositories: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeRepositories.html

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'

import type { Context } from '../../src/domain/context.ts'
import { describeRepositories } from '../../src/operations/private/describe-repositories.ts'
import { listImages } from '../../src/operations/private/list-images.ts'
import { createRepository } from '../../src/operations/private/create-repository.ts'
import { account, givenImage, givenRepository, otherAccount, region, rootOf } from '../support/registry.ts'
import { assertRefused, call, invalid, openRegistry, type Refusal, wrongType } from './calls.ts'
import { denied, repositoryNotFound } from './refusals.ts'

const registry = await openRegistry({ after })
const inOtherAccount = registry.ctx({ caller: rootOf(otherAccount) })
const inOtherRegion = registry.ctx({ region: 'eu-west-1' })
for (const name of ['b', 'a_b', 'c/d', 'axb', 'a/b'].map((end) => `app/${end}`)) await givenRepository(registry, name)
await registry.perform(createRepository, { repositoryName: 'theirs' }, inOtherAccount)
await registry.perform(createRepository, { repositoryName: 'far' }, inOtherRegion)
// In the order of their bytes.
const all = ['app/a/b', 'app/a_b', 'app/axb', 'app/b', 'app/c/d']

const ask = (json: unknown, ctx?: Context) => call(registry, describeRepositories, json, ctx)
const refuses = (json: unknown, refusal: Refusal, ctx?: Context) =>
  assertRefused(registry, describeRepositories, json, refusal, ctx)
const badToken = invalid('nextToken', 'Invalid token')

/** How a repository of the default settings is described. */
function described(name: string, accountId = account, inRegion = region): unknown {
  const host = `${accountId}.dkr.ecr.${inRegion}.localhost:4510`
  return {
    repositoryArn: `arn:aws:ecr:${inRegion}:${accountId}:repository/${name}`,
    registryId: accountId,
    repositoryName: name,
    repositoryUri: `${accountId === account && inRegion === region ? 'localhost:4510' : host}/${name}`,
    createdAt: Date.UTC(2026, 10, 21, 12) / 1000,
    imageTagMutability: 'MUTABLE',
    imageScanningConfiguration: { scanOnPush: false },
    encryptionConfiguration: { encryptionType: 'AES256' },
  }
}

/** The token of the page after the first `maxResults` repositories. */
async function tokenAfter(maxResults: number, ctx?: Context): Promise<string> {
  const { nextToken } = await registry.perform(describeRepositories, { maxResults }, ctx)
  return nextToken ?? assert.fail('there is no next page')
}

describe('all repositories', () => {
  test('in the order of their names, without a token', async () => {
    assert.deepEqual(await ask({}), { repositories: all.map((name) => described(name)) })
  })

  test("only those of the caller's account and region", async () => {
    assert.deepEqual(await ask({}, inOtherAccount), { repositories: [described('theirs', otherAccount)] })
    assert.deepEqual(await ask({}, inOtherRegion), { repositories: [described('far', account, 'eu-west-1')] })
    assert.deepEqual(await ask({}, registry.ctx({ region: 'us-west-2' })), { repositories: [] })
  })

  test('a registry id and nulls change nothing', async () => {
    const nulls = { repositoryNames: null, nextToken: null, maxResults: null }
    assert.deepEqual(await ask({ registryId: account, ...nulls }), await ask({}))
  })

  test('100 at a time', async (t) => {
    const many = await openRegistry(t)
    const names = Array.from({ length: 101 }, (_, at) => `r${String(at).padStart(3, '0')}`)
    for (const name of names) await givenRepository(many, name)
    const first = await many.perform(describeRepositories, {})
    assert.deepEqual(
      first.repositories?.map(({ repositoryName }) => repositoryName),
      names.slice(0, 100),
    )
    assert.deepEqual(await call(many, describeRepositories, { nextToken: first.nextToken }), {
      repositories: [described('r100')],
    })
  })
})

describe('by name', () => {
  test('in the order asked for, a repeated name once', async () => {
    assert.deepEqual(await ask({ repositoryNames: ['app/b', 'app/a/b', 'app/b'] }), {
      repositories: [described('app/b'), described('app/a/b')],
    })
  })

  test('one that is absent fails the whole call', () =>
    refuses({ repositoryNames: ['app/b', 'app/absent', 'app/gone'] }, repositoryNotFound('app/absent')))

  test('one of another region is absent, until one asks there', async () => {
    await refuses({ repositoryNames: ['far'] }, repositoryNotFound('far'))
    assert.deepEqual(await ask({ repositoryNames: ['far'] }, inOtherRegion), {
      repositories: [described('far', account, 'eu-west-1')],
    })
  })

  test('one of another account is absent', () => refuses({ repositoryNames: ['theirs'] }, repositoryNotFound('theirs')))

  test('J22 an underscore means itself', async () => {
    assert.deepEqual(await ask({ repositoryNames: ['app/a_b'] }), { repositories: [described('app/a_b')] })
    await refuses({ repositoryNames: ['app/a_'] }, badName(1))
    await refuses({ repositoryNames: ['app/_xb'] }, badName(1))
    await refuses({ repositoryNames: ['app/b', 'app/%'] }, badName(2))
    await refuses({ repositoryNames: ["app' or '1'='1"] }, badName(1))
    await refuses({ repositoryNames: ['app\\'] }, badName(1))
  })
})

describe('pages', () => {
  for (const maxResults of [1, 2, 3, 4, 5, 1000]) {
    test(`of ${maxResults}: each repository once, in order, no token after the last`, async () => {
      const names: (string | undefined)[] = []
      let nextToken: string | undefined
      let pages = 0
      do {
        const page = await registry.perform(describeRepositories, { maxResults, nextToken })
        names.push(...(page.repositories ?? []).map(({ repositoryName }) => repositoryName))
        nextToken = page.nextToken
        pages++
      } while (nextToken !== undefined)
      assert.deepEqual(names, all)
      assert.equal(pages, Math.ceil(all.length / maxResults))
    })
  }

  test('the next page may have another size', async () => {
    assert.deepEqual(await ask({ nextToken: await tokenAfter(2), maxResults: 1000 }), {
      repositories: all.slice(2).map((name) => described(name)),
    })
  })

  test('a repository made or removed between two pages moves none of the others', async (t) => {
    const changing = await openRegistry(t)
    for (const name of ['bb', 'dd', 'ff']) await givenRepository(changing, name)
    const { nextToken } = await changing.perform(describeRepositories, { maxResults: 2 })
    for (const name of ['aa', 'ee']) await givenRepository(changing, name)
    assert.deepEqual(await call(changing, describeRepositories, { nextToken }), {
      repositories: [described('ee'), described('ff')],
    })
  })

  test('a token does not show where it points', async () => {
    const token = await tokenAfter(1)
    assert.match(token, /^[\w-]+$/)
    assert.ok(!Buffer.from(token, 'base64url').toString('latin1').includes('app'))
  })
})

describe('constraints', () => {
  for (const { what, json, refusal } of [
    { what: 'no names', json: { repositoryNames: [] }, refusal: length('greater', 1) },
    {
      what: '101 names',
      json: { repositoryNames: Array.from({ length: 101 }, () => 'aa') },
      refusal: length('less', 100),
    },
    { what: 'a bad name among good ones', json: { repositoryNames: ['aa', 'A', 'bb'] }, refusal: tooShort(2) },
    { what: 'an upper-case name', json: { repositoryNames: ['aa', 'bb', 'Cc'] }, refusal: badName(3) },
    {
      what: 'J9 a registry id of 11 digits',
      json: { registryId: '12345678901' },
      refusal: invalid('registryId', "must satisfy regular expression '[0-9]{12}'"),
    },
    { what: 'J13 maxResults 0', json: { maxResults: 0 }, refusal: range('greater', 1) },
    { what: 'J13 maxResults -0', json: { maxResults: -0 }, refusal: range('greater', 1) },
    { what: 'J13 maxResults -1', json: { maxResults: -1 }, refusal: range('greater', 1) },
    { what: 'J13 maxResults 1001', json: { maxResults: 1001 }, refusal: range('less', 1000) },
    { what: 'J13 maxResults "10"', json: { maxResults: '10' }, refusal: wrongType('maxResults must be a number') },
    { what: 'J13 maxResults 1.5', json: { maxResults: 1.5 }, refusal: wrongType('maxResults must be a whole number') },
    {
      what: 'names and a page size',
      json: { repositoryNames: ['app/b'], maxResults: 10 },
      refusal: invalid('maxResults', 'must be null when repositoryNames is specified'),
    },
    {
      what: 'names and a token',
      json: { repositoryNames: ['app/b'], nextToken: 'x', maxResults: 10 },
      refusal: invalid('nextToken', 'must be null when repositoryNames is specified'),
    },
    {
      what: 'a name that is no string',
      json: { repositoryNames: [1] },
      refusal: wrongType('repositoryNames.1 must be a string'),
    },
    {
      what: 'a string for the names',
      json: { repositoryNames: 'aa' },
      refusal: wrongType('repositoryNames must be a list'),
    },
    { what: 'a token that is no string', json: { nextToken: {} }, refusal: wrongType('nextToken must be a string') },
  ]) {
    test(`${what}: ${refusal.name}`, () => refuses(json, refusal))
  }
})

describe('J13 a token is good for nothing but the rest of its own listing', () => {
  for (const [what, nextToken] of [
    ['empty', ''],
    ['a word', 'forged'],
    ['a position in base64', Buffer.from(JSON.stringify(['app/a_b'])).toString('base64url')],
    ['zero bytes of the right length', Buffer.alloc(60).toString('base64url')],
    ['one MiB', 'A'.repeat(1024 * 1024)],
    ['not ASCII', '\u{1f511}'.repeat(20)],
  ] as const) {
    test(`${what}: Invalid token`, () => refuses({ nextToken }, badToken))
  }

  test('one with any byte changed', async () => {
    const token = Buffer.from(await tokenAfter(1), 'base64url')
    for (const at of token.keys()) {
      const changed = Buffer.from(token)
      changed.writeUInt8(token.readUInt8(at) ^ 1, at)
      await refuses({ nextToken: changed.toString('base64url') }, badToken)
    }
    await refuses({ nextToken: token.subarray(0, -1).toString('base64url') }, badToken)
    await refuses({ nextToken: Buffer.concat([token, Buffer.of(0)]).toString('base64url') }, badToken)
  })

  test('one of another operation', async () => {
    await givenImage(registry, 'app/b', 'one', 'first')
    await givenImage(registry, 'app/b', 'two', 'second')
    const { nextToken } = await registry.perform(listImages, { repositoryName: 'app/b', maxResults: 1 })
    assert.ok(nextToken)
    await refuses({ nextToken }, badToken)
  })

  test('one of another principal, of the same or another account', async () => {
    const nextToken = await tokenAfter(1)
    await refuses({ nextToken }, badToken, inOtherAccount)
    const deployer = { ...rootOf(account), arn: `arn:aws:iam::${account}:user/deployer`, userId: 'AIDADEPLOYER' }
    await refuses({ nextToken }, badToken, registry.ctx({ caller: deployer }))
  })

  test('one of another region', async () => {
    await refuses({ nextToken: await tokenAfter(1) }, badToken, inOtherRegion)
  })

  test('one of another server', async (t) => {
    const other = await openRegistry(t)
    other.services.secrets.pageKey.fill(9)
    await assertRefused(other, describeRepositories, { nextToken: await tokenAfter(1) }, badToken)
  })

  test('one that is older than a day, and not one that is as old as that', async (t) => {
    const aging = await openRegistry(t)
    for (const name of ['aa', 'bb']) await givenRepository(aging, name)
    const { nextToken } = await aging.perform(describeRepositories, { maxResults: 1 })
    aging.advance(24 * 60 * 60 * 1000)
    assert.deepEqual(await call(aging, describeRepositories, { nextToken }), { repositories: [described('bb')] })
    aging.advance(1)
    await assertRefused(aging, describeRepositories, { nextToken }, badToken)
  })
})

test("J9 another account's repositories: AccessDeniedException, whatever is asked of them", async () => {
  const refusal = denied(account, 'ecr:DescribeRepositories', `arn:aws:ecr:us-east-1:${otherAccount}:repository/*`)
  for (const more of [{}, { repositoryNames: ['theirs'] }, { repositoryNames: ['absent'] }, { nextToken: 'x' }]) {
    await refuses({ registryId: otherAccount, ...more }, refusal)
  }
})

function length(side: 'greater' | 'less', limit: number): Refusal {
  return invalid('repositoryNames', `must have length ${side} than or equal to ${limit}`)
}

function range(side: 'greater' | 'less', limit: number): Refusal {
  return invalid('maxResults', `Member must have value ${side} than or equal to ${limit}`)
}

function tooShort(position: number): Refusal {
  return invalid(`repositoryNames.${position}.member`, 'must have length greater than or equal to 2')
}

function badName(position: number): Refusal {
  const pattern = '(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*'
  return invalid(`repositoryNames.${position}.member`, `must satisfy regular expression '${pattern}'`)
}
