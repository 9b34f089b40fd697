// What clients ask of the simulated server, each as a program of its own that begins, waits and goes on beside the others. A program
// notes in the history what it wants before it asks, and what it heard; any answer but those it names fails the simulation.

import assert from 'node:assert/strict'
import { deletedImages, restoreImage } from '../../src/domain/deleted-images.ts'
import { deleteImages } from '../../src/domain/delete-images.ts'
import { checkLayers, findLayer, mountLayer, openLayer } from '../../src/domain/layers.ts'
import type { RegistryKey } from '../../src/domain/ports/metadata.ts'
import { putImage } from '../../src/domain/put-image.ts'
import { createRepository, deleteRepository, getRepository } from '../../src/domain/repositories.ts'
import { appendToUpload, beginUpload, cancelUpload, completeUpload, getUpload } from '../../src/domain/uploads.ts'
import { digestOf } from '../../src/lib/digest.ts'
import { parseDigest } from '../../src/lib/digest.ts'
import { account, region } from '../support/registry.ts'
import { contentOf, images, tags, type PushedImage } from './catalogue.ts'
import type { Effect, History } from './history.ts'
import type { World } from './world.ts'

export const registry: RegistryKey = { kind: 'private', accountId: account, region }

/** What all clients share. */
export interface Clients {
  readonly world: World
  readonly history: History
  /** Uploads that some client still knows of, the newest last. */
  readonly uploads: { readonly repository: string; readonly id: string; readonly content: string }[]
}

export const repositoryKey = (repository: string) => `repository ${repository}`
export const imageKey = (repository: string, digest: string) => `image ${repository} ${digest}`
export const tagKey = (repository: string, tag: string) => `tag ${repository} ${tag}`

/** True when it succeeded; false when it failed with an error named in `expected`. */
async function attempt(expected: readonly string[], work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    if (error instanceof Error && expected.includes(error.name)) return false
    throw error
  }
}

/** Runs `work` as an operation of the history: `expected` may happen; on success what `work` gives has happened. */
async function recorded(
  { history }: Clients,
  errors: readonly string[],
  expected: readonly Effect[],
  work: () => Promise<readonly Effect[]>,
): Promise<boolean> {
  const running = history.begin(expected)
  const done = await attempt(errors, async () => running.done(await work()))
  if (!done) running.failed()
  return done
}

const gone = ['RepositoryNotFoundException']
/** Another client is at work on the same upload, or has ended it. */
const meddled = ['ServerException', 'UploadBusyError', 'UploadOffsetError', 'UploadNotFoundException']

export async function create(clients: Clients, name: string): Promise<void> {
  const ctx = clients.world.ctx()
  const effects = [{ key: repositoryKey(name), value: 'there' }]
  const settings = { tagMutability: 'MUTABLE', exclusionFilters: [], scanOnPush: false } as const
  await recorded(clients, ['RepositoryAlreadyExistsException'], effects, async () => {
    await createRepository(ctx, registry, { name, encryption: { encryptionType: 'AES256' }, tags: [], ...settings })
    return effects
  })
}

export async function remove(clients: Clients, name: string): Promise<void> {
  const ctx = clients.world.ctx()
  const keys = [
    repositoryKey(name),
    ...images.map((image) => imageKey(name, image.digest)),
    ...tags.map((tag) => tagKey(name, tag)),
  ]
  const effects = keys.map((key) => ({ key, value: undefined }))
  await recorded(clients, gone, effects, async () => {
    await deleteRepository(ctx, registry, name, true)
    return effects
  })
}

/** A client's push: layers that are missing, then the image. */
export async function push(clients: Clients, repository: string, image: PushedImage, tag: string): Promise<void> {
  for (const content of image.layers) if (!(await pushLayer(clients, repository, content))) return
  await put(clients, repository, image, tag)
}

async function pushLayer(clients: Clients, repository: string, content: string): Promise<boolean> {
  const ctx = clients.world.ctx()
  return attempt([...gone, ...meddled], async () => {
    const { layer } = await findLayer(ctx, registry, repository, digestOf(content))
    if (!layer) await upload(clients, repository, content)
  })
}

/** Opens an upload, appends in pieces, completes. */
async function upload(clients: Clients, repository: string, content: string): Promise<void> {
  const ctx = clients.world.ctx()
  const { id } = await beginUpload(ctx, registry, repository)
  clients.uploads.push({ repository, id, content })
  await append(clients, repository, id, content)
  const state = await getUpload(ctx, registry, repository, id)
  await attempt(['LayerAlreadyExistsException'], () => completeUpload(ctx, state, [digestOf(content)]))
  const layer = await ctx.metadata.read.layers.find(state.repository.id, digestOf(content))
  // Its lease begins with the answer. Only the clock, or the end of the repository, may take it away.
  if (!layer && clients.world.clockMoves() === 0) {
    const mayBeGone = clients.history.mayHaveBecome(repositoryKey(repository), undefined, 0)
    assert.ok(mayBeGone, 'a layer that was just acknowledged is absent')
  }
}

