// The limit of an upload: the same bytes hashed, written and synced, by one thread, without a client.

import { createHash } from 'node:crypto'
import { closeSync, fsyncSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'

import { makeBlob } from '../images.ts'
import type { Load } from '../row.ts'

const pieceBytes = 256 * 1024

export function writeToDisk(folder: string, seed: string, bytes: number): Load {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'limit')
  const { pieces } = makeBlob(seed, bytes)
  const startedAtMs = performance.now()
  const hash = createHash('sha256')
  const descriptor = openSync(file, 'w')
  for (const piece of pieces()) {
    for (let at = 0; at < piece.length; at += pieceBytes) {
      const part = piece.subarray(at, at + pieceBytes)
      hash.update(part)
      writeSync(descriptor, part)
    }
  }
  fsyncSync(descriptor)
  closeSync(descriptor)
  hash.digest('hex')
  const tookMs = performance.now() - startedAtMs
  rmSync(file)
  return { count: 1, bytes, seconds: tookMs / 1000, p50Ms: tookMs, p99Ms: tookMs }
}
