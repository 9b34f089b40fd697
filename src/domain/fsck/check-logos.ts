import { createHash } from 'node:crypto'
import type { Checking } from './checking.ts'
import { repositoryNamed } from './names.ts'

const batch = 500
/** A file comes before its row: no request takes so long from the one to the other. */
const requestMsMax = 3_600_000

/** Logos: those that catalogs name are there and, deep, undamaged; and no other one is. */
export async function checkLogos(checking: Checking): Promise<void> {
  const { logos, clock, progress, report } = checking
  progress.begin('logos', 1)
  const before = clock.now() - requestMsMax
  const unnamed = new Set<string>()
  for await (const files of logos.list()) for (const { name, putAtMs } of files) if (putAtMs < before) unnamed.add(name)
  // The rows second: what is named while they are read has a row by then, or is no old file.
  await checkNamed(checking, (name) => unnamed.delete(name))
  for (const name of unnamed) await report('logo-unowned', `logos/${name}.png`)
  progress.advance()
}

async function checkNamed(checking: Checking, onNamed: (name: string) => void): Promise<void> {
  const { metadata, report } = checking
  for (let after: string | undefined; ;) {
    const rows = await metadata.read.audit.documents('catalog data', after, batch)
    for (const { repositoryId, text } of rows) {
      const name = logoIn(text)
      if (name === undefined) continue
      onNamed(name)
      const fault = await faultOf(checking, name)
      if (!fault || !(await isNamed(checking, repositoryId, name))) continue
      await report(fault, await repositoryNamed(checking, repositoryId), `logos/${name}.png`)
    }
    after = rows.at(-1)?.repositoryId
    if (rows.length < batch) return
  }
}

async function faultOf({ logos, deep }: Checking, name: string): Promise<'logo-missing' | 'logo-content' | undefined> {
  const bytes = await logos.read(name)
  if (!bytes) return 'logo-missing'
  const isRight = !deep || name.startsWith(createHash('sha256').update(bytes).digest('hex'))
  return isRight ? undefined : 'logo-content'
}

/** Whether the catalog still names it, after its file was looked at: a row gives its file up before that is removed. */
async function isNamed({ metadata }: Checking, repositoryId: string, name: string): Promise<boolean> {
  const catalog = await metadata.read.catalog.find(repositoryId)
  return catalog?.logo === name
}

/** The logo that a catalog names; what is no catalog has been reported. */
function logoIn(text: string): string | undefined {
  try {
    const { logo } = JSON.parse(text) as { readonly logo?: unknown } // Only the catalog's `put` writes the column.
    return typeof logo === 'string' ? logo : undefined
  } catch {
    return undefined
  }
}
