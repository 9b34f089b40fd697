// Logos of public repositories. Rules: user guide of Amazon ECR Public, "Repository catalog data": 60 to 2,048 pixels on each side, at most
// 500 KB. PNG alone: what browsers show must not be able to carry scripts, as SVG can.

import { crc32 } from 'node:zlib'
import { digestOf, hexOf } from '../../lib/digest.ts'
import { EcrError, fail } from '../../model/errors.ts'
import type { Context } from '../context.ts'

const pixelsMin = 60
const pixelsMax = 2048

/**
 * Keeps a logo's file while `work` names it in the tables. Without bytes there is no name. Fails with InvalidParameter for what is no
 * PNG of the right size, and as `work` does; then the file is gone again.
 */
export async function keepLogo<T>(
  ctx: Context,
  bytes: Uint8Array | undefined,
  work: (name: string | undefined) => Promise<T>,
): Promise<T> {
  if (bytes === undefined || bytes.byteLength === 0) return work(undefined)
  checkLogo(bytes)
  // The random part makes a name belong to one use of it: removing an old logo can not take another's file away.
  const name = `${hexOf(digestOf(bytes))}-${ctx.ids.hex(8)}`
  await ctx.logos.put(name, bytes)
  try {
    return await work(name)
  } catch (error) {
    // After a refusal nothing names the file; after any other failure the transaction may have been committed all the same.
    if (error instanceof EcrError) await dropLogo(ctx, name)
    throw error
  }
}

/** Removes a file that no row names any more; while a hold lasts it is left to the sweep after the next start. The request is done already: a failure is told and leaves a file that nobody sees. */
export async function dropLogo(ctx: Context, name: string | undefined): Promise<void> {
  if (name === undefined) return
  try {
    if (!(await ctx.metadata.read.holds.any(ctx.clock.now()))) await ctx.logos.remove(name)
  } catch (error) {
    ctx.onBackgroundError('removing a logo', error)
  }
}

/** Whether two names are of the same bytes. */
export function isSameLogo(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && one.slice(0, 64) === other?.slice(0, 64)
}

/** Fails with InvalidParameter unless the bytes are a PNG of the allowed size. */
function checkLogo(bytes: Uint8Array): void {
  const constraint = logoFault(bytes)
  if (constraint !== undefined) fail('InvalidParameterException', { parameter: 'logoImageBlob', constraint })
}

/** What is wrong with a logo's bytes; `undefined` for a PNG of the allowed size. */
export function logoFault(bytes: Uint8Array): string | undefined {
  const size = pngSize(bytes)
  if (size === undefined) return 'must be a PNG image'
  const isOutside = [size.width, size.height].some((pixels) => pixels < pixelsMin || pixels > pixelsMax)
  return isOutside ? `must be between ${pixelsMin} and ${pixelsMax} pixels wide and high` : undefined
}

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

/**
 * Width and height of a PNG whose chunks are sound from IHDR to IEND, with nothing after it: a file that is a PNG and something else as
 * well is none. https://www.w3.org/TR/png-3/#5DataRep
 */
function pngSize(bytes: Uint8Array): { readonly width: number; readonly height: number } | undefined {
  const png = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (!png.subarray(0, 8).equals(signature)) return undefined
  let at = 8
  let size: { readonly width: number; readonly height: number } | undefined
  let hasPixels = false
  while (at + 12 <= png.length) {
    const length = png.readUInt32BE(at)
    const end = at + 12 + length
    if (end > png.length || crc32(png.subarray(at + 4, end - 4)) !== png.readUInt32BE(end - 4)) return undefined
    const type = png.toString('latin1', at + 4, at + 8)
    if (at === 8) {
      if (type !== 'IHDR' || length !== 13) return undefined
      size = { width: png.readUInt32BE(16), height: png.readUInt32BE(20) }
    }
    if (type === 'IDAT') hasPixels = true
    if (type === 'IEND') return end === png.length && hasPixels ? size : undefined
    at = end
  }
  return undefined
}
