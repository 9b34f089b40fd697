// What fails inside the server: clients get an answer in their protocol that tells nothing, the log gets all of it.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Operation } from '../../src/operations/operation.ts'
import { getCallerIdentity } from '../../src/operations/sts/get-caller-identity.ts'
import { createQueryService } from '../../src/protocol/aws-query/dispatch.ts'
import { openHttpServer } from '../../src/protocol/http.ts'
import { basic, openApp, tokenOf, toRequest } from '../distribution/plane.ts'
import { account, region, rootOf } from '../support/registry.ts'
import { randomIds } from '../../src/lib/ids.ts'
import { jsonType, openSignedApi } from './signed-api.ts'

const sentence = 'The server could not process the request. Retry later'
const requestId = '00000000-0000-4000-8000-000000000000'

function assertTold(defect: unknown): void {
  assert.ok(defect instanceof Error)
  assert.match(String(defect.stack), /finalized|closed|not open/)
}

test('AWS JSON answers ServerException', async (t) => {
  const api = await openSignedApi(t)
  await api.registry.services.metadata.close()
  const { log: _, ...answer } = await api.call('DescribeRepositories', {})
  assert.deepEqual(answer, {
    status: 500,
    headers: { 'content-type': jsonType, 'x-amzn-requestid': requestId, 'x-amzn-errortype': 'ServerException' },
    text: JSON.stringify({ __type: 'ServerException', message: sentence }),
  })
})

test('AWS Query answers InternalFailure', async (t) => {
  const { registry } = await openApp(t)
  const defect = new Error('a secret of the server')
  const failing: Operation = {
    ...getCallerIdentity,
    handle: () => Promise.reject(defect),
  }
  const answer = createQueryService({
    services: registry.services,
    operations: [failing],
    authenticate: async () => ({ ok: true, caller: rootOf(account), region }),
  })
  const body = 'Action=GetCallerIdentity&Version=2011-06-15'
  const { log: _, ...response } = await answer(toRequest('POST', '/', { body }))
  assert.deepEqual(response, {
    status: 500,
    headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId },
    body:
      '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Receiver</Type><Code>InternalFailure</Code>' +
      '<Message>The request processing has failed because of an unknown error, exception or failure.</Message></Error>' +
      `<RequestId>${requestId}</RequestId></ErrorResponse>`,
    defect,
  })
})

test('the data plane answers UNKNOWN', async (t) => {
  const { registry, handler } = await openApp(t)
  const authorization = basic(tokenOf(registry, account))
  await registry.services.metadata.close()
  const response = await handler(toRequest('GET', '/v2/app/tags/list', { headers: { authorization } }))
  assert.equal(response.status, 500)
  assert.equal(response.body, JSON.stringify({ errors: [{ code: 'UNKNOWN', message: sentence }] }))
  assertTold(response.defect)
})

test('the server logs a defect with the id of its request, and answers what the handler says', async (t) => {
  const defects: unknown[] = []
  const defect = new Error('of the handler')
  const server = await openHttpServer({
    handler: async () => ({ status: 500, headers: {}, body: 'sorry', defect }),
    port: 0,
    listen: '127.0.0.1',
    ids: randomIds,
    log: () => {},
    onDefect: (error, id) => void defects.push(error, typeof id),
  })
  t.after(() => server.close(0))
  const response = await fetch(`http://127.0.0.1:${server.port}/`)
  assert.deepEqual([response.status, await response.text()], [500, 'sorry'])
  assert.deepEqual(defects, [defect, 'string'])
})
