// Public operations as their clients see them: JSON in, JSON out, and each refusal compared whole.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { deflateSync, crc32 } from 'node:zlib'

import type { Context, Limits } from '../../../src/domain/context.ts'
import { EcrError } from '../../../src/model/errors.ts'
import { decode, encode } from '../../../src/model/wire.ts'
import type { Operation } from '../../../src/operations/operation.ts'
import { createRepository } from '../../../src/operations/public/create-repository.ts'
import { account, openTestRegistry, otherAccount, rootOf, type TestRegistry } from '../../support/registry.ts'

export interface Refusal {
  readonly name: string
  readonly message: string
  /** What an error carries beside its message. */
  readonly members?: Readonly<Record<string, unknown>>
}

export type Input = Readonly<Record<string, unknown>>

/** A registry and its clients: every call has the limits of the public API. */
export interface PublicRegistry {
  readonly registry: TestRegistry
  /** The JSON that an operation answers. */
  readonly call: (operation: Operation, input: Input, ctx?: Context) => Promise<Input>
  readonly refused: (operation: Operation, input: Input, expected: Refusal, ctx?: Context) => Promise<void>
  /** Of the default account, or of another one. */
  readonly ctx: (accountId?: string) => Context
  /** The primary alias of the default account, whose repositories exist. */
  readonly alias: () => Promise<string>
  readonly given: (...repositoryNames: readonly string[]) => Promise<void>
}

interface Closes {
  readonly after: (close: () => Promise<void>) => void
}

/** Closed after the test, or the file when given node:test's `after`; work that failed after an answer fails it. */
export async function openPublic(t: Closes, limits: Partial<Limits> = {}): Promise<PublicRegistry> {
  const registry = await openTestRegistry({ limits })
  t.after(async () => {
    await registry.close()
    assert.deepEqual(registry.backgroundErrors, [])
  })
  const ctx = (accountId = account): Context => {
    const made = registry.ctx({ caller: rootOf(accountId) })
    return { ...made, limits: made.publicLimits }
  }
  const call: PublicRegistry['call'] = async (operation, input, context = ctx()) =>
    // The JSON of a struct is an object.
    encode(operation.output, await registry.perform(operation, decode(operation.input, input), context)) as Input
  return {
    registry,
    call,
    ctx,
    refused: async (operation, input, expected, context) => {
      const outcome: unknown = await call(operation, input, context).then(
        (value) => assert.fail(`was not refused: ${JSON.stringify(value)}`),
        (error: unknown) => error,
      )
      if (!(outcome instanceof Error) || outcome instanceof assert.AssertionError) throw outcome
      const members = outcome instanceof EcrError ? outcome.members : {}
      assert.deepEqual({ name: outcome.name, message: outcome.message, members }, { members: {}, ...expected })
    },
    alias: async () => {
      const [first] = await registry.services.metadata.read.registries.aliases(account)
      assert.ok(first)
      return first.name
    },
    given: async (...repositoryNames) => {
      for (const repositoryName of repositoryNames) await call(createRepository, { repositoryName })
    },
  }
}

/** ECR's sentence for an argument that breaks a constraint. */
export function invalid(parameter: string, constraint: string): Refusal {
  return {
    name: 'InvalidParameterException',
    message: `Invalid parameter at '${parameter}' failed to satisfy constraint: '${constraint}'`,
  }
}

export function repositoryNotFound(name: string, registryId = account): Refusal {
  return {
    name: 'RepositoryNotFoundException',
    message: `The repository with name '${name}' does not exist in the registry with id '${registryId}'`,
  }
}

function registryNotFound(registryId: string): Refusal {
  return { name: 'RegistryNotFoundException', message: `The registry with id '${registryId}' does not exist` }
}

/** An action on a resource of another account, there or not. */
export function denied(action: string, resource: string, callerAccount = otherAccount): Refusal {
  return {
    name: 'AccessDeniedException',
    message:
      `User: arn:aws:iam::${callerAccount}:root is not authorized to perform: ecr-public:${action} on resource: ${resource} ` +
      `because no resource-based policy allows the ecr-public:${action} action`,
  }
}

/** The ARN of a public repository. */
export function arnOf(name: string, accountId = account): string {
  return `arn:aws:ecr-public::${accountId}:repository/${name}`
}

const namePattern = '(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*'

