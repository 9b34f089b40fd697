// `stowage admin apply`: makes identities what a file says. What differs is printed first; a second run finds nothing to do.

import { type FileHandle, open } from 'node:fs/promises'

import type { AdminCall } from '../admin/admin-call.ts'
import type { Options } from '../admin/connect.ts'
import { readTextFile, say, textOption } from '../admin/print-answer.ts'
import { CommandError } from '../command-error.ts'
import { planAccount } from './plan-account.ts'
import { readIdentityFile } from './read-identity-file.ts'
import { readServerAccount } from './server-identities.ts'
import type { KeepKey, Step } from './step.ts'

/** Throws CommandErrors: for faults in the file before anything is changed. */
export async function applyIdentities(admin: AdminCall, file: string, options: Options): Promise<void> {
  const { accounts } = readIdentityFile(file, readTextFile(file))
  const steps: Step[] = []
  for (const [accountId, wanted] of Object.entries(accounts)) {
    steps.push(...planAccount(wanted, await readServerAccount(admin, accountId), options['prune'] === true))
  }
  for (const { line } of steps) say(line)
  if (steps.length === 0) return say('nothing differs')
  say(`${steps.length} to do`)
  if (options['dryRun'] === true) return say('nothing was changed')
  await using keys = await openKeySink(textOption(options, 'keysOut'))
  for (const [done, step] of steps.entries()) {
    await step.run(admin.call, keys.keep).catch((error: unknown) => failAt(error, step, done, steps.length))
  }
  say(`done: ${steps.length}`)
}

interface KeySink extends AsyncDisposable {
  readonly keep: KeepKey
}

/** Each secret is written as soon as there is one: what fails afterwards must not lose it. Throws a CommandError when the file is there. */
async function openKeySink(path: string | undefined): Promise<KeySink> {
  if (path === undefined) {
    const keep: KeepKey = async ({ userName, accessKeyId, secretAccessKey }) =>
      say(`user ${userName}: AWS_ACCESS_KEY_ID=${accessKeyId} AWS_SECRET_ACCESS_KEY=${secretAccessKey}`)
    return { keep, [Symbol.asyncDispose]: async () => {} }
  }
  let file: FileHandle
  try {
    file = await open(path, 'wx', 0o600)
  } catch (error) {
    throw new CommandError(`cannot make ${path}: ${error instanceof Error ? error.message : String(error)}`, 2, error)
  }
  return {
    keep: async (key) => {
      await file.appendFile(`${JSON.stringify(key)}\n`)
      await file.sync()
    },
    [Symbol.asyncDispose]: () => file.close(),
  }
}

function failAt(error: unknown, { line }: Step, done: number, all: number): never {
  if (!(error instanceof CommandError)) throw error
  const sentence = `${line}: ${error.message} (${done} of ${all} were done before it; what is done stays)`
  throw new CommandError(sentence, error.exitCode, error)
}
