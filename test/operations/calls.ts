// Operations as their clients see them: JSON in, JSON out, and each refusal compared whole.

import assert from 'node:assert/strict'

import type { Context } from '../../src/domain/context.ts'
import { EcrError } from '../../src/model/errors.ts'
import { decode, encode, WireTypeError } from '../../src/model/wire.ts'
import type { Operation } from '../../src/operations/operation.ts'
import { openTestRegistry, type TestRegistry, type TestRegistryOptions } from '../support/registry.ts'

/** A test, or the `after` of node:test for all tests of a file. */
export interface Closes {
  readonly after: (close: () => Promise<void>) => void
}

/** A registry that is closed after the test, which fails when work after an answer went wrong. */
export async function openRegistry(t: Closes, options: TestRegistryOptions = {}): Promise<TestRegistry> {
  const registry = await openTestRegistry(options)
  t.after(async () => {
    await registry.close()
    assert.deepEqual(registry.backgroundErrors, [])
  })
  return registry
}

/** Performs an operation for a JSON document, and gives the JSON of its answer. */
export async function call(
  registry: TestRegistry,
  operation: Operation,
  input: unknown,
  ctx: Context = registry.ctx(),
): Promise<unknown> {
  return encode(operation.output, await registry.perform(operation, decode(operation.input, input), ctx))
}

export interface Refusal {
  readonly name: string
  readonly message: string
  /** What an error carries beside its message. */
  readonly members?: Readonly<Record<string, unknown>>
}

/** Asserts that a call is refused in exactly these words. */
export async function assertRefused(
  registry: TestRegistry,
  operation: Operation,
  input: unknown,
  expected: Refusal,
  ctx: Context = registry.ctx(),
): Promise<void> {
  assert.deepEqual(await refusalOf(call(registry, operation, input, ctx)), { members: {}, ...expected })
}

/** The refusal that a call ends with. */
export async function refusalOf(answer: Promise<unknown>): Promise<Refusal> {
  const error: unknown = await answer.then(
    (value) => assert.fail(`was not refused: ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  )
  return toRefusal(error)
}

/** What was thrown, as a refusal. */
export function toRefusal(error: unknown): Refusal {
  if (error instanceof EcrError) return { name: error.name, message: error.message, members: error.members }
  if (error instanceof WireTypeError) return { name: error.name, message: error.message, members: {} }
  throw error
}

/** ECR's sentence for an argument that breaks a constraint. */
export function invalid(parameter: string, constraint: string): Refusal {
  return {
    name: 'InvalidParameterException',
    message: `Invalid parameter at '${parameter}' failed to satisfy constraint: '${constraint}'`,
  }
}

/** The protocol's refusal of a value that is not of its member's type. */
export function wrongType(message: string): Refusal {
  return { name: 'WireTypeError', message }
}
