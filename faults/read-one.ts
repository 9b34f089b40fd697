// One layer, read as a client does that trusts nobody: an answer that is complete has the right bytes, or is a problem.

import { NoAnswerError, send, type Target } from './data-plane.ts'
import type { Problem } from './fault-test.ts'
import type { Part } from './journal.ts'
import { sha256 } from '../test/support/image-layout.ts'

interface Wanted extends Part {
  readonly repository: string
}

/** What came: all bytes and the right ones, a refusal, or an answer that was cut. */
export type Delivered = 'whole' | 'refused' | 'cut' | 'wrong'

export async function deliver(target: Target, { repository, digest, size }: Wanted): Promise<Delivered> {
  try {
    const answer = await send(target, { method: 'GET', path: `/v2/${repository}/blobs/${digest}` })
    if (answer.status !== 200) return 'refused'
    return answer.body.length === size && sha256(answer.body) === digest ? 'whole' : 'wrong'
  } catch (error) {
    if (error instanceof NoAnswerError) return 'cut'
    throw error
  }
}

/** A range, compared with the bytes that were pushed. */
export async function deliverRange(
  target: Target,
  { repository, digest }: Wanted,
  bytes: Buffer,
  [first, last]: readonly [number, number],
): Promise<Delivered> {
  try {
    const headers = { range: `bytes=${first}-${last}` }
    const answer = await send(target, { method: 'GET', path: `/v2/${repository}/blobs/${digest}`, headers })
    if (answer.status !== 206) return 'refused'
    return answer.body.equals(bytes.subarray(first, last + 1)) ? 'whole' : 'wrong'
  } catch (error) {
    if (error instanceof NoAnswerError) return 'cut'
    throw error
  }
}

export async function readOne(target: Target, wanted: Wanted): Promise<readonly Problem[]> {
  const delivered = await deliver(target, wanted)
  if (delivered !== 'wrong') return []
  return [{ rule: 'C2', text: `${wanted.digest} was answered 200, whole, with other bytes` }]
}
