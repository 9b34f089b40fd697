// The one way in. Every protocol, the console and the command line call `perform`; nothing else runs a handler.

import { authorise } from '../domain/authorisation/authorise.ts'
import type { Context } from '../domain/context.ts'
import { StorageBusyError, StorageFullError } from '../domain/ports/storage-errors.ts'
import { EcrError, fail } from '../model/errors.ts'
import { violation } from '../model/violation.ts'
import { auditEvent, isReadOnly, recordOutcome } from './audit-event.ts'
import { undeclared, type Operation, type Permission } from './operation.ts'
import { recordChange, type RecordedRun } from './record-change.ts'
import { refuseInput } from './refuse-input.ts'

/**
 * Runs an operation: validate, authorise, handle, check the error against the declaration, record the outcome.
 * Throws an `EcrError` and nothing else for whatever a client can cause; anything else it throws is a defect.
 */
export function perform<I, O>(operation: Operation<I, O>, ctx: Context, input: I): Promise<O> {
  return performBy(operation, ctx, input, (recorded) => operation.handle(recorded, input))
}

/**
 * Validates and authorises without running: for the data plane, where an answer needs another page of the same reading, or bytes that it
 * serves itself. What follows must be exactly what the operation permits.
 */
export async function permit<I, O>(operation: Operation<I, O>, ctx: Context, input: I): Promise<void> {
  await performBy(operation, ctx, input, () => Promise.resolve(undefined))
}

/**
 * The same with `run` in place of the handler: for bytes that are streamed past the operation (`appendToUpload`). It has to work with the context it is
 * given, which records what is changed.
 */
export async function performBy<I, O, R>(
  operation: Operation<I, O>,
  ctx: Context,
  input: I,
  run: (recorded: Context) => Promise<R>,
): Promise<R> {
  let resource: string | undefined
  let output: R
  // Of what only reads, most is not recorded and needs none.
  let eventID: string | undefined
  let running: RecordedRun | undefined
  const record = (outcome: { readonly output: R } | { readonly error: unknown }) => {
    const storedAs = running?.end()
    const isTaken = recordOutcome(operation, ctx, input, { resource, ...outcome }, eventID)
    if (storedAs === undefined) return
    if (isTaken === true) ctx.outbox.delivered(storedAs)
    else if (isTaken !== false) void isTaken.then((taken) => taken && ctx.outbox.delivered(storedAs))
  }
  try {
    const broken = violation(operation.input, input)
    if (broken) refuseInput(operation, input, broken)
    ctx.identities.noteUse(ctx.caller.accessKeyId)
    if (!operation.allow.anyone) {
      const named = operation.allow.resource(ctx, input)
      resource = typeof named === 'string' ? named : await named
      await authoriseOn(operation.allow, ctx, input, resource)
    }
    if (ctx.audit.level !== 'off' && !isReadOnly(operation.name)) {
      const id = ctx.ids.uuid()
      eventID = id
      running = recordChange(ctx, () => auditEvent(operation, ctx, input, { resource }, id))
    }
    output = await run(running?.ctx ?? ctx)
  } catch (thrownError) {
    const error = asDeclared(operation, thrownError)
    record({ error })
    throw error
  }
  record({ output })
  return output
}

/**
 * Fails with AccessDenied unless the caller may do it, before anything is said of what it asks for. Only a denial is recorded: what is allowed is
 * performed next.
 */
export async function requireAllowed<I, O>(operation: Operation<I, O>, ctx: Context, input: I): Promise<void> {
  const { allow } = operation
  if (allow.anyone) return
  const resource = await allow.resource(ctx, input)
  try {
    await authoriseOn(allow, ctx, input, resource)
  } catch (error) {
    void recordOutcome(operation, ctx, input, { resource, error })
    throw error
  }
}

/** Fails with AccessDenied unless the caller has the permission for this input. */
export async function authoriseFor<I>(allow: Permission<I>, ctx: Context, input: I): Promise<void> {
  if (!allow.anyone) await authoriseOn(allow, ctx, input, await allow.resource(ctx, input))
}

async function authoriseOn<I>(allow: Permission<I>, ctx: Context, input: I, resource: string): Promise<void> {
  if (allow.judge) return allow.judge(ctx, input)
  const circumstances = allow.circumstances?.(input)
  await authorise(ctx, allow.action, resource, circumstances)
  for (const action of allow.also?.(input) ?? []) await authorise(ctx, action, resource, circumstances)
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
