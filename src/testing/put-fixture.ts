// Fixtures into a registry, past HTTP: the operations that a push consists of, performed as the account's root.

import type { Context } from '../domain/context.ts'
import { EcrError } from '../model/errors.ts'
import { perform } from '../operations/perform.ts'
import { privateOperations } from '../operations/private/index.ts'
import { publicOperations } from '../operations/public/index.ts'
import type { FixtureBlob, ImageFixture, IndexFixture } from './fixtures.ts'

export interface PutOptions {
  /** Beside the fixture's own tag. */
  readonly tags?: readonly string[]
  /** Into a public repository of the account. */
  readonly public?: boolean
}

type Run = (operation: string, input: Readonly<Record<string, unknown>>) => Promise<Readonly<Record<string, unknown>>>

/** Puts an image with all it names, children first; the repository is made when it is missing. Throws what the operations throw. */
export async function putFixture(
  ctx: Context,
  repositoryName: string,
  fixture: ImageFixture | IndexFixture,
  { tags = [], public: isPublic = false }: PutOptions = {},
): Promise<void> {
  const run = runnerOf(ctx, isPublic)
  await unless('RepositoryAlreadyExistsException', run('CreateRepository', { repositoryName }))
  await putManifests(run, repositoryName, fixture)
  const imageManifest = textOf(fixture.manifest)
  for (const imageTag of new Set([...(fixture.tag === undefined ? [] : [fixture.tag]), ...tags]))
    await putManifest(run, {
      repositoryName,
      imageManifest,
      imageManifestMediaType: fixture.manifest.mediaType,
      imageTag,
    })
}

function runnerOf(ctx: Context, isPublic: boolean): Run {
  const operations = isPublic ? publicOperations : privateOperations
  const its = isPublic ? { ...ctx, limits: ctx.publicLimits } : ctx
  return async (name, input) => {
    const operation = operations.find((one) => one.name === name)
    if (!operation) throw new Error(`there is no operation ${name}`)
    // The output of every operation is a struct.
    return (await perform(operation, its, input)) as Readonly<Record<string, unknown>>
  }
}

async function putManifests(run: Run, repositoryName: string, fixture: ImageFixture | IndexFixture): Promise<void> {
  if (fixture.kind === 'index') {
    for (const one of fixture.images) await putManifests(run, repositoryName, one)
  } else {
    for (const blob of [fixture.config, ...fixture.layers]) await putBlob(run, repositoryName, blob)
  }
  await putManifest(run, {
    repositoryName,
    imageManifest: textOf(fixture.manifest),
    imageManifestMediaType: fixture.manifest.mediaType,
  })
}

async function putManifest(run: Run, input: Readonly<Record<string, unknown>>): Promise<void> {
  await unless('ImageAlreadyExistsException', run('PutImage', input))
}

async function putBlob(run: Run, repositoryName: string, { digest, bytes }: FixtureBlob): Promise<void> {
  const { layers } = await run('BatchCheckLayerAvailability', { repositoryName, layerDigests: [digest] })
  // As the operation declares it.
  const [known] = layers as readonly { readonly layerAvailability?: string }[]
  if (known?.layerAvailability === 'AVAILABLE') return
  const { uploadId, partSize } = await run('InitiateLayerUpload', { repositoryName })
  const step = Number(partSize)
  for (let at = 0; at < bytes.byteLength; at += step) {
    const layerPartBlob = bytes.subarray(at, at + step)
    const part = { partFirstByte: at, partLastByte: at + layerPartBlob.byteLength - 1, layerPartBlob }
    await run('UploadLayerPart', { repositoryName, uploadId, ...part })
  }
  const done = run('CompleteLayerUpload', { repositoryName, uploadId, layerDigests: [digest] })
  // Another one may have put it meanwhile.
  await unless('LayerAlreadyExistsException', done)
}

async function unless(errorName: string, work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!(error instanceof EcrError) || error.name !== errorName) throw error
  }
}

function textOf({ bytes }: FixtureBlob): string {
  return Buffer.from(bytes).toString('utf8')
}
