// The data directory's `keys.json` (access keys, which an operator may edit) and `secrets.json` (what this server signs with).
// Both are made at the first start, readable by their owner only. A key that leaves the file stops working within a second.

import { chmodSync, readFileSync, statSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'

import { z } from 'zod'

import type { AccessKey, Caller, RootKeys, Secrets } from '../domain/context.ts'
import { idPrefixes, newAwsId, newSecretAccessKey } from '../lib/aws-ids.ts'
import type { Clock } from '../lib/clock.ts'
import { randomIds } from '../lib/ids.ts'
import { createFile, replaceFile } from './create-file.ts'

const keysFile = z.strictObject({
  keys: z
    .array(
      z.strictObject({
        accessKeyId: z.string().regex(/^\w{16,128}$/),
        secretAccessKey: z.string().min(16).max(256),
        accountId: z.string().regex(/^\d{12}$/),
      }),
    )
    .max(10_000),
})

const key32 = z.base64().refine((text) => Buffer.from(text, 'base64').length === 32, 'must be 32 bytes')
const secretsFile = z.strictObject({ pageKey: key32, tokenKeys: z.array(key32).min(1).max(16), identityKey: key32 })

/** How often the file is looked at, at most; half of the second in which a change has to be seen. */
const checkMs = 500

export interface KeyFileOptions {
  readonly directory: string
  readonly clock: Clock
  /** Told, in a sentence, what an operator should know: a mode that was too open, a file that cannot be read any more. */
  readonly warn: (sentence: string) => void
}

/**
 * Makes the files when they are missing: a root key of `accountId`, and fresh secrets. The directory exists and is locked. With `durable` false they
 * need not survive a crash of the machine.
 */
export async function createKeyFiles(directory: string, accountId: string, durable = true): Promise<void> {
  const accessKeyId = newAwsId(randomIds, idPrefixes.accessKey)
  const key = { accessKeyId, secretAccessKey: newSecretAccessKey(randomIds), accountId }
  await createFile(keysPath(directory), `${JSON.stringify({ keys: [key] }, undefined, 2)}\n`, durable)
  const secrets = { pageKey: newKey32(), tokenKeys: [newKey32()], identityKey: newKey32() }
  await createFile(secretsPath(directory), `${JSON.stringify(secrets, undefined, 2)}\n`, durable)
  await addIdentityKey(directory)
}

/** Files of versions before there were users lack it. Nothing else in the file changes, nor does a file that can not be read. */
async function addIdentityKey(directory: string): Promise<void> {
  const file = secretsPath(directory)
  const older = secretsFile.omit({ identityKey: true }).safeParse(parse(readFileSync(file, 'utf8')))
  if (!older.success) return
  await replaceFile(file, `${JSON.stringify({ ...older.data, identityKey: newKey32() }, undefined, 2)}\n`)
}

const newKey32 = (): string => randomBytes(32).toString('base64')

/** The access keys of `keys.json`, read again when the file changes. Throws when it cannot be read now. */
export function openAccessKeys({ directory, clock, warn }: KeyFileOptions): RootKeys {
  const file = keysPath(directory)
  closeToOthers(file, warn)
  let version = versionOf(file)
  let keys = byId(readKeys(directory))
  let checkedAtMs = clock.now()
  const refresh = () => {
    const nowMs = clock.now()
    // A clock that was set back must not stop the looking.
    if (nowMs >= checkedAtMs && nowMs - checkedAtMs < checkMs) return
    checkedAtMs = nowMs
    const current = versionOf(file)
    if (current === version) return
    version = current
    if (current === undefined) {
      warn(`${file} is gone: no access key is accepted until it is back`)
      keys = new Map()
      return
    }
    try {
      closeToOthers(file, warn)
      keys = byId(readKeys(directory))
    } catch (error) {
      // Somebody may be writing it just now; the next change is read again.
      warn(`the access keys stay as they were: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return {
    find: (accessKeyId) => {
      refresh()
      return keys.get(accessKeyId)
    },
    hasAccount: (accountId) => {
      refresh()
      return keys.values().some(({ principal }) => principal.accountId === accountId)
    },
  }
}

/** The keys of the file in its order, for the command line. Throws, in a sentence, when they cannot be read. */
export function readKeys(directory: string): readonly AccessKey[] {
  const { keys } = readDocument(keysPath(directory), keysFile)
  return keys.map(({ accountId, ...key }) => ({ ...key, principal: rootPrincipal(accountId, key.accessKeyId) }))
}

export function readSecrets({ directory, warn }: Pick<KeyFileOptions, 'directory' | 'warn'>): Secrets {
  const file = secretsPath(directory)
  closeToOthers(file, warn)
  const { pageKey, tokenKeys, identityKey } = readDocument(file, secretsFile)
  const bytes = (text: string) => Buffer.from(text, 'base64')
  return { pageKey: bytes(pageKey), tokenKeys: tokenKeys.map(bytes), identityKey: bytes(identityKey) }
}

/** Whom a root key of the account stands for. */
export function rootPrincipal(accountId: string, accessKeyId: string): Caller {
  return { kind: 'root', accountId, arn: `arn:aws:iam::${accountId}:root`, userId: accountId, accessKeyId }
}

function byId(keys: readonly AccessKey[]): ReadonlyMap<string, AccessKey> {
  return new Map(keys.map((key) => [key.accessKeyId, key]))
}

function keysPath(directory: string): string {
  return join(directory, 'keys.json')
}

function secretsPath(directory: string): string {
  return join(directory, 'secrets.json')
}

function readDocument<S extends z.ZodType>(file: string, schema: S): z.output<S> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`cannot read ${file}: ${reason}`, { cause: error })
  }
  const result = schema.safeParse(parse(text))
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new Error(
    `cannot use ${file}: ${issue?.path.join('.') || 'the document'} is wrong (${issue?.code ?? 'unknown'})`,
  )
}

/** `undefined` for what is not JSON: the parser's own message would quote the text, and the text is secret. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What changes when a file is written or replaced; `undefined` when there is none. */
function versionOf(file: string): string | undefined {
  const stat = statSync(file, { throwIfNoEntry: false, bigint: true })
  return stat && `${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`
}

function closeToOthers(file: string, warn: (sentence: string) => void): void {
  const mode = statSync(file).mode & 0o777
  if ((mode & 0o077) === 0 || process.platform === 'win32') return
  chmodSync(file, 0o600)
  warn(`${file} could be read by others (mode ${mode.toString(8)}); now it cannot, but its keys may be known`)
}
