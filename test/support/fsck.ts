// A registry with one of everything, and fsck on it.

import { join } from 'node:path'
import { fsck, type FsckOptions, type FsckReport } from '../../src/domain/fsck/fsck.ts'
import type { Finding } from '../../src/domain/fsck/finding.ts'
import type { CheckStore } from '../../src/domain/ports/store-audit.ts'
import { createCheck } from '../../src/storage/sql/sqlite/check-database.ts'
import type { TestRegistry } from './registry.ts'

const silent = { begin: () => {}, advance: () => {} }

/** Runs fsck as the command does, beside the registry. */
export async function runFsck(
  registry: Pick<TestRegistry, 'services' | 'directory'>,
  options: Partial<FsckOptions> = {},
): Promise<{ readonly findings: readonly Finding[]; readonly report: FsckReport }> {
  const findings: Finding[] = []
  await using opened = new AsyncDisposableStack()
  const checkStore: CheckStore = createCheck(join(registry.directory, 'metadata.db'), opened, true)
  const report = await fsck(
    { ...registry.services, checkStore },
    { deep: true, repair: false, progress: silent, onFinding: (finding) => findings.push(finding), ...options },
  )
  return { findings, report }
}

/** `kind subject` of each, in byte order. */
export const linesOf = (findings: readonly Finding[]): readonly string[] =>
  findings.map(({ kind, subject }) => `${kind} ${subject}`).toSorted()
