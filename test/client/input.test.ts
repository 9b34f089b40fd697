// Inputs: every fault at once in the words of the server, and what is turned into what is sent.

import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { checkInput } from '../../src/client/check-input.ts'
import { coerceInput } from '../../src/client/coerce-input.ts'
import { createEcr } from '../../src/client/create-ecr.ts'
import { ecrInputs } from '../../src/client/declared/ecr-inputs.ts'
import { ecrPublicInputs } from '../../src/client/declared/ecr-public-inputs.ts'
import { blob, double, list, map, optional, string, struct, timestamp } from '../../src/model/schema.ts'
import { decode } from '../../src/model/wire.ts'
import type { Operation } from '../../src/operations/operation.ts'
import { privateOperations } from '../../src/operations/private/index.ts'
import { publicOperations } from '../../src/operations/public/index.ts'
import { startFakeService, type FakeService } from '../support/fake-service.ts'
import { openTestRegistry, type TestRegistry } from '../support/registry.ts'

const constraint = (parameter: string, text: string) => ({
  parameter,
  message: `Invalid parameter at '${parameter}' failed to satisfy constraint: '${text}'`,
})

describe('all faults at once, in the order of the members', () => {
  test('a missing member, a wrong type, a broken constraint and an unknown member', async () => {
    const { faults } = await checkInput(ecrInputs.PutImage, {
      registryId: '12',
      imageTag: '',
      imageManifest: 5,
      imageDigst: 'x',
    })
    assert.deepEqual(faults, [
      constraint('registryId', `must satisfy regular expression '[0-9]{12}'`),
      constraint('repositoryName', 'must not be null'),
      { parameter: 'imageManifest', message: 'imageManifest must be a string' },
      constraint('imageTag', 'must have length greater than or equal to 1'),
      { parameter: 'imageDigst', message: 'imageDigst is not a member of this input' },
    ])
  })
  test('in lists and structures', async () => {
    const { faults } = await checkInput(ecrInputs.BatchGetImage, {
      repositoryName: 'team/app',
      imageIds: [{ imageTag: 'ok' }, { imageTag: '' }, { imageTag: 'x'.repeat(301) }],
    })
    assert.deepEqual(faults, [
      constraint('imageIds.2.member.imageTag', 'must have length greater than or equal to 1'),
      constraint('imageIds.3.member.imageTag', 'must have length less than or equal to 300'),
    ])
  })
  test('a wrong type says where it is', async () => {
    const { faults } = await checkInput(ecrInputs.BatchGetImage, {
      repositoryName: 'team/app',
      imageIds: [{}, 'latest'],
    })
    assert.deepEqual(faults, [{ parameter: 'imageIds.2.member', message: 'imageIds.2.member must be an object' }])
  })
  test('something that is no input at all', async () => {
    const { faults } = await checkInput(ecrInputs.DescribeImages, 'team/app')
    assert.deepEqual(faults[0], { parameter: '', message: 'The input must be an object' })
  })
})

describe('the first fault is what the server tells', () => {
  let registry: TestRegistry
  before(async () => {
    registry = await openTestRegistry()
  })
  after(() => registry.close())

  const bad: readonly Readonly<Record<string, unknown>>[] = [
    {},
    { repositoryName: 'A' },
    { repositoryName: 'Team' },
    { repositoryName: 'x'.repeat(257) },
    { repositoryName: 'team/app', registryId: '1' },
    { repositoryName: 'team/app', imageIds: [] },
    { repositoryName: 'team/app', maxResults: 0 },
    { repositoryName: 'team/app', maxResults: 1001 },
    { repositoryName: 'team/app', uploadId: 'x', partFirstByte: -1, partLastByte: -1, layerPartBlob: new Uint8Array() },
    { repositoryName: 'team/app', layerDigests: ['sha256:?'] },
    { repositoryName: 'team/app', imageTagMutability: 'SOMETIMES', policyText: '', imageManifest: '' },
  ]
  const apis: readonly (readonly [
    string,
    readonly Operation[],
    Readonly<Record<string, (typeof ecrInputs)['PutImage']>>,
  ])[] = [
    ['the private API', privateOperations, ecrInputs],
    ['the public API', publicOperations, ecrPublicInputs],
  ]
  for (const [name, operations, inputs] of apis) {
    test(name, async () => {
      let refused = 0
      for (const operation of operations) {
        const schema = inputs[operation.name]
        assert.ok(schema)
        for (const given of bad) {
          const known = Object.fromEntries(Object.entries(given).filter(([member]) => member in schema.members))
          const [first] = (await checkInput(schema, known)).faults
          if (first === undefined) continue
          refused++
          const input: unknown = decode(
            schema,
            JSON.parse(JSON.stringify(known, (_, value: unknown) => (value instanceof Uint8Array ? '' : value))),
          )
          await assert.rejects(
            registry.perform(operation, input),
            { name: 'InvalidParameterException', message: first.message },
            operation.name,
          )
        }
      }
      assert.ok(refused > 40, `${refused} inputs were refused by both`)
    })
  }
})

