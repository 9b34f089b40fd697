import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runInNewContext } from 'node:vm'

import { errorCode } from '../../src/lib/error-code.ts'

test('a code is found in an error of another realm, as jest has them, and in nothing else', () => {
  const strange: unknown = runInNewContext('Object.assign(new Error("no such file"), { code: "ENOENT" })')
  assert.equal(strange instanceof Error, false)
  assert.equal(errorCode(strange), 'ENOENT')
  for (const other of [undefined, null, 'ENOENT', new Error('none'), Object.assign(new Error('a number'), { code: 1 })])
    assert.equal(errorCode(other), undefined)
})
