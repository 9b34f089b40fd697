// The identities of a running server: a copy in memory that is as new as the database. Whoever makes the services calls `refresh` a few
// times a second, so that what another process changed is seen in time (rows T6, S25).

import type { Clock } from '../../lib/clock.ts'
import { createTurns } from '../../lib/turns.ts'
import type { AccessKeys, Identities, RootKeys } from '../context.ts'
import type { Metadata } from '../ports/metadata.ts'
import { StorageFullError } from '../ports/storage-errors.ts'
import { createSnapshot, type SnapshotOptions } from './snapshot.ts'

export interface IdentitiesOptions extends SnapshotOptions {
  readonly metadata: Metadata
  readonly clock: Clock
  readonly rootKeys: RootKeys
}

export interface OpenIdentities {
  readonly identities: Identities
  /** Root keys, and those of users. */
  readonly accessKeys: AccessKeys
}

/** How exactly the last use of a key is noted. */
const usePrecisionMs = 60_000

/** Reads everything once before it resolves. */
export async function openIdentities(options: IdentitiesOptions): Promise<OpenIdentities> {
  const { metadata, clock, rootKeys, onBackgroundError } = options
  const reads = metadata.read.identities
  let snapshot = await createSnapshot(await reads.everything(), options)
  // One at a time: whoever waited finds the version that it waited for read already.
  const turns = createTurns(1)
  const noted = new Map<string, number>()

  const identities: Identities = {
    of: (caller) => snapshot.of(caller),
    arnOf: (id) => snapshot.arnOf(id),
    idOf: (arn) => snapshot.idOf(arn),
    roleOf: (arn) => snapshot.roleOf(arn),
    policyOf: (arn) => snapshot.policyOf(arn),
    knowsAccount: (accountId) => snapshot.hasAccount(accountId) || rootKeys.hasAccount(accountId),
    everything: () => snapshot.everything,
    refresh: () =>
      turns(async () => {
        if ((await reads.version()) === snapshot.everything.version) return
        snapshot = await createSnapshot(await reads.everything(), options)
        for (const accessKeyId of noted.keys()) if (!snapshot.keyRecord(accessKeyId)) noted.delete(accessKeyId)
      }),
    noteUse: (accessKeyId) => {
      const key = snapshot.keyRecord(accessKeyId)
      if (!key) return
      const nowMs = clock.now()
      const lastMs = noted.get(accessKeyId) ?? key.lastUsedAtMs
      if (lastMs !== undefined && nowMs - lastMs < usePrecisionMs) return
      noted.set(accessKeyId, nowMs)
      metadata
        .write((tx) => tx.identities.noteAccessKeyUse(accessKeyId, nowMs))
        .catch((error: unknown) => {
          // On a full disk each call would say so; those who write are told.
          if (!(error instanceof StorageFullError)) onBackgroundError('recording the use of an access key', error)
        })
    },
  }
  return {
    identities,
    accessKeys: { find: (accessKeyId) => rootKeys.find(accessKeyId) ?? snapshot.findKey(accessKeyId) },
  }
}
