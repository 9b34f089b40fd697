// The compiler as a test. `test/model-types*.ts` hold our types against the SDK's and have nothing to run: without this they could not fail.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

test('every file compiles, and the types of both APIs are those of the official SDK', () => {
  const root = fileURLToPath(new URL('../', import.meta.url))
  const compiler = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url))
  const { status, stdout, stderr } = spawnSync(process.execPath, [compiler, '--noEmit', '-p', root], {
    encoding: 'utf8',
  })
  assert.equal(`${stdout}${stderr}`, '')
  assert.equal(status, 0)
})
