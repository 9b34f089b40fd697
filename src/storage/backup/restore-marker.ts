// The data directory's `restoring`: there while a restore is under way, or was cut. A server does not start on such a directory.

import { lstat, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { syncDirectory } from '../disk-layout.ts'

const pathIn = (data: string): string => join(data, 'restoring')

export async function putRestoreMarker(data: string): Promise<void> {
  const handle = await open(pathIn(data), 'w', 0o600)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
  await syncDirectory(data)
}

export async function removeRestoreMarker(data: string): Promise<void> {
  await rm(pathIn(data), { force: true })
  await syncDirectory(data)
}

export async function isRestoring(data: string): Promise<boolean> {
  return (await lstat(pathIn(data)).catch(() => undefined)) !== undefined
}
