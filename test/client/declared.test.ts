// What the client knows of the operations: all of them, as the official SDK and AWS's model have them. That it is what the server declares is
// docs.test.ts's to see, for the modules are generated.

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import * as sdk from '@aws-sdk/client-ecr'
import * as sdkPublic from '@aws-sdk/client-ecr-public'
import { privateDrafts } from '../../scripts/declared-drafts.ts'
import { ecrErrors } from '../../src/client/declared/ecr-errors.ts'
import { ecrInputs } from '../../src/client/declared/ecr-inputs.ts'
import { ecrPublicErrors } from '../../src/client/declared/ecr-public-errors.ts'
import { ecrPublicInputs } from '../../src/client/declared/ecr-public-inputs.ts'
import { privateLists, publicLists } from '../../src/client/pages.ts'
import { memberOf, type Schema, type StructSchema } from '../../src/model/schema.ts'
import { privateOperations } from '../../src/operations/private/index.ts'
import { readModel, type Model } from '../support/aws-model.ts'
import { outlineOf, sdkOutline } from '../support/sdk-schema.ts'

interface Api {
  readonly name: string
  readonly package: string
  readonly sdk: Readonly<Record<string, unknown>>
  readonly inputs: Readonly<Record<string, StructSchema>>
  readonly errors: Readonly<Record<string, readonly string[]>>
  readonly lists: Readonly<Record<string, string>>
  readonly modelFile: URL
}

const modelFolder = new URL('../../../shared/aws-models/', import.meta.url)
const apis: readonly Api[] = [
  {
    name: 'the private API',
    package: '@aws-sdk/client-ecr',
    sdk,
    inputs: ecrInputs,
    errors: ecrErrors,
    lists: privateLists,
    modelFile: new URL('ecr.json', modelFolder),
  },
  {
    name: 'the public API',
    package: '@aws-sdk/client-ecr-public',
    sdk: sdkPublic,
    inputs: ecrPublicInputs,
    errors: ecrPublicErrors,
    lists: publicLists,
    modelFile: new URL('ecr-public.json', modelFolder),
  },
]

for (const api of apis) {
  describe(`what the client knows of ${api.name}`, () => {
    test('is every operation of the SDK', () => {
      const names = Object.keys(api.sdk).flatMap((name) => /^([A-Z]\w+)Command$/.exec(name)?.[1] ?? [])
      const all = names.filter((name) => name !== '$').toSorted()
      assert.deepEqual(Object.keys(api.inputs), all)
      assert.deepEqual(Object.keys(api.errors), all)
    })
    test('are the members that the SDK has, and which of them must be there', () => {
      for (const [name, input] of Object.entries(api.inputs))
        assert.deepEqual(outlineOf(input), sdkOutline(api.sdk, name).input, name)
    })
    test('are the errors that the SDK names', () => {
      for (const [name, errors] of Object.entries(api.errors))
        assert.deepEqual(errors.toSorted(), sdkErrors(api, name), name)
    })
    test('are the lists of every operation that answers in pages of one', () => {
      const paged = Object.keys(api.inputs).filter((name) => 'nextToken' in members(sdkOutline(api.sdk, name).output))
      assert.deepEqual(
        Object.keys(api.lists).toSorted(),
        paged.filter((name) => name !== 'DescribeImageScanFindings'),
      )
      for (const [name, list] of Object.entries(api.lists)) {
        const outputs = members(sdkOutline(api.sdk, name).output)
        assert.ok('list of' in members(outputs[list] ?? outputs[`${list}!`]), `${name}: ${list}`)
      }
    })
  })

  const skip = existsSync(api.modelFile) ? false : 'AWS model files are not beside this checkout (../shared/aws-models)'
  test(`the constraints of ${api.name} are those of the model`, { skip }, () => {
    const model = readModel(api.modelFile)
    for (const [name, input] of Object.entries(api.inputs))
      assert.deepEqual(plain(input), modelShape(model, model.operations[name]?.input.shape ?? ''), name)
  })
}

test('what the server declares is not drafted besides', () => {
  const declared = new Set(privateOperations.map(({ name }) => name))
  assert.deepEqual(
    Object.keys(privateDrafts).filter((name) => declared.has(name)),
    [],
  )
})

function members(outline: unknown): Readonly<Record<string, unknown>> {
  assert.ok(typeof outline === 'object' && outline !== null)
  return { ...outline }
}

function sdkErrors(api: Api, name: string): readonly string[] {
  const file = new URL(import.meta.resolve(api.package))
  const declaration = readFileSync(new URL(`../dist-types/commands/${name}Command.d.ts`, file), 'utf8')
  const errors = [...declaration.matchAll(/@throws \{@link (\w+)\}/g)].map((match) => match[1] ?? '')
  return errors.filter((error) => !/^ECR(PUBLIC)?ServiceException$/.test(error)).toSorted()
}

/** Both sides as nested lists: members in their order, `!` for required ones, constraints beside. */
function plain(schema: Schema): unknown {
  const { min, max, pattern, values } = {
    min: undefined,
    max: undefined,
    pattern: undefined,
    values: undefined,
    ...schema,
  }
  const inner =
    schema.kind === 'struct'
      ? Object.entries(schema.members).map(([name, member]) => {
          const { schema: own, required } = memberOf(member)
          return [required ? `${name}!` : name, plain(own)]
        })
      : schema.kind === 'list'
        ? plain(schema.member)
        : schema.kind === 'map'
          ? [plain(schema.key), plain(schema.value)]
          : undefined
  return [schema.kind, min, max, pattern, values, inner]
}

function modelShape(model: Model, name: string): unknown {
  const shape = model.shapes[name]
  assert.ok(shape, `the model has no shape ${name}`)
  const of = (reference: { readonly shape: string } | undefined) => modelShape(model, reference?.shape ?? '')
  const inner =
    shape.type === 'structure'
      ? Object.entries(shape.members ?? {}).map(([member, reference]) => [
          shape.required?.includes(member) ? `${member}!` : member,
          of(reference),
        ])
      : shape.type === 'list'
        ? of(shape.member)
        : shape.type === 'map'
          ? [of(shape.key), of(shape.value)]
          : undefined
  const kind = shape.type === 'structure' ? 'struct' : shape.type
  return [kind, shape.min, shape.max, shape.pattern, shape.enum, inner]
}