describe('what is turned into what is sent', () => {
  const schema = struct({
    bytes: optional(blob({ max: 8 })),
    at: optional(timestamp()),
    share: optional(double()),
    names: optional(list(string())),
    labels: optional(map(string(), string())),
  })
  const turned = async (input: object) => {
    const { value, faults } = await coerceInput(schema, input)
    assert.deepEqual(faults, [])
    return value
  }
  test('text and bigints into numbers', async () => {
    assert.deepEqual(await turned({ share: '0.5' }), { share: 0.5 })
    const { value } = await coerceInput(ecrInputs.UploadLayerPart, { partFirstByte: '10', partLastByte: 20n })
    assert.deepEqual(value, { partFirstByte: 10, partLastByte: 20 })
  })
  test('seconds, dates and ISO 8601 into times', async () => {
    const at = new Date('2026-11-21T12:00:00.500Z')
    assert.deepEqual(await turned({ at }), { at })
    assert.deepEqual(await turned({ at: at.getTime() / 1000 }), { at })
    assert.deepEqual(await turned({ at: '2026-11-21T12:00:00.500Z' }), { at })
  })
  test('text, streams and iterables into bytes', async () => {
    const bytes = Buffer.from('grüß')
    assert.deepEqual(await turned({ bytes: 'grüß' }), { bytes })
    assert.deepEqual(await turned({ bytes: Readable.from([bytes.subarray(0, 3), bytes.subarray(3)]) }), { bytes })
    assert.deepEqual(await turned({ bytes: new Blob(['grüß']).stream() }), { bytes })
    assert.deepEqual(await turned({ bytes: new Uint8Array([1]) }), { bytes: new Uint8Array([1]) })
  })
  test('null and undefined are absence', async () => {
    assert.deepEqual(await turned({ names: null, share: undefined, labels: { a: '1', b: null } }), {
      labels: { a: '1' },
    })
  })
  test('a stream without end is read to one byte more than there may be, and ended', async () => {
    let ended = false
    async function* endless() {
      try {
        // As good as endless, so that the test fails rather than hangs.
        for (let pieces = 0; pieces < 1000; pieces++) yield Buffer.alloc(4)
        assert.fail('it was read to its end')
      } finally {
        ended = true
      }
    }
    const { faults } = await checkInput(schema, { bytes: endless() })
    assert.deepEqual(faults, [constraint('bytes', 'must have length less than or equal to 8')])
    assert.ok(ended)
  })
  const wrong: readonly (readonly [object, string])[] = [
    [{ share: 'half' }, 'share must be a number'],
    [{ share: '' }, 'share must be a number'],
    [{ share: Number.NaN }, 'share must be a number'],
    [{ at: 'yesterday' }, 'at must be a Date, a number of seconds or ISO 8601 text'],
    [{ at: new Date(Number.NaN) }, 'at must be a Date, a number of seconds or ISO 8601 text'],
    [{ bytes: 5 }, 'bytes must be bytes, text or a stream of bytes'],
    [{ names: 'a' }, 'names must be a list'],
    [{ names: ['\uD800'] }, 'names.1.member holds a lone surrogate'],
    [{ labels: [] }, 'labels must be an object'],
    [{ labels: { a: 1 } }, 'labels.a.member must be a string'],
  ]
  for (const [input, message] of wrong) {
    test(message, async () => {
      assert.deepEqual(
        (await coerceInput(schema, input)).faults.map((fault) => fault.message),
        [message],
      )
    })
  }
})

describe('what is wrong is not sent', () => {
  let service: FakeService
  before(async () => {
    service = await startFakeService()
  })
  after(() => service.close())
  const key = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret', region: 'us-east-1' }

  test('unless the check is off', async () => {
    const checked = createEcr({ ...key, endpoint: service.origin })
    const unchecked = createEcr({ ...key, endpoint: service.origin, checkInput: false })
    const refused = await checked.try('DescribeImages', { repositoryName: 'A' })
    assert.ok(!refused.ok && refused.error.name === 'InvalidInput')
    assert.deepEqual(refused.error.faults, [
      constraint('repositoryName', 'must have length greater than or equal to 2'),
    ])
    assert.equal(
      refused.error.message,
      `The input of DescribeImages is not valid: Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must have length greater than or equal to 2'`,
    )
    assert.equal(service.requests.length, 0)
    assert.ok((await unchecked.try('DescribeImages', { repositoryName: 'A', maxResults: '7' })).ok)
    assert.deepEqual(
      service.requests.map(({ body }) => body),
      ['{"repositoryName":"A","maxResults":7}'],
    )
    checked.destroy()
    unchecked.destroy()
  })
  test('an input stays as its caller wrote it', async () => {
    const ecr = createEcr({ ...key, endpoint: service.origin })
    const input = Object.freeze({ repositoryName: 'team/app', maxResults: '7' as const })
    assert.ok((await ecr.try('DescribeImages', input)).ok)
    assert.deepEqual(input, { repositoryName: 'team/app', maxResults: '7' })
    ecr.destroy()
  })
  test('a stream that fails is a failure of the call', async () => {
    const ecr = createEcr({ ...key, endpoint: service.origin })
    const broken = new Readable({ read: () => broken.destroy(Object.assign(new Error('disk gone'), { code: 'EIO' })) })
    const part = { repositoryName: 'team/app', uploadId: 'x', partFirstByte: 0, partLastByte: 1, layerPartBlob: broken }
    const result = await ecr.try('UploadLayerPart', part)
    assert.ok(!result.ok && result.error.name === 'Unmodelled')
    assert.equal(result.error.message, 'disk gone')
    ecr.destroy()
  })
})
