// The input check: every fault at once, before anything is sent, by the declarations and in the words of the service itself.

import { sentences } from '../model/errors.ts'
import type { StructSchema } from '../model/schema.ts'
import { violations } from '../model/violation.ts'
import { coerceInput } from './coerce-input.ts'
import type { InputFault } from './errors.ts'

/** The input as the SDK takes it, and all that is wrong with it. */
export interface Checked {
  readonly value: Readonly<Record<string, unknown>>
  readonly faults: readonly InputFault[]
}

/** Fails as a stream in the input does. */
export async function checkInput(schema: StructSchema, input: unknown): Promise<Checked> {
  const { value, faults } = await coerceInput(schema, input)
  return { value, faults: faultsOf(schema, value, faults) }
}

/**
 * What is wrong with a coerced input, in the order of the operation's members. A member with something of a wrong type in it has those faults only:
 * its constraints mean nothing then.
 */
function faultsOf(
  schema: StructSchema,
  value: Readonly<Record<string, unknown>>,
  wrongTypes: readonly InputFault[],
): readonly InputFault[] {
  // Not even an object: nothing more can be said.
  if (wrongTypes.some(({ parameter }) => parameter === '')) return wrongTypes
  const known = Object.entries(schema.members).flatMap(([name, member]) => {
    const wrong = wrongTypes.filter(({ parameter }) => rootOf(parameter) === name)
    if (wrong.length > 0) return wrong
    return violations({ kind: 'struct', members: { [name]: member } }, value).map(({ parameter, constraint }) => ({
      parameter,
      message: sentences.InvalidParameterException.text({ parameter, constraint }),
    }))
  })
  return [...known, ...wrongTypes.filter(({ parameter }) => !Object.hasOwn(schema.members, rootOf(parameter)))]
}

const rootOf = (parameter: string) => parameter.split('.')[0] ?? ''
