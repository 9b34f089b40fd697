import { letOthersRun } from '../../lib/event-loop.ts'
import type { Services } from '../context.ts'

const batch = 500
/** No row owns a logo before its file is there, so that age is the only safe sign: no request takes so long from the file to the row. */
const requestMsMax = 3_600_000

/** Removes logos that no catalog names, as a crash between file and row leaves them. Gives how many. Safe beside running requests. */
export async function sweepLogos({
  metadata,
  logos,
  clock,
}: Pick<Services, 'metadata' | 'logos' | 'clock'>): Promise<number> {
  const before = clock.now() - requestMsMax
  const unnamed = new Set<string>()
  for await (const files of logos.list()) for (const { name, putAtMs } of files) if (putAtMs < before) unnamed.add(name)
  // The rows second: what is named while they are read has a row by then, or is no old file.
  for (let after: string | undefined; unnamed.size > 0; await letOthersRun()) {
    const rows = await metadata.read.catalog.page(after, batch)
    for (const { data } of rows) if (data.logo !== undefined) unnamed.delete(data.logo)
    after = rows.at(-1)?.repositoryId
    if (rows.length < batch) break
  }
  // Asked after the rows: a backup under a hold that begins now does not need these.
  if (await metadata.read.holds.any(clock.now())) return 0
  for (const name of unnamed) await logos.remove(name)
  return unnamed.size
}
