// PutImageScanningConfiguration: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImageScanningConfiguration.html

import assert from 'node:assert/strict'
import { after, test } from 'node:test'

import { describeRepositories } from '../../src/operations/private/describe-repositories.ts'
import { putImageScanningConfiguration } from '../../src/operations/private/put-image-scanning-configuration.ts'
import { account, givenRepository } from '../support/registry.ts'
import { assertRefused, call, invalid, openRegistry, wrongType } from './calls.ts'
import { testRepositoryRules } from './repository-rules.ts'

testRepositoryRules(putImageScanningConfiguration, 'PutImageScanningConfiguration', {
  imageScanningConfiguration: { scanOnPush: true },
})

const registry = await openRegistry({ after })
await givenRepository(registry, 'app')
const [untouched] = (await registry.perform(describeRepositories, {})).repositories ?? []

async function isKept(scanOnPush: boolean): Promise<void> {
  const { repositories } = await registry.perform(describeRepositories, {})
  assert.deepEqual(repositories, [{ ...untouched, imageScanningConfiguration: { scanOnPush } }])
}

// In this order each row changes what the one before has left, or keeps it.
for (const [given, kept] of [
  [{ scanOnPush: true }, true],
  [{ scanOnPush: true, scanType: 'BASIC' }, true],
  [{}, false],
  [{ scanOnPush: true }, true],
  [{ scanOnPush: null }, false],
  [{ scanOnPush: false }, false],
] as const) {
  test(`${JSON.stringify(given)} means ${kept}, and nothing else changes`, async () => {
    const json = { repositoryName: 'app', imageScanningConfiguration: given }
    assert.deepEqual(await call(registry, putImageScanningConfiguration, json), {
      registryId: account,
      repositoryName: 'app',
      imageScanningConfiguration: { scanOnPush: kept },
    })
    await isKept(kept)
  })
}

for (const { given, refusal } of [
  { given: undefined, refusal: invalid('imageScanningConfiguration', 'must not be null') },
  { given: null, refusal: invalid('imageScanningConfiguration', 'must not be null') },
  { given: true, refusal: wrongType('imageScanningConfiguration must be an object') },
  { given: { scanOnPush: 'yes' }, refusal: wrongType('imageScanningConfiguration.scanOnPush must be a boolean') },
  { given: { scanOnPush: 1 }, refusal: wrongType('imageScanningConfiguration.scanOnPush must be a boolean') },
]) {
  test(`${JSON.stringify(given)}: ${refusal.name}`, async () => {
    const json = { repositoryName: 'app', imageScanningConfiguration: given }
    await assertRefused(registry, putImageScanningConfiguration, json, refusal)
    await isKept(false)
  })
}
