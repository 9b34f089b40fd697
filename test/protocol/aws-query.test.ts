// The AWS Query protocol of STS through the whole API handler: forms in, XML out.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'

import { account, otherAccount } from '../support/registry.ts'
import { openSignedApi, targetPrefix, type Answer, type Sending } from './signed-api.ts'

const api = await openSignedApi({ after })
const requestId = '00000000-0000-4000-8000-000000000000'
const formType = 'application/x-www-form-urlencoded'
const whoAmI = 'Action=GetCallerIdentity&Version=2011-06-15'

function ask(body: string | Uint8Array, sending: Sending = {}): Promise<Answer> {
  return api.send({ body, headers: [['Content-Type', formType]], ...sending, how: sending.how ?? { service: 'sts' } })
}

function unsigned(body: string | Uint8Array, type = formType): Promise<Answer> {
  return api.send({ body, headers: [['Content-Type', type]], how: null })
}

function assertIdentity(answer: Answer, accountId = account): void {
  const { log: _, ...seen } = answer
  assert.deepEqual(seen, {
    status: 200,
    headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId },
    text:
      '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>' +
      `<UserId>${accountId}</UserId><Account>${accountId}</Account><Arn>arn:aws:iam::${accountId}:root</Arn>` +
      `</GetCallerIdentityResult><ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>` +
      '</GetCallerIdentityResponse>',
  })
}

