import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { targetForLog, textForLog } from '../../src/protocol/request-log.ts'

describe('a target in the log', () => {
  const cases = [
    {
      what: 'is left alone when it is harmless',
      target: '/v2/a/blobs/uploads/?digest=sha256:0&x',
      logged: '/v2/a/blobs/uploads/?digest=sha256:0&x',
    },
    {
      what: 'has a signature under a mistyped name masked',
      target: `/?X-Amz-Signatura=${'0a'.repeat(32)}&digest=sha256:${'0a'.repeat(32)}`,
      logged: `/?X-Amz-Signatura=***&digest=sha256:${'0a'.repeat(32)}`,
    },
    { what: 'has its signature masked', target: '/?a=1&X-Amz-Signature=00ff&b', logged: '/?a=1&X-Amz-Signature=***&b' },
    {
      what: 'has its session token masked',
      target: '/?X-Amz-Security-Token=a=b',
      logged: '/?X-Amz-Security-Token=***',
    },
    { what: 'is masked whatever the case', target: '/?x-amz-signature=00', logged: '/?x-amz-signature=***' },
    { what: 'is masked under an encoded name', target: '/?X-Amz-Signatur%65=00', logged: '/?X-Amz-Signatur%65=***' },
    { what: 'survives a name that does not decode', target: '/?%zz=1', logged: '/?%zz=1' },
    { what: 'R12: has what is not printable written out', target: '/\u00e9\u0000\\', logged: '/\\xe9\\x00\\x5c' },
  ]
  for (const { what, target, logged } of cases) {
    test(what, () => assert.equal(targetForLog(target), logged))
  }

  test('R12: is cut at 2 KiB, escapes included', () => {
    assert.equal(textForLog('a'.repeat(1_048_576)).length, 2048)
    assert.equal(textForLog('\n'.repeat(1_048_576)).length, 2048)
  })
})
