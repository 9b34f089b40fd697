// Every declaration against the official SDK: names, members, kinds, required members, errors. And, where AWS's model files lie beside the
// checkout, against those: the constraints, which the SDK does not carry. Types are held against the SDK's by the compiler (model-types.ts).

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import * as sdk from '@aws-sdk/client-ecr'
import * as sdkPublic from '@aws-sdk/client-ecr-public'
import * as sdkSts from '@aws-sdk/client-sts'
import { memberOf, type Schema } from '../src/model/schema.ts'
import type { Operation } from '../src/operations/operation.ts'
import { privateOperations } from '../src/operations/private/index.ts'
import { privateModelNames } from '../src/operations/private/model-names.ts'
import { publicOperations } from '../src/operations/public/index.ts'
import { publicModelNames } from '../src/operations/public/model-names.ts'
import { stsOperations } from '../src/operations/sts/index.ts'
import { readModel, type Model, type ModelShape } from './support/aws-model.ts'
import { outlineOf, sdkOutline } from './support/sdk-schema.ts'

interface Api {
  readonly name: string
  readonly package: string
  readonly sdk: Readonly<Record<string, unknown>>
  readonly operations: readonly Operation[]
  readonly modelNames: readonly string[]
  readonly modelFile: URL
}

const modelFolder = new URL('../../shared/aws-models/', import.meta.url)
const apis: readonly Api[] = [
  {
    name: 'the private API',
    package: '@aws-sdk/client-ecr',
    sdk,
    operations: privateOperations,
    modelNames: privateModelNames,
    modelFile: new URL('ecr.json', modelFolder),
  },
  {
    name: 'the public API',
    package: '@aws-sdk/client-ecr-public',
    sdk: sdkPublic,
    operations: publicOperations,
    modelNames: publicModelNames,
    modelFile: new URL('ecr-public.json', modelFolder),
  },
]

for (const api of apis) {
  describe(`declarations of ${api.name} equal the official SDK`, () => {
    test('the list of the model names every operation of the SDK', () => {
      const names = Object.keys(api.sdk).flatMap((name) => /^([A-Z]\w+)Command$/.exec(name)?.[1] ?? [])
      assert.deepEqual([...api.modelNames], names.filter((name) => name !== '$').toSorted())
    })

    for (const operation of api.operations) {
      test(operation.name, () => {
        const { input, output } = sdkOutline(api.sdk, operation.name)
        assert.deepEqual(outlineOf(operation.input), input)
        assert.deepEqual(outlineOf(operation.output), output)
        assert.deepEqual(operation.errors.toSorted(), sdkErrors(api, operation.name))
      })
    }
  })
}

describe('declarations of STS equal the official SDK', () => {
  for (const operation of stsOperations) {
    test(operation.name, () => {
      const { input, output } = sdkOutline(sdkSts, operation.name)
      assert.deepEqual(outlineOf(operation.input), input)
      assert.deepEqual(outlineOf(operation.output), output)
    })
  }
})

/** The SDK names an operation's errors in its documentation only. */
function sdkErrors(api: Api, name: string): readonly string[] {
  const file = new URL(import.meta.resolve(api.package))
  const declaration = readFileSync(new URL(`../dist-types/commands/${name}Command.d.ts`, file), 'utf8')
  const errors = [...declaration.matchAll(/@throws \{@link (\w+)\}/g)].map((match) => match[1] ?? '')
  return errors.filter((error) => !/^ECR(PUBLIC)?ServiceException$/.test(error)).toSorted()
}

for (const api of apis) {
  const skip = existsSync(api.modelFile) ? false : 'AWS model files are not beside this checkout (../shared/aws-models)'
  describe(`constraints of ${api.name} equal the model`, { skip }, () => {
    const model = skip === false ? readModel(api.modelFile) : { operations: {}, shapes: {} }
    for (const operation of api.operations) {
      test(operation.name, () => {
        const shapes = model.operations[operation.name]
        assert.ok(shapes)
        compare(model, operation.input, shapes.input.shape, `${operation.name} input`)
        if (shapes.output) compare(model, operation.output, shapes.output.shape, `${operation.name} output`)
      })
    }
  })
}

/** Walks schema and shape side by side; members in the same order, for the order decides which fault is told first. */
function compare(model: Model, schema: Schema, shapeName: string, path: string): void {
  const shape = model.shapes[shapeName]
  assert.ok(shape, `${path}: the model has no shape ${shapeName}`)
  assert.deepEqual(constraintsOf(schema), modelConstraints(shape), path)
  if (schema.kind === 'struct') {
    assert.deepEqual(Object.keys(schema.members), Object.keys(shape.members ?? {}), `${path}: members and their order`)
    for (const [name, member] of Object.entries(schema.members)) {
      const { schema: memberSchema, required } = memberOf(member)
      assert.equal(required, shape.required?.includes(name) ?? false, `${path}.${name} required`)
      compare(model, memberSchema, shape.members?.[name]?.shape ?? '', `${path}.${name}`)
    }
  }
  if (schema.kind === 'list') compare(model, schema.member, shape.member?.shape ?? '', `${path}[]`)
  if (schema.kind === 'map') {
    compare(model, schema.key, shape.key?.shape ?? '', `${path} keys`)
    compare(model, schema.value, shape.value?.shape ?? '', `${path} values`)
  }
}

interface Constraints {
  readonly kind: string
  readonly min: number | undefined
  readonly max: number | undefined
  readonly pattern: string | undefined
  readonly values: readonly string[] | undefined
}

function constraintsOf(schema: Schema): Constraints {
  return {
    kind: schema.kind,
    min: 'min' in schema ? schema.min : undefined,
    max: 'max' in schema ? schema.max : undefined,
    pattern: schema.kind === 'string' ? schema.pattern : undefined,
    values: schema.kind === 'string' ? schema.values : undefined,
  }
}

function modelConstraints(shape: ModelShape): Constraints {
  const kind = shape.type === 'structure' ? 'struct' : shape.type
  return { kind, min: shape.min, max: shape.max, pattern: shape.pattern, values: shape.enum }
}

/** The operation lists hold what they say: no operation twice, all of the one service, alphabetical. */
for (const api of apis) {
  test(`the list of offered operations of ${api.name} is in order`, () => {
    const names = api.operations.map((operation) => operation.name)
    assert.deepEqual(names, [...new Set(names)].toSorted())
    for (const name of names) assert.ok(api.modelNames.includes(name))
    assert.equal(new Set(api.operations.map((operation) => operation.service)).size, 1)
  })
}