/** The whole refusal; `message` as it stands in the XML. */
function assertFault(answer: Answer, status: number, code: string, message: string): void {
  const { log: _, ...seen } = answer
  assert.deepEqual(seen, {
    status,
    headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId },
    text:
      '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>' +
      `<Code>${code}</Code><Message>${message}</Message></Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
  })
}

describe('GetCallerIdentity', () => {
  test("the root of the key's account", async () => {
    assertIdentity(await ask(whoAmI))
    assertIdentity(await ask(whoAmI, { as: otherAccount }), otherAccount)
  })

  for (const [what, body] of [
    [
      'members in another order, unknown ones among them',
      `Foo=1&Version=2011-06-15&Account=1&Action=GetCallerIdentity`,
    ],
    ['escapes', 'Action=Get%43allerIdentity&Version=2011%2d06-15'],
  ] as const) {
    test(what, async () => {
      assertIdentity(await ask(body))
    })
  }

  for (const type of [`${formType}; charset=utf-8`, `${formType} ;charset=UTF-8`, formType.toUpperCase()]) {
    test(`Content-Type ${type}`, async () => {
      assertIdentity(await ask(whoAmI, { headers: [['Content-Type', type]] }))
    })
  }

  test('the log line says who asked what', async () => {
    const { log } = await ask(whoAmI, { how: { service: 'sts', region: 'eu-west-1' } })
    const principal = `arn:aws:iam::${account}:root`
    const who = { principal, accountId: account, region: 'eu-west-1' }
    assert.deepEqual(log, { service: 'sts', operation: 'GetCallerIdentity', ...who })
  })
})

describe('J1 actions', () => {
  const noAction = 'The request is missing an action or a required parameter'
  const notFound = (action: string, version = '2011-06-15') =>
    `Could not find operation ${action} for version ${version}`

  for (const [body, code, message] of [
    ['', 'MissingAction', noAction],
    ['Version=2011-06-15', 'MissingAction', noAction],
    ['action=GetCallerIdentity&Version=2011-06-15', 'MissingAction', noAction],
    ['{"Action":"GetCallerIdentity"}', 'MissingAction', noAction],
    ['Action=GetCallerIdentity', 'InvalidAction', notFound('GetCallerIdentity', 'NO_VERSION_SPECIFIED')],
    ['Action=GetCallerIdentity&Version=', 'InvalidAction', notFound('GetCallerIdentity', '')],
    ['Action=GetCallerIdentity&Version=2015-09-21', 'InvalidAction', notFound('GetCallerIdentity', '2015-09-21')],
    ['Action=getcalleridentity&Version=2011-06-15', 'InvalidAction', notFound('getcalleridentity')],
    ['Action=&Version=2011-06-15', 'InvalidAction', notFound('')],
    ['Action=AssumeRoleWithSAML&Version=2011-06-15', 'InvalidAction', notFound('AssumeRoleWithSAML')],
    ['Action=DescribeRepositories&Version=2011-06-15', 'InvalidAction', notFound('DescribeRepositories')],
    ['Action=MountLayer&Version=2011-06-15', 'InvalidAction', notFound('MountLayer')],
    ['Action=__proto__&Version=2011-06-15', 'InvalidAction', notFound('__proto__')],
    ['Action=%3Cscript%3E%26%22%27&Version=2011-06-15', 'InvalidAction', notFound('&lt;script&gt;&amp;&quot;&apos;')],
    ['Action=a%00b%1b%ff&Version=2011-06-15', 'InvalidAction', notFound('a\ufffdb\ufffd\ufffd')],
    [
      `Action=${'a'.repeat(1000)}&Version=${'1'.repeat(1000)}`,
      'InvalidAction',
      notFound('a'.repeat(100), '1'.repeat(20)),
    ],
  ] as const) {
    test(`${body.slice(0, 60) || 'nothing'}: ${code}, signed or not`, async () => {
      assertFault(await ask(body), 400, code, message)
      assertFault(await unsigned(body), 400, code, message)
    })
  }
})

describe('signatures', () => {
  const mismatch =
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and ' +
    'signing method. Consult the service documentation for details.'

  for (const { what, sending, body = whoAmI, code, message } of [
    { what: 'none', sending: null, code: 'MissingAuthenticationToken', message: 'Missing Authentication Token' },
    {
      what: 'one with another secret',
      sending: { service: 'sts', key: { accessKeyId: `AKIATEST${account}`, secretAccessKey: 'wrong' } },
      code: 'SignatureDoesNotMatch',
      message: mismatch,
    },
    {
      what: 'one of another body',
      sending: { service: 'sts', payload: whoAmI },
      body: `${whoAmI}&DurationSeconds=1`,
      code: 'SignatureDoesNotMatch',
      message: mismatch,
    },
    {
      what: 'a key that nobody has',
      sending: { service: 'sts', key: { accessKeyId: 'AKIANOBODY', secretAccessKey: 'x' } },
      code: 'InvalidClientTokenId',
      message: 'The security token included in the request is invalid.',
    },
    {
      what: 'one for ecr',
      sending: { service: 'ecr' },
      code: 'SignatureDoesNotMatch',
      message: 'Credential should be scoped to correct service: &apos;sts&apos;. ',
    },
    {
      what: 'one of ten minutes ago',
      sending: { service: 'sts', amzDate: '20261121T115000Z' },
      code: 'SignatureDoesNotMatch',
      message: 'Signature expired: 20261121T115000Z is now earlier than 20261121T115500Z (20261121T120000Z - 5 min.)',
    },
  ]) {
    test(`${what}: 403 ${code}`, async () => {
      const answer = sending === null ? await unsigned(body) : await ask(body, { how: sending })
      assertFault(answer, 403, code, message)
    })
  }
})

describe('sizes', () => {
  const padded = (bytes: number) => `${whoAmI}&a=`.padEnd(bytes, 'x')

  test('64 KiB are read', async () => {
    assertIdentity(await ask(padded(64 * 1024)))
  })

  test('J7 a byte more is too many, declared or not, and two million fields too', async () => {
    const message = 'The request body must not exceed 65536 bytes'
    const large = padded(64 * 1024 + 1)
    async function* pieces(): AsyncGenerator<Uint8Array> {
      yield Buffer.from(large)
    }
    assertFault(await ask(large), 413, 'RequestEntityTooLarge', message)
    assertFault(await ask(large, { pieces: pieces() }), 413, 'RequestEntityTooLarge', message)
    assertFault(await unsigned('a=&'.repeat(2_000_000)), 413, 'RequestEntityTooLarge', message)
  })
})

describe('which protocol a request speaks', () => {
  test('J23 a form that names a target is no query, and no JSON either', async () => {
    const headers = [
      ['Content-Type', formType],
      ['X-Amz-Target', `${targetPrefix}.DescribeRegistry`],
    ] as const
    const { status, text } = await ask(whoAmI, { headers })
    assert.equal(status, 400)
    assert.equal(
      text,
      '{"__type":"SerializationException","message":"Content-Type must be application/x-amz-json-1.1"}',
    )
  })

  for (const type of ['text/plain', 'multipart/form-data', `${formType}x`, 'application/json']) {
    test(`J23 ${type} is no form`, async () => {
      const { status, text } = await ask(whoAmI, { headers: [['Content-Type', type]] })
      assert.equal(status, 400)
      assert.equal(text, '{"__type":"UnknownOperationException"}')
    })
  }

  test('J23 a query in the address runs nothing', async () => {
    for (const method of ['GET', 'HEAD']) {
      const { status } = await ask('', { method, target: '/?Action=GetCallerIdentity&Version=2011-06-15' })
      assert.equal(status, 405)
    }
    const answer = await ask('', { target: '/?Action=GetCallerIdentity&Version=2011-06-15' })
    assertFault(answer, 400, 'MissingAction', 'The request is missing an action or a required parameter')
  })

  test('J24 a form that is packed is not unpacked', async () => {
    const { gzipSync } = await import('node:zlib')
    const headers = [
      ['Content-Type', formType],
      ['Content-Encoding', 'gzip'],
    ] as const
    const answer = await ask(gzipSync(whoAmI), { headers })
    assertFault(answer, 400, 'MissingAction', 'The request is missing an action or a required parameter')
  })
})
