// `stowage/testing` as the published package has it: built, found by its name, its workers beside it, its types usable.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const compiler = join(root, 'node_modules/typescript/bin/tsc')
const place = mkdtempSync(join(tmpdir(), 'stowage-package-'))

before(() => {
  // Only what this needs has to compile; types.test.ts is about the rest.
  run([compiler, '-p', join(root, 'tsconfig.build.json'), '--outDir', join(place, 'dist')])
  copyFileSync(join(root, 'package.json'), join(place, 'package.json'))
  symlinkSync(join(root, 'node_modules'), join(place, 'node_modules'))
})
after(() => rmSync(place, { recursive: true }))

function run(args: readonly string[]) {
  return spawnSync(process.execPath, args, { cwd: place, encoding: 'utf8' })
}

test('the built package starts a registry, and finds its workers', () => {
  // Markdown is rendered in a worker.
  writeFileSync(
    join(place, 'use.mjs'),
    `import { ECRPUBLICClient, CreateRepositoryCommand, GetRepositoryCatalogDataCommand } from '@aws-sdk/client-ecr-public'
     import { image, startRegistry } from 'stowage/testing'
     const registry = await startRegistry()
     const ecr = new ECRPUBLICClient(registry)
     await ecr.send(new CreateRepositoryCommand({ repositoryName: 'tool', catalogData: { aboutText: '# Tool' } }))
     await registry.put('tool', image({ tag: 'v1' }), { public: true })
     const { catalogData } = await ecr.send(new GetRepositoryCatalogDataCommand({ repositoryName: 'tool' }))
     console.log(catalogData.aboutText, registry.requests.of('CreateRepository').length)
     await registry.close()`,
  )
  const { stdout, stderr, status } = run(['use.mjs'])
  assert.equal(stderr, '')
  assert.deepEqual([stdout, status], ['# Tool 1\n', 0])
})

test('its types fit the SDK, and refuse what is not there', () => {
  writeFileSync(
    join(place, 'use.ts'),
    `import { ECRClient } from '@aws-sdk/client-ecr'
     import { STSClient } from '@aws-sdk/client-sts'
     import { image, index, startRegistry, type Fault, type TestRegistry } from 'stowage/testing'
     export async function use(): Promise<TestRegistry> {
       await using registry = await startRegistry({ settings: { leaseHours: 0.5 } })
       const { requestHandler, region, credentials } = registry
       new ECRClient({ requestHandler, region, credentials })
       new ECRClient(registry)
       new STSClient({ requestHandler, region, credentials })
       await registry.put('app', index([image({ layers: [1000, 'text', { files: { a: 'b' } }] })]))
       const fault: Fault = { operation: 'PutImage', kind: 'cut', afterBytes: 3 }
       registry.faults.add(fault)
       // @ts-expect-error there is no such kind
       registry.faults.add({ kind: 'explode' })
       // @ts-expect-error what a registry of a test has no use for
       await startRegistry({ settings: { scrubDays: 1 } })
       return registry
     }`,
  )
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--types', 'node']
  const lib = 'es2024,esnext.disposable,dom'
  const { stdout, status } = run([compiler, ...options, '--lib', lib, '--skipLibCheck', '--ignoreConfig', 'use.ts'])
  assert.deepEqual([stdout, status], ['', 0])
})
