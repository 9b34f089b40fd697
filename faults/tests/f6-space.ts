// F6: space comes back. Images are pushed and most of them deleted; after a collection past every lease the disk holds exactly what is left,
// counted from what was pushed and not from what the server says of itself.

import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { openAdminCall } from '../../src/cli/admin/admin-call.ts'
import { describeUsage } from '../../src/operations/admin/describe-usage.ts'
import { ask, locationOf } from '../data-plane.ts'
import type { FaultContext, FaultResult, FaultTest } from '../fault-test.ts'
import { openLayerSource } from '../images.ts'
import { pushAll, type PushedImage, removeAll } from '../push-all.ts'
import { openSession, type Session } from '../session.ts'

const images = { quick: 60, full: 2_000 } as const
const removedShare = 0.8
const layerBytesMax = 256 * 1024
/** A file stays in the trash for ten seconds: a reader may be about to open it. */
const trashMs = 10_500
const uploads = 10

export const f6Space: FaultTest = {
  id: 'F6',
  title: 'Space comes back',
  needs: {},
  seconds: { quick: 1, full: 1 },
  goals: { 'pushes acknowledged': 2_000 },
  run: async (context) => {
    // Leases are over at once, and the collector runs when it is told to.
    const flags = ['--lease-hours', '0', '--collect-minutes', '0']
    const session = await openSession(context, { name: 'space', server: { flags }, shortLeases: true })
    try {
      return await pushRemoveCount(context, session)
    } finally {
      await session.close()
    }
  },
}

async function pushRemoveCount(context: FaultContext, session: Session): Promise<FaultResult> {
  const { random, quick, seed, say } = context
  const { registry, problems } = session
  const report = (text: string) => problems.push({ rule: 'F6', text })
  const layers = openLayerSource(`${seed}/space`, 0.3, layerBytesMax)
  const pushed = await pushAll(context, session, { count: images[quick ? 'quick' : 'full'], layers })
  await giveUpUploads(session)
  const before = bytesOnDisk(registry.dataDir)
  say(`${pushed.length} images pushed, ${before} bytes on disk`)
  const removed = pushed.filter(() => random.chance(removedShare))
  const kept = pushed.filter((each) => !removed.includes(each))
  await removeAll(session, removed)
  // Rows go with the first collection, files with the one after they have been in the trash for long enough.
  await registry.collect()
  await sleep(trashMs)
  await registry.collect()
  const [expected, after] = [bytesOf(kept), bytesOnDisk(registry.dataDir)]
  say(`${removed.length} images deleted, ${after} bytes on disk`)
  if (after !== expected) report(`${after} bytes are on disk, and ${expected} are in images`)
  const { total } = await openAdminCall(registry.dataDir).call(describeUsage, {})
  if (total?.layerBytes !== expected) report(`the server counts ${total?.layerBytes} bytes, not ${expected}`)
  if (total?.trashBytes !== 0 || total.openUploadCount !== 0 || total.collectableLayerBytes !== 0)
    report(`the server has something left: ${JSON.stringify(total)}`)
  await session.check('all')
  return {
    figures: {
      ...session.figures(),
      'images deleted': removed.length,
      'MiB before': Math.round(before / 2 ** 20),
      'MiB after': Math.round(after / 2 ** 20),
      'bytes that did not come back': after - expected,
    },
    problems,
  }
}

/** Bytes that came, of layers that nobody wants any more. */
async function giveUpUploads({ registry }: Session): Promise<void> {
  const { target } = registry
  for (let count = 0; count < uploads; count++) {
    const begun = await ask(target, { method: 'POST', path: '/v2/faults/one/blobs/uploads/' }, 202)
    const path = locationOf(begun, target)
    const taken = await ask(target, { method: 'PATCH', path, body: Buffer.alloc(10_000, count) }, 202)
    await ask(target, { method: 'DELETE', path: locationOf(taken, target) }, 204)
  }
}

/** Layers and configs once, however many images name them. */
function bytesOf(kept: readonly PushedImage[]): number {
  const sizes = new Map(kept.flatMap(({ image }) => image.blobs.map(({ digest, size }) => [digest, size] as const)))
  return [...sizes.values()].reduce((sum, size) => sum + size, 0)
}

/** Of layers, of unfinished uploads, and of whatever else lies among them. */
function bytesOnDisk(dataDir: string): number {
  return ['blobs', 'uploads']
    .flatMap((folder) => readdirSync(join(dataDir, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}
