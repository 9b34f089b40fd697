// F8b: no file may be larger than so much (`ulimit -f`). A layer that is larger is refused clearly and soon, others are taken, and the server
// goes on.

import { findProgram } from '../../test/support/client.ts'
import { seededBytes, sha256 } from '../../test/support/image-layout.ts'
import { NoAnswerError, RefusedError } from '../data-plane.ts'
import type { FaultContext, FaultResult, FaultTest } from '../fault-test.ts'
import { openSession, type Session } from '../session.ts'
import { uploadWhole } from '../uploads.ts'

const MiB = 1024 * 1024
/** More than the database's log grows to between two checkpoints: that is another failure, and F9's. */
const limitBytes = 12 * MiB
const rounds = { quick: 3, full: 40 } as const
const tellMs = 5_000
const repository = 'faults/one'

export const f8bSize: FaultTest = {
  id: 'F8b',
  title: 'A limit to the size of files',
  needs: { programs: ['prlimit'] },
  seconds: { quick: 1, full: 1 },
  run: async (context) => {
    const prefix = [findProgram('prlimit') ?? 'prlimit', `--fsize=${limitBytes}`]
    // The ballast is a file as well.
    const server = { prefix, flags: ['--ballast-mib', '4', '--log-level', 'warn'] }
    const session = await openSession(context, { name: 'size', server, errorsExpected: true })
    try {
      return await pushTooMuch(context, session)
    } finally {
      await session.close()
    }
  },
}

async function pushTooMuch({ quick, seed }: FaultContext, session: Session): Promise<FaultResult> {
  const { problems, registry } = session
  const report = (text: string) => problems.push({ rule: 'F8b', text })
  let [refused, taken, slowestMs] = [0, 0, 0]
  for (let round = 0; round < rounds[quick ? 'quick' : 'full'] && problems.length === 0; round++) {
    const startMs = performance.now()
    const large = await push(session, `${seed}/${round}/large`, limitBytes + MiB)
    slowestMs = Math.max(slowestMs, Math.round(performance.now() - startMs))
    const isClear = large instanceof RefusedError && large.status === 507 && large.message.includes('full')
    if (isClear) refused++
    else report(`a layer larger than a file may be was answered with ${large?.message ?? 'success'}`)
    const small = await push(session, `${seed}/${round}/small`, MiB)
    if (small === undefined) taken++
    else report(`a layer that is small enough was refused: ${small.message}`)
  }
  if (slowestMs > tellMs) report(`a layer that is too large was refused after ${slowestMs} ms`)
  if (registry.process().outcome() !== undefined) report(`the server ended with ${registry.process().outcome()}`)
  await session.check('all')
  return {
    figures: {
      'too large, and refused': refused,
      'small enough, and taken': taken,
      'slowest refusal in ms': slowestMs,
    },
    problems,
  }
}

/** What it was refused with, if it was. */
async function push(
  { registry, journal }: Session,
  seed: string,
  size: number,
): Promise<RefusedError | NoAnswerError | undefined> {
  const bytes = seededBytes(seed, size)
  const blob = { digest: sha256(bytes), size, bytes: () => bytes }
  const pending = journal.attempt('client', { kind: 'blob', repository, digest: blob.digest, size })
  try {
    await uploadWhole(registry.target, repository, blob)
    pending.ack()
    return undefined
  } catch (error) {
    if (!(error instanceof RefusedError || error instanceof NoAnswerError)) throw error
    pending.lost(error.message)
    return error
  }
}
