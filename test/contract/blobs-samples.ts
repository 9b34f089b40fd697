// Values that the suites of the blob store are made of.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { Blobs } from '../../src/domain/ports/blobs.ts'
import { UploadOffsetError } from '../../src/domain/ports/storage-errors.ts'
import { digestOf } from '../../src/lib/digest.ts'
import { storedAs } from '../support/stored-as.ts'
import { newPhys } from './metadata-samples.ts'

/** What a suite needs of an implementation. `reopen` opens the same store again, as after a restart. */
export interface BlobsUnderTest {
  readonly blobs: Blobs
  readonly reopen: () => Promise<BlobsUnderTest>
  readonly dispose: () => Promise<void>
}

/** The files that a test leaves on purpose. */
export interface Leftover {
  readonly published?: readonly string[]
  readonly uploads?: readonly string[]
}

export type StoreTest = (name: string, run: (store: BlobsUnderTest) => Promise<Leftover>) => void

export const MiB = 1024 * 1024
export const noLimit = 1024 * MiB

/** `bytes` in pieces of `size`, none when there are no bytes. */
export async function* piecesOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

/** Uploads and publishes bytes; gives the physical name. */
export async function published(blobs: Blobs, bytes: Buffer): Promise<string> {
  const [id, phys] = [randomUUID(), newPhys()]
  await blobs.append(id, 0, piecesOf(bytes, 65_536), noLimit)
  assert.deepEqual(await blobs.publish(id, phys, [digestOf(bytes)]), storedAs(bytes))
  return phys
}

export async function contentOf(blobs: Blobs, phys: string, size: number): Promise<Buffer> {
  const pieces = await blobs.read(phys, size)
  assert.ok(pieces, `${phys} can not be read`)
  return collected(pieces)
}

export async function collected(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const copies: Buffer[] = []
  for await (const piece of pieces) copies.push(Buffer.from(piece))
  return Buffer.concat(copies)
}

export async function listed(blobs: Blobs): Promise<readonly { readonly phys: string; readonly size: number }[]> {
  const all = (await gathered(blobs.list())).flat()
  return all.toSorted((a, b) => (a.phys < b.phys ? -1 : 1))
}

export async function uploadsListed(blobs: Blobs): Promise<readonly string[]> {
  return (await gathered(blobs.listUploads())).flat().toSorted()
}

export async function gathered<T>(source: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = []
  for await (const item of source) all.push(item)
  return all
}

export const isOffset = (error: unknown, received: number) =>
  error instanceof UploadOffsetError && error.received === received