/** What every operation on one repository refuses alike. `registry` is what its `registryId` may be. */
export function testRepositoryRules(
  operation: Operation,
  input: Input,
  registry: 'account' | 'account or alias' | 'none',
): void {
  const wanted = (more: Input) => ({ ...input, repositoryName: 'app', ...more })

  describe(`${operation.name}, as all operations on a repository`, () => {
    test('names that are none', async (t) => {
      const { refused } = await openPublic(t)
      const pattern = invalid('repositoryName', `must satisfy regular expression '${namePattern}'`)
      for (const [repositoryName, refusal] of [
        [null, invalid('repositoryName', 'must not be null')],
        ['a', invalid('repositoryName', 'must have length greater than or equal to 2')],
        ['a'.repeat(206), invalid('repositoryName', 'must have length less than or equal to 205')],
        ...['App', 'a__b', 'a//b', '/ab', 'ab/', 'a b', 'a..b', 'ab-', 'ab\n', 'äb'].map(
          (name) => [name, pattern] as const,
        ),
      ] as const) {
        await refused(operation, wanted({ repositoryName }), refusal)
      }
    })

    if (registry === 'none') return

    test('a repository that is not there, in a registry that is and in one that is not', async (t) => {
      const { refused, given } = await openPublic(t)
      for (const registryId of [undefined, account])
        await refused(operation, wanted({ registryId }), repositoryNotFound('app'))
      await given('other')
      for (const registryId of [undefined, account])
        await refused(operation, wanted({ registryId }), repositoryNotFound('app'))
    })

    test("another account's, there or not", async (t) => {
      const { refused, ctx, given } = await openPublic(t)
      const refusal = denied(operation.name, arnOf('app'))
      await refused(operation, wanted({ registryId: account }), refusal, ctx(otherAccount))
      await given('app')
      await refused(operation, wanted({ registryId: account }), refusal, ctx(otherAccount))
      await refused(operation, wanted({}), repositoryNotFound('app', otherAccount), ctx(otherAccount))
    })

    test('registries that are none', async (t) => {
      const { refused, alias, given, ctx } = await openPublic(t)
      await given('app')
      if (registry === 'account') {
        const refusal = invalid('registryId', "must satisfy regular expression '^[0-9]{12}$'")
        for (const registryId of ['12345678901', '1234567890123', '12345678901a', '', await alias()]) {
          await refused(operation, wanted({ registryId }), refusal)
        }
        return
      }
      await refused(
        operation,
        wanted({ registryId: 'a' }),
        invalid('registryId', 'must have length greater than or equal to 2'),
      )
      const long = 'a'.repeat(51)
      await refused(
        operation,
        wanted({ registryId: long }),
        invalid('registryId', 'must have length less than or equal to 50'),
      )
      const hasNoRegistryNotFound = !operation.errors.includes('RegistryNotFoundException')
      for (const registryId of ['nobody', '12345678901', 'Not An Alias']) {
        const refusal = hasNoRegistryNotFound ? repositoryNotFound('app', registryId) : registryNotFound(registryId)
        await refused(operation, wanted({ registryId }), refusal)
      }
      // By its alias another account's registry is the same one.
      await refused(
        operation,
        wanted({ registryId: await alias() }),
        denied(operation.name, arnOf('app')),
        ctx(otherAccount),
      )
    })

    if (registry === 'account') return

    test('an alias that is not active names no registry', async (t) => {
      const { refused, given, registry: opened } = await openPublic(t)
      await given('app')
      for (const status of ['PENDING', 'REJECTED'] as const) {
        const name = `the-${status.toLowerCase()}`
        const alias = { name, accountId: account, status, primary: false, default: false, createdAtMs: 0 }
        await opened.services.metadata.write((tx) => tx.registries.createAlias(alias))
        const hasNoRegistryNotFound = !operation.errors.includes('RegistryNotFoundException')
        const refusal = hasNoRegistryNotFound ? repositoryNotFound('app', name) : registryNotFound(name)
        await refused(operation, wanted({ registryId: name }), refusal)
      }
    })
  })
}

/** A PNG of one colour. */
export function pngOf(width: number, height: number, shade = 0): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = 8 // bits a sample; the other bytes say: grey, and nothing special
  const rows = Buffer.alloc(height * (width + 1), shade)
  for (let row = 0; row < height; row++) rows[row * (width + 1)] = 0 // no filter
  return pngWith([chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND')])
}

export function pngWith(chunks: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...chunks])
}

export function chunk(type: string, data = Buffer.alloc(0)): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const framed = Buffer.alloc(typed.length + 8)
  framed.writeUInt32BE(data.length, 0)
  typed.copy(framed, 4)
  framed.writeUInt32BE(crc32(typed), typed.length + 4)
  return framed
}
