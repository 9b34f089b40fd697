// Logos as browsers get them.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { createLogoHandler, logoPath } from '../../src/protocol/logos.ts'
import { toRequest } from '../support/sign.ts'

const name = `${'ab'.repeat(32)}-0123456789abcdef`
const png = Buffer.from('\x89PNG', 'latin1')
const asked: string[] = []
const handler = createLogoHandler({
  logos: {
    put: () => assert.fail('nothing is put'),
    remove: () => assert.fail('nothing is removed'),
    list: () => assert.fail('nothing is listed'),
    read: async (wanted) => {
      asked.push(wanted)
      return wanted === name ? png : undefined
    },
  },
})
const safe = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; sandbox",
  'Cross-Origin-Resource-Policy': 'cross-origin',
}
const request = (target: string, method = 'GET') => handler(toRequest({ method, target, headers: [] }))

describe('a logo', () => {
  for (const method of ['GET', 'HEAD']) {
    test(`by ${method}: an image and nothing else, to be kept for good`, async () => {
      for (const target of [logoPath(name), `${logoPath(name)}?v=1`]) {
        assert.deepEqual(await request(target, method), {
          status: 200,
          headers: {
            ...safe,
            'Content-Type': 'image/png',
            'Content-Length': '4',
            'Cache-Control': 'public, max-age=31536000, immutable',
          },
          body: png,
          log: { operation: 'GetLogo' },
        })
      }
    })
  }

  test('that is not there, and paths that are none', async () => {
    const answer = {
      status: 404,
      headers: { ...safe, 'Content-Type': 'text/plain; charset=utf-8' },
      body: 'There is no such logo\n',
      log: { operation: 'GetLogo' },
    }
    const absent = name.replace('ab', 'cd')
    asked.length = 0
    for (const path of [
      logoPath(absent),
      '/logo/',
      `/logo/${name}`,
      `/logo/../${name}.png`,
      `/logo/%2e%2e/x.png`,
      `/logo/${name}.png/`,
    ]) {
      assert.deepEqual(await request(path), answer, path)
    }
    assert.deepEqual(asked, [absent], 'a path that is none asks for no file')
  })

  test('is not put here', async () => {
    for (const method of ['PUT', 'POST', 'DELETE', 'OPTIONS']) {
      assert.deepEqual(await request(logoPath(name), method), {
        status: 405,
        headers: { ...safe, Allow: 'GET, HEAD', 'Content-Type': 'text/plain; charset=utf-8' },
        body: 'Method not allowed\n',
        log: { operation: 'GetLogo' },
      })
    }
  })
})
