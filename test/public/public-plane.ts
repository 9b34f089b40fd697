// The public data plane of a test registry, behind the front door of its listener: requests in as values, answers out as values.

import type { TestContext } from 'node:test'

import type { Caller } from '../../src/domain/context.ts'
import type { RegistryAlias } from '../../src/domain/ports/metadata.ts'
import { publicRegistryOf } from '../../src/domain/references.ts'
import { createRepository } from '../../src/operations/public/create-repository.ts'
import type { HttpHandler } from '../../src/protocol/message.ts'
import { createPublicHandler } from '../../src/protocol/public/public-handler.ts'
import { basic, receive, toRequest, tokenOf, type Answer, type Sending } from '../distribution/plane.ts'
import { account, openTestRegistry, type TestRegistry, type TestRegistryOptions } from '../support/registry.ts'

export interface PublicPlaneOptions extends TestRegistryOptions {
  readonly anyPassword?: (password: string) => Caller
  readonly anonymousPerSecond?: number
  readonly accountPerSecond?: number
}

/** `as` names the account whose root sends its bearer token; `null` sends no credentials, and the default is a token of nobody. */
export interface PublicPlane {
  readonly registry: TestRegistry
  readonly handler: HttpHandler
  /** The default alias of the default account. */
  readonly alias: string
  send(method: string, target: string, sending?: Sending): Promise<Answer>
  /** The bearer token that `/token/` gives for these headers, or to nobody. */
  token(headers?: Readonly<Record<string, string>>, query?: string): Promise<string>
}

/** What a public listener answers with, but for its health. */
export function publicHandler(registry: TestRegistry, options: PublicPlaneOptions = {}): HttpHandler {
  const { anyPassword, anonymousPerSecond = 0, accountPerSecond = 0 } = options
  const elsewhere: HttpHandler = () => Promise.resolve({ status: 200, headers: {}, body: 'health' })
  const health = { healthz: elsewhere, readyz: elsewhere }
  return createPublicHandler({ services: registry.services, anyPassword, anonymousPerSecond, accountPerSecond, health })
}

/** The default account's registry with the repositories `app` and `team/tool`. Closed after the test. */
export async function openPublicPlane(t: TestContext, options: PublicPlaneOptions = {}): Promise<PublicPlane> {
  const registry = await openTestRegistry(options)
  t.after(() => registry.close())
  for (const repositoryName of ['app', 'team/tool']) await registry.perform(createRepository, { repositoryName })
  const handler = publicHandler(registry, options)
  const token: PublicPlane['token'] = async (headers = {}, query = '') => {
    const answer = await receive(handler, toRequest('GET', `/token/${query}`, { headers }))
    if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`)
    return (JSON.parse(answer.text) as { token: string }).token // a wrong form fails whoever uses it
  }
  return {
    registry,
    handler,
    alias: await defaultAliasOf(registry, account),
    token,
    send: async (method, target, sending = {}) => {
      const { as } = sending
      const login =
        as === null
          ? {}
          : {
              authorization: `Bearer ${await token(as === undefined ? {} : { authorization: basic(tokenOf(registry, as)) })}`,
            }
      return receive(
        handler,
        toRequest(method, target, { ...sending, headers: { host: 'localhost:4511', ...login, ...sending.headers } }),
      )
    },
  }
}

export async function defaultAliasOf(registry: TestRegistry, accountId: string): Promise<string> {
  const aliases = await registry.services.metadata.read.registries.aliases(accountId)
  const found = aliases.find((alias) => alias.default)
  if (!found) throw new Error(`${publicRegistryOf(accountId).accountId} has no default alias`)
  return found.name
}

export async function givenAlias(
  registry: TestRegistry,
  name: string,
  change: Partial<RegistryAlias> = {},
): Promise<void> {
  const made = { accountId: account, status: 'ACTIVE', primary: false, default: false, createdAtMs: 0 } as const
  await registry.services.metadata.write(async (tx) => {
    const { accountId = account } = change
    if (!(await tx.registries.find(accountId)))
      await tx.registries.put({ accountId, displayName: undefined, verified: false })
    await tx.registries.createAlias({ ...made, name, ...change })
  })
}
