// What the OCI distribution specification asks, asked of the public data plane: the same tests as those of the private one.

import { createRepository } from '../../src/operations/public/create-repository.ts'
import { conformWith } from '../distribution/conformance-client.ts'
import { basic, receive, tokenOf, toRequest } from '../distribution/plane.ts'
import { account } from '../support/registry.ts'
import { givenAlias, publicHandler } from './public-plane.ts'

conformWith(async (registry) => {
  for (const repositoryName of ['app', 'other']) await registry.perform(createRepository, { repositoryName })
  // `team` is the alias here, and a part of the name there.
  await givenAlias(registry, 'team')
  const handler = publicHandler(registry)
  const headers = { authorization: basic(tokenOf(registry, account)) }
  const answer = await receive(handler, toRequest('GET', '/token/', { headers }))
  const { token } = JSON.parse(answer.text) as { token: string } // a wrong form fails every test
  return { handler, authorization: `Bearer ${token}` }
})

await import('../distribution/conformance.test.ts')
await import('../distribution/conformance-blobs.test.ts')
