// What connections leave in a server when they are over: nothing, a moment later.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

import type { FaultResult } from './fault-test.ts'
import type { Session } from './session.ts'

/** Until the server has seen the end of the last connection. */
const calmMs = 15_000
/** Descriptors that come and go by themselves. */
const fileSlack = 2

/** Descriptors that the server has open. */
export const openFiles = ({ registry }: Pick<Session, 'registry'>): number =>
  readdirSync(`/proc/${registry.process().pid}/fd`).length

/** Waits for calm, and reports what is more than the descriptors of before: descriptors, files and rows of uploads. */
export async function whatStays(session: Session, rule: string, filesBefore: number): Promise<FaultResult['figures']> {
  const { dataDir } = session.registry
  const look = () => {
    using database = new DatabaseSync(join(dataDir, 'metadata.db'), { readOnly: true })
    const rows = Number(database.prepare('select count(*) as count from upload').get()?.['count'])
    return { files: openFiles(session) - filesBefore, parts: readdirSync(join(dataDir, 'uploads')).length, rows }
  }
  const isCalm = ({ files, parts, rows }: ReturnType<typeof look>) => files <= fileSlack && parts === 0 && rows === 0
  const deadlineMs = Date.now() + calmMs
  let seen = look()
  while (!isCalm(seen) && Date.now() < deadlineMs) {
    await sleep(250)
    seen = look()
  }
  if (!isCalm(seen)) {
    const text = `${seen.files} descriptors, ${seen.parts} files and ${seen.rows} rows of uploads stay in the server`
    session.problems.push({ rule, text })
  }
  return { 'descriptors that stay': Math.max(0, seen.files), 'uploads that stay': seen.rows + seen.parts }
}
