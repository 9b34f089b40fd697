// What the OCI distribution specification asks, asked of a server of two workers, whose requests go to the one and the other in turn.

import { after, before, test, type TestContext } from 'node:test'
import assert from 'node:assert/strict'

import { conformElsewhere } from '../distribution/conformance-client.ts'
import { startStowage, type Stowage } from '../support/stowage.ts'
import { CreateRepositoryCommand, DeleteRepositoryCommand } from '@aws-sdk/client-ecr'

let stowage: Stowage
before(async () => {
  stowage = await startStowage({ dev: true, args: ['--workers', '2', '--log-level', 'warn'] })
})
after(() => stowage.remove())

conformElsewhere(async (_: TestContext) => {
  for (const repositoryName of ['team/app', 'team/other']) {
    await stowage.ecr.send(new DeleteRepositoryCommand({ repositoryName, force: true })).catch(() => {})
    await stowage.ecr.send(new CreateRepositoryCommand({ repositoryName }))
  }
  const authorization = `Basic ${Buffer.from('AWS:anything').toString('base64')}`
  // Two names, two connections: those of one worker and of the other.
  const origins = [stowage.origin, `http://localhost:${stowage.port}`]
  let turn = 0
  return {
    origin: stowage.origin,
    send: (method, url, body, headers = {}) => {
      const { pathname, search } = new URL(url, stowage.origin)
      return fetch(`${origins[turn++ % 2]}${pathname}${search}`, {
        method,
        headers: { authorization, ...headers },
        ...(body === undefined ? {} : { body: body as NonNullable<RequestInit['body']>, duplex: 'half' }), // as in conformance-client.ts
      })
    },
  }
})

test('there is a server', () => assert.ok(stowage.origin))

await import('../distribution/conformance.test.ts')
await import('../distribution/conformance-blobs.test.ts')