async function append(clients: Clients, repository: string, id: string, content: string): Promise<void> {
  const ctx = clients.world.ctx()
  const state = await getUpload(ctx, registry, repository, id)
  const rest = Buffer.from(content).subarray(state.received)
  const half = Math.ceil(rest.length / 2)
  await appendToUpload(
    ctx,
    state,
    state.received,
    (async function* () {
      if (half > 0) yield rest.subarray(0, half)
      if (rest.length > half) yield rest.subarray(half)
    })(),
  )
}

async function put(clients: Clients, repository: string, image: PushedImage, tag: string): Promise<void> {
  const { world, history } = clients
  const ctx = world.ctx()
  const effects = [
    { key: imageKey(repository, image.digest), value: 'there' },
    { key: tagKey(repository, tag), value: image.digest },
  ]
  const errors = [
    ...gone,
    'LayersNotFoundException',
    'ImageAlreadyExistsException',
    'ReferencedImagesNotFoundException',
  ]
  const wanted = { manifest: image.manifest, mediaType: image.mediaType, tag, expectedDigest: undefined }
  await recorded(clients, errors, effects, async () => {
    try {
      await putImage(ctx, registry, repository, wanted)
    } catch (error) {
      // A layer that was said to be there, or was uploaded, stays for its lease.
      const missing = error instanceof Error && error.name === 'LayersNotFoundException'
      if (missing && world.clockMoves() === 0)
        assert.ok(history.mayHaveBecome(repositoryKey(repository), undefined, 0), 'a layer went before its lease')
      throw error
    }
    return effects
  })
}

/** A client that has lost its answer goes on with an upload, from where the server says that it is. */
export async function resume(clients: Clients, number: number): Promise<void> {
  const ctx = clients.world.ctx()
  const known = clients.uploads[clients.uploads.length - 1 - (number % Math.max(1, clients.uploads.length))]
  if (!known) return
  const { repository, id, content } = known
  await attempt([...gone, ...meddled, 'LayerAlreadyExistsException', 'EmptyUploadException'], async () => {
    const before = await getUpload(ctx, registry, repository, id)
    if (before.received > 0 && before.received < Buffer.byteLength(content))
      await append(clients, repository, id, content)
    const state = await getUpload(ctx, registry, repository, id)
    const complete = await attempt(['InvalidLayerException'], () => completeUpload(ctx, state, [digestOf(content)]))
    // A power cut may leave other bytes than those that came: then the client begins anew.
    if (!complete) await cancelUpload(ctx, state)
  })
}

/** A client that leaves in the middle. */
export async function abandon(clients: Clients, repository: string, content: string, cancels: boolean): Promise<void> {
  const ctx = clients.world.ctx()
  await attempt([...gone, ...meddled], async () => {
    const { id } = await beginUpload(ctx, registry, repository)
    await append(clients, repository, id, content.slice(0, 5))
    if (cancels) await cancelUpload(ctx, await getUpload(ctx, registry, repository, id))
  })
}

/** A client whose answer is late, and that asks again. */
export async function completeTwice(clients: Clients, repository: string, content: string): Promise<void> {
  const ctx = clients.world.ctx()
  await attempt([...gone, ...meddled], async () => {
    const { id } = await beginUpload(ctx, registry, repository)
    clients.uploads.push({ repository, id, content })
    await append(clients, repository, id, content)
    const state = await getUpload(ctx, registry, repository, id)
    const complete = () =>
      attempt([...gone, ...meddled, 'LayerAlreadyExistsException'], () =>
        completeUpload(ctx, state, [digestOf(content)]),
      )
    await Promise.all([complete(), complete()])
  })
}

/** Mounts what another repository has, uploads the rest, and puts an image of it. */
export async function mount(
  clients: Clients,
  from: string,
  to: string,
  image: PushedImage,
  tag: string,
): Promise<void> {
  const ctx = clients.world.ctx()
  // The target may be deleted while its row is about to be named.
  const complete = await attempt([...gone, ...meddled, 'StillReferencedError'], async () => {
    const source = await getRepository(ctx, registry, from)
    const target = await getRepository(ctx, registry, to)
    const layers = await checkLayers(
      ctx,
      target,
      image.layers.map((content) => digestOf(content)),
    )
    for (const [at, content] of image.layers.entries()) {
      const found = layers[at]
      if (found && 'layer' in found && found.layer) continue
      if (!(await mountLayer(ctx, source, target, digestOf(content)))) await upload(clients, to, content)
    }
  })
  if (complete) await put(clients, to, image, tag)
}

