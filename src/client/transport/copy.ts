// The way in: an image from one reference to another.

import { copyImage, type CopyImageOptions, type CopyReport } from './copy-image.ts'
import { openPlace, type PlaceOptions } from './open-place.ts'
import { parseReference } from './parse-reference.ts'
import { transportFail } from './transport-error.ts'

export interface CopyOptions extends CopyImageOptions, PlaceOptions {}

/**
 * Copies an image between two references (`parseReference` says how they are written): every platform of it, unless one is chosen.
 * What the target has is not sent. Fails with a TransportError; then the target shows nothing new, and an interrupted upload is gone on
 * with by the next copy of the same layer to the same repository.
 */
export async function copy(source: string, target: string, options: CopyOptions = {}): Promise<CopyReport> {
  const from = await openPlace(source, { ...options, overwrite: false })
  try {
    const to = await openPlace(target, options)
    try {
      return await copyImage(from, to, options)
    } finally {
      await to.close()
    }
  } finally {
    await from.close()
  }
}

/** `copy` into a registry. Fails with InvalidReference when the target is none. */
export async function push(source: string, target: string, options: CopyOptions = {}): Promise<CopyReport> {
  requireRegistry(target, options)
  return copy(source, target, options)
}

/** `copy` out of a registry. Fails with InvalidReference when the source is none. */
export async function pull(source: string, target: string, options: CopyOptions = {}): Promise<CopyReport> {
  requireRegistry(source, options)
  return copy(source, target, options)
}

function requireRegistry(text: string, options: CopyOptions): void {
  const { kind } = parseReference(text, options)
  if (kind === 'ecr' || kind === 'ecr-public' || kind === 'registry') return
  transportFail('InvalidReference', { text, reason: 'it names no registry' })
}
