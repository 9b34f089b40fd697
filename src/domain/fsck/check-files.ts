import type { AuditTotals } from '../ports/store-audit.ts'
import type { Checking } from './checking.ts'

/** A row goes before the file of its upload does, and a sweep that removes what is left runs every few minutes. */
const sweptMs = 3_600_000

/** Files: each has an owner in a table. Gives how many files of layers there are. */
export async function checkFiles(checking: Checking, totals: AuditTotals): Promise<number> {
  const { blobs, metadata, clock, progress, report } = checking
  progress.begin('files', totals.layers)
  let count = 0
  for await (const files of blobs.list()) {
    for (const { phys, size } of files) {
      count++
      if (await metadata.read.phys.isOwned(phys)) continue
      // Out of the trash since it was listed: then it is gone. A name that nobody owns is never owned again.
      if (!(await blobs.look(phys))) continue
      await report('file-unowned', `blobs/${phys}`, `${size} bytes`, () =>
        metadata.write((tx) => tx.trash.put(phys, 'orphan', clock.now(), size)),
      )
    }
    progress.advance(files.length)
  }
  await checkUploads(checking)
  return count
}

async function checkUploads({ blobs, metadata, clock, report }: Checking): Promise<void> {
  for await (const ids of blobs.listUploads()) {
    for (const id of ids) {
      if (await metadata.read.uploads.find(id)) continue
      const changedAtMs = await blobs.uploadChangedAtMs(id)
      if (changedAtMs !== undefined && changedAtMs < clock.now() - sweptMs)
        await report('upload-unowned', `uploads/${id}`)
    }
  }
}