export async function untag(clients: Clients, repository: string, tag: string): Promise<void> {
  // The image goes too when this was its last tag; the answer does not tell.
  const perhaps = (digest: string): Effect => ({
    key: imageKey(repository, digest),
    value: undefined,
    perhaps: true,
  })
  const expected = [{ key: tagKey(repository, tag), value: undefined }, ...images.map((image) => perhaps(image.digest))]
  await recorded(clients, [...gone, 'ImageNotFound'], expected, async () => {
    const { deleted } = await deleteImages(clients.world.ctx(), registry, repository, [{ imageTag: tag }])
    return deleted.flatMap(({ imageDigest }) => [
      { key: tagKey(repository, tag), value: undefined },
      ...(imageDigest === undefined ? [] : [perhaps(imageDigest)]),
    ])
  })
}

export async function deleteByDigest(clients: Clients, repository: string, { digest }: PushedImage): Promise<void> {
  const expected: readonly Effect[] = [
    { key: imageKey(repository, digest), value: undefined },
    ...tags.map((tag) => ({ key: tagKey(repository, tag), value: undefined, from: digest })),
  ]
  await recorded(clients, gone, expected, async () => {
    const { deleted } = await deleteImages(clients.world.ctx(), registry, repository, [{ imageDigest: digest }])
    if (deleted.length === 0) return []
    const untagged = deleted.flatMap(({ imageTag }) => (imageTag === undefined ? [] : [imageTag]))
    return [
      { key: imageKey(repository, digest), value: undefined },
      ...untagged.map((tag) => ({ key: tagKey(repository, tag), value: undefined })),
    ]
  })
}

/** Restores the first deleted image of a repository. */
export async function restore(clients: Clients, repository: string): Promise<void> {
  const ctx = clients.world.ctx()
  await attempt(gone, async () => {
    const [deleted] = await deletedImages(ctx, registry, repository, undefined, 10)
    if (!deleted) return
    const { digest } = deleted
    const there = { key: imageKey(repository, digest), value: 'there' }
    const expected = [there, ...tags.map((tag) => ({ key: tagKey(repository, tag), value: digest }))]
    const errors = [
      ...gone,
      'ImageNotFoundException',
      'ImageAlreadyExistsException',
      'LayersNotFoundException',
      'ReferencedImagesNotFoundException',
    ]
    await recorded(clients, errors, expected, async () => {
      const restored = await restoreImage(ctx, registry, repository, digest, undefined)
      return [there, ...restored.tags.map((tag) => ({ key: tagKey(repository, tag), value: digest }))]
    })
  })
}

/** Pulls by tag: an image that is there is there with all its layers, for as long as nobody deletes it. */
export async function pull(clients: Clients, repository: string, tag: string): Promise<void> {
  const { world, history } = clients
  const ctx = world.ctx()
  await attempt(gone, async () => {
    const { id } = await getRepository(ctx, registry, repository)
    const since = history.now()
    const image = await ctx.metadata.read.images.findByTag(id, tag)
    if (!image) return
    for (const digest of layersOf(image.manifest)) {
      const moves = world.clockMoves()
      const { layer } = await findLayer(ctx, registry, repository, digest)
      if (!layer) {
        const mayBeGone = history.mayHaveBecome(imageKey(repository, image.digest), undefined, since)
        return assert.ok(mayBeGone, `the image ${tag} of ${repository} lacks a layer`)
      }
      const pieces = await openLayer(ctx, layer)
      // What is collected waits in the trash for readers, by the clock.
      if (!pieces) return assert.notEqual(world.clockMoves(), moves, 'a layer just looked up can not be opened')
      const read: Uint8Array[] = []
      for await (const piece of pieces) read.push(piece)
      assert.equal(Buffer.concat(read).toString(), contentOf(digest))
    }
  })
}

/** The digests of config and layers that a manifest names. */
export function layersOf(manifest: string) {
  const { config, layers = [] } = JSON.parse(manifest) as {
    readonly config?: { readonly digest: string }
    readonly layers?: readonly { readonly digest: string }[]
  }
  const texts = [...(config ? [config] : []), ...layers].map((layer) => layer.digest)
  return texts.flatMap((text) => parseDigest(text) ?? [])
}
