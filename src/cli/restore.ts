// `stowage restore`: a new data directory from a backup.

import { resolve } from 'node:path'

import { findingKinds, type Finding } from '../domain/fsck/finding.ts'
import { fsck } from '../domain/fsck/fsck.ts'
import { systemClock } from '../lib/clock.ts'
import { openStores, restoreBackup } from '../stores.ts'
import { backupFailure } from './backup-failure.ts'
import { inUnits } from './in-units.ts'
import { openProgress, type Progress } from './progress.ts'

/** Gives the exit code: 1 when layers are damaged in the backup, and are not restored, or when something else is not as it should be. */
export async function restore(data: string, backup: string, asJson: boolean): Promise<number> {
  process.umask(0o077)
  const directory = resolve(backup)
  const { record, copied, copiedBytes, kept, damaged, damagedAudit, hasKeys, findings } = await attempt(
    data,
    directory,
    asJson,
  )
  const digests = damaged.map(({ digest }) => digest)
  const code = digests.length + damagedAudit.length + findings.length > 0 ? 1 : 0
  if (asJson) {
    const answer = { ...record, copied, copiedBytes, kept, damaged: digests, damagedAudit, findings }
    process.stdout.write(`${JSON.stringify(answer, undefined, 2)}\n`)
    return code
  }
  const { repositories, images, layers, layerBytes, madeAt } = record
  process.stdout.write(
    `restored into ${data}, as of ${madeAt}: ` +
      `${repositories} repositories, ${images} images, ${layers} layers of ${inUnits(layerBytes)}\n`,
  )
  if (!hasKeys) process.stdout.write('the backup has no keys: the first start makes new ones\n')
  for (const digest of digests)
    process.stdout.write(`damaged in the backup and left out, push an image that has it again: ${digest}\n`)
  for (const name of damagedAudit)
    process.stdout.write(`damaged in the backup and left out, of the audit log: ${name}\n`)
  for (const { kind, subject } of findings) process.stdout.write(`${kind} ${subject}: ${findingKinds[kind].means}\n`)
  return code
}

async function attempt(data: string, directory: string, quiet: boolean) {
  using report = openProgress({ quiet })
  try {
    await using opened = new AsyncDisposableStack()
    const restored = await restoreBackup({ directory, data, report }, opened)
    const findings = await check(data, report)
    await restored.finish()
    return { ...restored, findings }
  } catch (error) {
    throw backupFailure(`the backup was not restored into ${data}`, error)
  }
}

/** Opens it as the next start of a server would, while it can still be said that the backup is from a newer version, and looks it through. */
async function check(data: string, progress: Progress): Promise<readonly Finding[]> {
  await using opened = new AsyncDisposableStack()
  let fatal: Error | undefined
  const stores = await openStores({ data, onFatal: (error) => void (fatal ??= error) }, opened)
  const findings: Finding[] = []
  const options = { deep: false, repair: false, progress, onFinding: (finding: Finding) => void findings.push(finding) }
  await fsck({ ...stores, clock: systemClock }, options)
  if (fatal !== undefined) throw fatal
  return findings
}
