// Counts of downloads in a real server: seen within a second or so, kept by a stop in good order and by a start.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'

import {
  CreateRepositoryCommand,
  DescribeRegistriesCommand,
  ECRPUBLICClient,
  PutImageCommand,
} from '@aws-sdk/client-ecr-public'

import { emptyIndex } from '../operations/gallery/calls.ts'
import { startStowage, type Stowage } from '../support/stowage.ts'

const repositoryName = 'app'

/** The public listener has another port after each start. */
function publicOrigin({ dataDir }: Stowage): string {
  // Written by the server under test.
  return (JSON.parse(readFileSync(join(dataDir, 'server.json'), 'utf8')) as { publicOrigin: string }).publicOrigin
}

async function push({ origin, env }: Stowage): Promise<string> {
  const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = env
  const credentials = { accessKeyId, secretAccessKey }
  const client = new ECRPUBLICClient({ endpoint: origin, region: 'us-east-1', credentials, maxAttempts: 1 })
  try {
    await client.send(new CreateRepositoryCommand({ repositoryName }))
    await client.send(new PutImageCommand({ repositoryName, ...emptyIndex, imageTag: 'v1' }))
    const { registries } = await client.send(new DescribeRegistriesCommand({}))
    return registries?.[0]?.aliases?.[0]?.name ?? assert.fail('the registry has no alias')
  } finally {
    client.destroy()
  }
}

test('downloads are counted soon, and survive a stop', async (t) => {
  const stowage = await startStowage()
  t.after(() => stowage.remove())
  const alias = await push(stowage)

  const pull = async (times: number) => {
    const origin = publicOrigin(stowage)
    const { token } = (await (await fetch(`${origin}/token/`)).json()) as { token: string } // the server's own form
    for (let nr = 0; nr < times; nr++) {
      const headers = { authorization: `Bearer ${token}` }
      const response = await fetch(`${origin}/v2/${alias}/${repositoryName}/manifests/v1`, { headers })
      assert.deepEqual([response.status, await response.text()], [200, emptyIndex.imageManifest])
    }
  }
  const count = async () => {
    const response = await fetch(`${publicOrigin(stowage)}/getRepositoryCatalogData`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ registryAliasName: alias, repositoryName }),
    })
    assert.equal(response.status, 200)
    const { insightData } = (await response.json()) as { insightData: { downloadCount: number } } // as above
    return insightData.downloadCount
  }

  await pull(3)
  // Other tests may have the processors just now: a second is the promise, ten are waited for.
  for (const deadline = Date.now() + 10_000; (await count()) !== 3; await delay(50)) {
    assert.ok(Date.now() < deadline, `${await count()} downloads were counted`)
  }

  // Told to stop before the count is due.
  await pull(2)
  await stowage.stop()
  await stowage.restart()
  assert.equal(await count(), 5)

  // The end without a warning may take those of the last second, and no other ones.
  await pull(1)
  await stowage.kill9()
  await stowage.restart()
  const after = await count()
  assert.ok(after === 5 || after === 6, `${after} downloads`)
})
