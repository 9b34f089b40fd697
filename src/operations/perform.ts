// The one way in. Every protocol, the console and the command line call `perform`; nothing else runs a handler.

import { authorise } from '../domain/authorisation/authorise.ts'
import type { Context } from '../domain/context.ts'
import { StorageBusyError, StorageFullError } from '../domain/ports/storage-errors.ts'
import { EcrError, fail } from '../model/errors.ts'
import { violation } from '../model/violation.ts'
import { undeclared, type Operation } from './operation.ts'

/**
 * Runs an operation: validate, authorise, handle, check the error against the declaration.
 * Throws an `EcrError` and nothing else for whatever a client can cause; anything else it throws is a defect.
 */
export async function perform<I, O>(operation: Operation<I, O>, ctx: Context, input: I): Promise<O> {
  try {
    await permit(operation, ctx, input)
    return await operation.handle(ctx, input)
  } catch (error) {
    throw asDeclared(operation, error)
  }
}

/**
 * Validates and authorises without running: for the data plane, where bytes are streamed past the operation (`layers.append`), or
 * where an answer needs another page of the same reading. What follows must be exactly what the operation permits.
 */
export async function permit<I, O>(operation: Operation<I, O>, ctx: Context, input: I): Promise<void> {
  const broken = violation(operation.input, input)
  if (broken) fail('InvalidParameterException', broken)
  authorise(ctx, operation.allow.action, await operation.allow.resource(ctx, input))
}

/** Storage's own failures become ServerException; an EcrError that the model does not declare for this operation is a defect. */
export function asDeclared(operation: Pick<Operation, 'name' | 'errors'>, error: unknown): unknown {
  if (error instanceof StorageFullError) return thrown(() => fail('ServerException/storageFull'))
  if (error instanceof StorageBusyError) return thrown(() => fail('ServerException/busy'))
  if (!(error instanceof EcrError)) return error
  if (operation.errors.includes(error.name) || undeclared.includes(error.name)) return error
  return new Error(`${operation.name} raised ${error.name}, which it does not declare`, { cause: error })
}

function thrown(raise: () => never): unknown {
  try {
    return raise()
  } catch (error) {
    return error
  }
}
