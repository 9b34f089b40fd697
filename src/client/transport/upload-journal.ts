// What is known of uploads that are under way, in files, because no operation of ECR tells it: a push that was killed goes on where it
// was. One small file for each layer and target. Losing one costs an upload, never an image.

import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

import type { Digest } from '../../lib/digest.ts'
import { fileError } from './transport-error.ts'
import { writeFileWhole } from './write-file.ts'
import { isAlive } from '../../lib/is-alive.ts'
import { errorCode } from '../../lib/error-code.ts'

/** An upload as far as it is known to have come. */
export interface OpenUpload {
  /** ECR's upload id, or the URL of an upload at `/v2/`. */
  readonly uploadId: string
  /** Bytes of each part but the last. */
  readonly partBytes: number
  /** Bytes that the registry said it has. */
  readonly sentBytes: number
}

/** The journal of one layer for one target. */
export interface JournalEntry {
  find(): Promise<OpenUpload | undefined>
  save(upload: OpenUpload): Promise<void>
  forget(): Promise<void>
  /** Lets another push have it. */
  release(): void
}

export interface UploadJournal {
  /** `undefined` while another push, here or in another process, works on the same layer for the same target: then there are two uploads. */
  claim(target: string, digest: Digest): Promise<JournalEntry | undefined>
}

/** ECR's uploads do not live longer than a day here, and no longer is documented anywhere. */
const lifeMs = 24 * 60 * 60 * 1000
const claimed = new Set<string>()

/** `$XDG_CACHE_HOME/stowage/uploads`: https://specifications.freedesktop.org/basedir-spec/latest/ */
export function defaultJournalDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const cache = env['XDG_CACHE_HOME']
  return join(cache !== undefined && cache.startsWith('/') ? cache : join(homedir(), '.cache'), 'stowage', 'uploads')
}

/** Opens the journal in `directory`, which is made when it is needed; what is too old to be of use is removed. */
export function openUploadJournal(directory: string, now: () => number = Date.now): UploadJournal {
  let prepared: Promise<void> | undefined
  return {
    claim: async (target, digest) => {
      await (prepared ??= prepare(directory, now()))
      const file = join(directory, `${createHash('sha256').update(`${target}\n${digest}`).digest('hex')}.json`)
      if (claimed.has(file)) return undefined
      claimed.add(file)
      const before = await read(file)
      if (before !== undefined && before.pid !== process.pid && isAlive(before.pid)) {
        claimed.delete(file)
        return undefined
      }
      return {
        find: async () => (before && before.savedAtMs > now() - lifeMs ? before : undefined),
        save: (upload) =>
          writeFileWhole(file, [
            Buffer.from(JSON.stringify({ target, digest, ...upload, pid: process.pid, savedAtMs: now() })),
          ]),
        forget: () => rm(file, { force: true }),
        release: () => void claimed.delete(file),
      }
    },
  }
}

interface Saved extends OpenUpload {
  readonly pid: number
  readonly savedAtMs: number
}

/** A file that is torn or of another form counts as none. */
async function read(file: string): Promise<Saved | undefined> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return ''
    throw fileError(file, error)
  })
  try {
    // Looked at below, member by member.
    const json = JSON.parse(text) as Partial<Record<keyof Saved, unknown>>
    const { uploadId, partBytes, sentBytes, pid, savedAtMs } = json
    const numbers = [partBytes, sentBytes, pid, savedAtMs].every((value) => Number.isSafeInteger(value))
    return typeof uploadId === 'string' && numbers ? (json as Saved) : undefined
  } catch {
    return undefined
  }
}

async function prepare(directory: string, nowMs: number): Promise<void> {
  try {
    // It names images and repositories: nobody else's business.
    await mkdir(directory, { recursive: true, mode: 0o700 })
    for (const name of await readdir(directory)) {
      if (!name.endsWith('.json') && !name.startsWith('.partial-')) continue
      const file = join(directory, name)
      const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: nowMs })) // removed meanwhile, by its own push
      if (mtimeMs < nowMs - lifeMs) await rm(file, { force: true })
    }
  } catch (error) {
    throw fileError(directory, error)
  }
}
