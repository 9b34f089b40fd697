// `stowage backup`: a copy of everything, made beside the running server or without one.

import { resolve } from 'node:path'

import { systemClock } from '../lib/clock.ts'
import { randomIds } from '../lib/ids.ts'
import { backUp, openStoresForCommand } from '../stores.ts'
import { backupFailure } from './backup-failure.ts'
import { inUnits } from './in-units.ts'
import { openProgress } from './progress.ts'
import { version } from './version.ts'

export interface BackupCommandOptions {
  readonly directory: string
  readonly withKeys: boolean
  readonly withAudit: boolean
  readonly asJson: boolean
}

/** Gives the exit code: 1 when layers were damaged, and are not in the backup. */
export async function makeBackup(data: string, options: BackupCommandOptions): Promise<number> {
  // It holds keys, but also images and the names of repositories.
  process.umask(0o077)
  const { withKeys, asJson } = options
  const target = resolve(options.directory)
  const { record, copied, copiedBytes, kept, damaged } = await attempt(data, { ...options, directory: target })
  const digests = damaged.map(({ digest }) => digest)
  if (asJson) {
    const answer = { ...record, copied, copiedBytes, kept, damaged: digests }
    process.stdout.write(`${JSON.stringify(answer, undefined, 2)}\n`)
  } else {
    const { repositories, images, layers, layerBytes } = record
    process.stdout.write(
      `backup of ${data} in ${target}, as of ${record.madeAt}\n` +
        `${repositories} repositories, ${images} images, ${layers} layers of ${inUnits(layerBytes)}: ` +
        `${copied} files copied (${inUnits(copiedBytes)}), ${kept} were there already\n`,
    )
    if (!withKeys) process.stdout.write('without keys: a restored server makes new ones\n')
    for (const digest of digests) process.stdout.write(`damaged and left out: ${digest}\n`)
  }
  return digests.length > 0 ? 1 : 0
}

async function attempt(data: string, { directory, withKeys, withAudit, asJson }: BackupCommandOptions) {
  using report = openProgress({ quiet: asJson })
  try {
    let fatal: Error | undefined
    const onFatal = (error: Error) => void (fatal ??= error)
    await using stores = await openStoresForCommand({ data, onFatal })
    const { metadata } = stores
    const backup = await backUp({
      data,
      metadata,
      directory,
      withKeys,
      withAudit,
      version,
      clock: systemClock,
      ids: randomIds,
      report,
    })
    if (fatal !== undefined) throw fatal
    return backup
  } catch (error) {
    throw backupFailure('the backup was not made', error)
  }
}
