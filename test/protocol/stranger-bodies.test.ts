import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { exampleKey } from '../support/sign.ts'
import { openSignedApi, type Sending } from './signed-api.ts'

describe('the body of a request whose signer is nobody here', () => {
  const strangers: readonly (readonly [what: string, how: Sending['how'], type: string])[] = [
    ['without a signature', null, 'MissingAuthenticationTokenException'],
    ['with the signature of an unknown key', { key: exampleKey }, 'UnrecognizedClientException'],
  ]
  for (const [what, how, type] of strangers) {
    test(`is not received: ${what}`, async (t) => {
      const api = await openSignedApi(t)
      let pulled = 0
      async function* endless(): AsyncGenerator<Uint8Array> {
        for (;;) {
          pulled++
          yield Buffer.alloc(65_536, ' ')
        }
      }
      const answer = await api.call('UploadLayerPart', '{}', how === undefined ? {} : { how, pieces: endless() })
      assert.equal(answer.status, 400)
      assert.equal(JSON.parse(answer.text).__type, type)
      assert.equal(pulled, 0)
    })
  }
})
