// fsck: every kind of damage is found, each exactly once and nothing else; a repair loses nothing; beside a busy server there is no false alarm.

import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, test, type TestContext } from 'node:test'

import { deleteImages } from '../../src/domain/delete-images.ts'
import { deleteLayer, findLayer } from '../../src/domain/layers.ts'
import type { Layer, Repository } from '../../src/domain/ports/metadata.ts'
import { putImage } from '../../src/domain/put-image.ts'
import { setPolicy } from '../../src/domain/repository-policies.ts'
import { sweep } from '../../src/domain/recovery.ts'
import { appendToUpload, beginUpload, getUpload } from '../../src/domain/uploads.ts'
import { digestOf, hexOf } from '../../src/lib/digest.ts'
import { fileDamages, flipBit, strayFile, strayName, swapFiles, tamper } from '../support/damage.ts'
import { linesOf, runFsck } from '../support/fsck.ts'
import {
  account,
  givenImage,
  givenLayer,
  givenRepository,
  ociIndexType,
  ociManifestType,
  openTestRegistry,
  region,
} from '../support/registry.ts'

const registryKey = { kind: 'private', accountId: account, region } as const
const hourMs = 3_600_000
const policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"ecr:BatchGetImage"}]}'

async function* once(content: string | Uint8Array): AsyncIterable<Uint8Array> {
  yield Buffer.from(content)
}

const open = (directory: string) => openTestRegistry({ directory, now: Date.now(), limits: { undeleteMs: hourMs } })

/** One of everything that fsck looks at: made once, and copied for each test. */
let made: Promise<Made> | undefined
const template = mkdtempSync(join(tmpdir(), 'stowage-fsck-'))
after(() => rm(template, { recursive: true, force: true }))

async function given(t: TestContext) {
  const what = await (made ??= make(template))
  const directory = await mkdtemp(join(tmpdir(), 'stowage-fsck-'))
  await cp(template, directory, { recursive: true })
  const registry = await open(directory)
  t.after(async () => {
    await registry.close()
    await rm(directory, { recursive: true })
  })
  return {
    ...what,
    registry,
    ctx: registry.ctx(),
    fileOf: (phys: string) => join(directory, 'blobs', phys),
    logoFile: join(directory, 'logos', `${what.logo}.png`),
    tamper: (statement: string, ...values: Parameters<typeof tamper>[2][]) => tamper(directory, statement, ...values),
  }
}

type Made = Awaited<ReturnType<typeof make>>
type Given = Awaited<ReturnType<typeof given>>

async function make(directory: string) {
  const registry = await open(directory)
  const { services } = registry
  const { metadata } = services
  const ctx = registry.ctx()
  await givenRepository(registry, 'app')
  const app: Repository = (await metadata.read.repositories.find(registryKey, 'app')) ?? assert.fail('app is there')
  const one = await givenImage(registry, 'app', 'v1', 'one')
  const two = await givenImage(registry, 'app', undefined, 'two')
  const child = { mediaType: ociManifestType, digest: one.digest, size: Buffer.byteLength(one.manifest) }
  const indexText = JSON.stringify({ schemaVersion: 2, mediaType: ociIndexType, manifests: [child] })
  const put = (manifest: string, tag?: string) =>
    putImage(ctx, registryKey, 'app', { manifest, mediaType: undefined, tag, expectedDigest: undefined })
  const index = await put(indexText, 'all')
  const signed = await givenImage(registry, 'app', undefined, 'signature', {
    artifactType: 'application/vnd.example.signature',
    subject: child,
  })
  const deleted = await givenImage(registry, 'app', 'old', 'deleted')
  await deleteImages(ctx, registryKey, 'app', [{ imageDigest: deleted.digest }])
  const released = await givenLayer(registry, 'app', 'no image has it')
  await deleteLayer(ctx, app, released)
  const { id: uploadId } = await beginUpload(ctx, registryKey, 'app')
  await appendToUpload(ctx, await getUpload(ctx, registryKey, 'app', uploadId), undefined, once('half a layer'))
  await setPolicy(ctx, registryKey, 'app', policy, false)
  const logoBytes = Buffer.from('a logo')
  const logo = `${hexOf(digestOf(logoBytes))}-0123456789abcdef`
  await services.logos.put(logo, logoBytes)
  await metadata.write((tx) => tx.catalog.put(app.id, { description: 'an app', logo }))
  const layer = async (content: string): Promise<Layer> =>
    (await metadata.read.layers.find(app.id, digestOf(content))) ?? assert.fail(`${content} is there`)
  const found = {
    app,
    one,
    two,
    index,
    signed,
    deleted,
    released,
    uploadId,
    logo,
    /** The layers of the image `one`: the config, and the other one. */
    config: await layer('{"config":"one"}'),
    tar: await layer('layer of one'),
    otherTar: await layer('layer of two'),
    named: (digest: string) => `${account}/${region}/app@${digest}`,
  }
  await registry.close()
  return found
}

interface Case {
  readonly what: string
  readonly damage: (on: Given) => void | Promise<unknown>
  readonly finds: (on: Given) => readonly string[]
  /** What is still found after a repair; as before when absent. */
  readonly afterRepair?: (on: Given) => readonly string[]
}

const none = () => []
const longAgo = new Date(Date.now() - 2 * hourMs)
const strange = `sha256:${'0'.repeat(64)}`

const ofFiles: readonly Case[] = [
  ...fileDamages.map(({ what, shows, apply }): Case => ({
    what: `a layer ${what}`,
    damage: ({ tar, fileOf }) => apply(fileOf(tar.phys)),
    finds: ({ tar }) => [`${shows ?? 'layer-content'} ${tar.digest}`],
    afterRepair: ({ tar }) => [`layer-marked ${tar.digest}`],
  })),
  {
    what: 'two layers swapped',
    damage: ({ tar, otherTar, fileOf }) => swapFiles(fileOf(tar.phys), fileOf(otherTar.phys)),
    finds: () => ['layer of one', 'layer of two'].map((content) => `layer-content ${digestOf(content)}`),
    afterRepair: () => ['layer of one', 'layer of two'].map((content) => `layer-marked ${digestOf(content)}`),
  },
  {
    what: 'a file that no table knows',
    damage: ({ registry, tar }) => strayFile(registry.directory, tar.phys),
    finds: ({ tar }) => [`file-unowned blobs/${strayName(tar.phys)}`],
    afterRepair: none,
  },
  {
    what: 'bytes of an upload that ended long ago',
    damage: async ({ registry }) => {
      const file = join(registry.directory, 'uploads', '00000000-0000-4000-8000-000000000000')
      await writeFile(file, 'left over')
      await utimes(file, longAgo, longAgo)
      // Just now: the sweep comes to it.
      await writeFile(file.replace(/0$/, '1'), 'left over')
    },
    finds: () => ['upload-unowned uploads/00000000-0000-4000-8000-000000000000'],
  },
  {
    what: 'a logo that is gone',
    damage: ({ registry, logo }) => registry.services.logos.remove(logo),
    finds: () => [`logo-missing ${account}/${region}/app`],
  },
  {
    what: 'a logo replaced by a directory',
    damage: async ({ logoFile }) => {
      await rm(logoFile)
      await mkdir(join(logoFile, 'of a stranger'), { recursive: true })
    },
    finds: () => [`logo-missing ${account}/${region}/app`],
  },
  {
    what: 'a directory under the name of a layer that no table knows',
    damage: ({ registry, tar }) =>
      mkdir(join(registry.directory, 'blobs', strayName(tar.phys), 'of a stranger'), { recursive: true }),
    finds: ({ tar }) => [`file-unowned blobs/${strayName(tar.phys)}`],
    afterRepair: none,
  },
  {
    what: 'a logo with another bit',
    damage: ({ logoFile }) => flipBit(logoFile),
    finds: () => [`logo-content ${account}/${region}/app`],
  },
  {
    what: 'a logo that nobody shows',
    damage: async ({ registry, logoFile }) => {
      await utimes(logoFile, longAgo, longAgo)
      for (const [name, time] of [
        ['b', longAgo],
        ['c', new Date()],
      ] as const) {
        const stray = `${name.repeat(64)}-${name.repeat(16)}`
        await registry.services.logos.put(stray, Buffer.from('a logo'))
        await utimes(join(registry.directory, 'logos', `${stray}.png`), time, time)
      }
    },
    finds: () => [`logo-unowned logos/${'b'.repeat(64)}-${'b'.repeat(16)}.png`],
  },
]

const ofRows: readonly Case[] = [
  {
    what: 'a manifest with one more byte',
    damage: (on) => on.tamper("update manifest set body = body || ' ' where digest = ?", on.two.digest),
    finds: ({ named, two }) => [`manifest-content ${named(two.digest)}`],
  },
  {
    what: 'a manifest of another type',
    damage: (on) =>
      on.tamper(
        "update manifest set media_type = 'application/vnd.docker.distribution.manifest.v2+json' where digest = ?",
        on.two.digest,
      ),
    finds: ({ named, two }) => [`manifest-unreadable ${named(two.digest)}`],
  },
  ...(
    [
      ['image_bytes = image_bytes + 1', 'two'],
      ['manifest_bytes = 3', 'two'],
      ["artifact_type = 'another/type'", 'two'],
      ['subject = null', 'signed'],
      [`subject = '${strange}'`, 'two'],
    ] as const
  ).map(([change, which]): Case => ({
    what: `an image whose row has ${change}`,
    damage: (on) => on.tamper(`update manifest set ${change} where digest = ?`, on[which].digest),
    finds: (on) => [`manifest-columns ${on.named(on[which].digest)}`],
  })),
  {
    what: 'a layer of an image without its row',
    damage: (on) => on.tamper('delete from manifest_blob where digest = ?', on.tar.digest),
    finds: ({ named, one, tar }) => [`manifest-layers ${named(one.digest)}`, `referenced-mark ${named(tar.digest)}`],
    afterRepair: ({ named, one }) => [`manifest-layers ${named(one.digest)}`],
  },
  {
    what: 'a layer that the manifest does not name',
    damage: (on) =>
      on.tamper(
        "insert into manifest_blob values (?, ?, ?, 'application/gzip')",
        on.app.id,
        on.two.digest,
        on.tar.digest,
      ),
    finds: ({ named, two }) => [`manifest-layers ${named(two.digest)}`],
  },
  {
    what: 'a layer of another type than the manifest says',
    damage: (on) => on.tamper("update manifest_blob set media_type = 'other/type' where digest = ?", on.tar.digest),
    finds: ({ named, one }) => [`manifest-layers ${named(one.digest)}`],
  },
  {
    what: 'a layer of another size',
    damage: (on) => on.tamper('update blob set size = size + 1 where digest = ?', on.tar.digest),
    finds: ({ named, one, tar }) => [`layer-size ${tar.digest}`, `manifest-layers ${named(one.digest)}`],
    afterRepair: ({ named, one, tar }) => [`layer-marked ${tar.digest}`, `manifest-layers ${named(one.digest)}`],
  },
  {
    what: 'a layer that is marked',
    damage: (on) => on.tamper('update blob set bad = 1 where digest = ?', on.tar.digest),
    finds: ({ tar }) => [`layer-marked ${tar.digest}`],
  },
  {
    what: 'an index without the row of its image',
    damage: (on) => on.tamper('delete from manifest_child where child_digest = ?', on.one.digest),
    finds: ({ named, index }) => [`manifest-children ${named(index.digest)}`],
  },
  {
    what: 'an index with an image that it does not name',
    damage: (on) => on.tamper('insert into manifest_child values (?, ?, ?)', on.app.id, on.index.digest, on.two.digest),
    finds: ({ named, index }) => [`manifest-children ${named(index.digest)}`],
  },
  {
    what: 'a tag of an image that is not there',
    damage: (on) => on.tamper("update tag set digest = ? where name = 'v1'", strange),
    finds: ({ named, one, app }) => [
      `row-dangling tag (repository_id ${app.id}, name v1)`,
      `tagged-mark ${named(one.digest)}`,
    ],
    afterRepair: ({ app }) => [`row-dangling tag (repository_id ${app.id}, name v1)`],
  },
  {
    what: 'a layer without a row',
    damage: (on) => on.tamper('delete from blob where digest = ?', on.tar.digest),
    finds: ({ tar, app }) => [
      `file-unowned blobs/${tar.phys}`,
      `row-dangling repo_blob (repository_id ${app.id}, digest ${tar.digest})`,
    ],
    afterRepair: ({ tar, app }) => [`row-dangling repo_blob (repository_id ${app.id}, digest ${tar.digest})`],
  },
  {
    what: 'a layer that its repository has not',
    damage: (on) => on.tamper('delete from repo_blob where digest = ?', on.tar.digest),
    finds: ({ tar, app, one }) => [
      `layer-unreleased ${tar.digest}`,
      `row-dangling manifest_blob (repository_id ${app.id}, manifest_digest ${one.digest}, digest ${tar.digest})`,
    ],
    afterRepair: ({ tar, app, one }) => [
      `row-dangling manifest_blob (repository_id ${app.id}, manifest_digest ${one.digest}, digest ${tar.digest})`,
    ],
  },
  {
    what: 'an image without a row',
    damage: async (on) => {
      await on.tamper('delete from manifest where digest = ?', on.signed.digest)
      await on.tamper('delete from manifest_blob where manifest_digest = ?', on.signed.digest)
      await on.tamper('update repo_blob set referenced = 0 where digest in (?, ?)', ...signatureLayers)
    },
    finds: () => [`image-count ${account}/${region}/app`],
    afterRepair: none,
  },
  {
    what: 'an image that is not marked as tagged',
    damage: (on) => on.tamper('update manifest set tagged = 0 where digest = ?', on.one.digest),
    finds: ({ named, one }) => [`tagged-mark ${named(one.digest)}`],
    afterRepair: none,
  },
  {
    what: 'a layer that is not marked as referenced',
    damage: (on) => on.tamper('update repo_blob set referenced = 0 where digest = ?', on.tar.digest),
    finds: ({ named, tar }) => [`referenced-mark ${named(tar.digest)}`],
    afterRepair: none,
  },
  {
    what: 'a layer that the collector was not told about',
    damage: (on) => on.tamper('delete from released_blob where digest = ?', on.released),
    finds: ({ released }) => [`layer-unreleased ${released}`],
    afterRepair: none,
  },
  {
    what: 'a layer in the trash',
    damage: (on) =>
      on.tamper("insert into trash (phys, reason, not_before_ms) values (?, 'a mistake', 0)", on.tar.phys),
    finds: ({ tar }) => [`layer-in-trash blobs/${tar.phys}`],
    afterRepair: none,
  },
  {
    what: 'a layer with the name of an open upload',
    damage: (on) => on.tamper('update upload set phys = ? where id = ?', on.tar.phys, on.uploadId),
    finds: ({ tar }) => [`layer-of-upload blobs/${tar.phys}`],
  },
  ...(
    [
      ['a policy', "update repository_policy set body = 'nothing'"],
      ['catalog data', "update catalog_data set data = '{'"],
      ['filters', "update repository set exclusion_filters = '7'"],
    ] as const
  ).map(([what, statement]): Case => ({
    what: `${what} that can not be read`,
    damage: (on) => on.tamper(statement),
    finds: () => [`document-unreadable ${account}/${region}/app`],
  })),
  {
    what: 'an event on its way that can not be read',
    damage: (on) =>
      on.tamper("insert into outbox_event (id, topic, body) values ('1-a', 'audit', '{}'), ('1-b', 'audit', '7')"),
    finds: () => ['event-unreadable 1-b'],
    afterRepair: none,
  },
  ...['body = body || 1', "tags = 'v1'", "body = 'x'"].map((change): Case => ({
    what: `a deleted image with ${change}`,
    damage: (on) => on.tamper(`update deleted_image set ${change}`),
    finds: ({ named, deleted }) => [`deleted-image ${named(deleted.digest)}`],
  })),
]

const signatureLayers = ['{"config":"signature"}', 'layer of signature'].map((content) => digestOf(content))

describe('fsck', () => {
  test('finds nothing where nothing is wrong, and says what it looked at', async (t) => {
    const { registry } = await given(t)
    for (const deep of [false, true]) {
      const { findings, report } = await runFsck(registry, { deep })
      assert.deepEqual(findings, [])
      assert.deepEqual(report, {
        checked: { repositories: 1, images: 4, layers: 9, layerBytes: 147, deletedImages: 1, files: 9 },
        findings: 0,
        repaired: 0,
        complete: true,
      })
    }
  })

  for (const { what, damage, finds, afterRepair = finds } of [...ofFiles, ...ofRows])
    test(`finds ${what}, and nothing else`, async (t) => {
      const on = await given(t)
      await damage(on)
      assert.deepEqual(linesOf((await runFsck(on.registry)).findings), finds(on).toSorted())
      // Looking changed nothing: it is all there to be repaired.
      const repaired = await runFsck(on.registry, { repair: true })
      assert.deepEqual(linesOf(repaired.findings), finds(on).toSorted())
      const again = await runFsck(on.registry, { repair: true })
      assert.deepEqual(linesOf(again.findings), afterRepair(on).toSorted(), 'after the repair')
      assert.equal(again.report.repaired, 0)
    })

  test('without --deep reads no bytes, and finds all the same what the size shows', async (t) => {
    const { registry, tar, config, fileOf } = await given(t)
    await flipBit(fileOf(tar.phys))
    await writeFile(fileOf(config.phys), '')
    const { findings } = await runFsck(registry, { deep: false })
    assert.deepEqual(linesOf(findings), [`layer-size ${config.digest}`])
  })

  test('a disk that gives no bytes is told, and no layer is marked for it', async (t) => {
    const { registry, app } = await given(t)
    const { blobs, metadata } = registry.services
    const read = async () => {
      throw new Error('the disk is away')
    }
    const services = { ...registry.services, blobs: { ...blobs, read } }
    const { findings, report } = await runFsck({ ...registry, services }, { repair: true })
    assert.deepEqual([...new Set(findings.map(({ kind }) => kind))], ['layer-unreadable'])
    assert.deepEqual([findings.length, report.repaired], [9, 0])
    assert.equal(await metadata.read.audit.countBad(), 0)
    assert.ok(await metadata.read.layers.find(app.id, digestOf('layer of one')))
  })

  test('says that the database is damaged, and looks no further', async (t) => {
    const { registry, fileOf, tar } = await given(t)
    await writeFile(fileOf(tar.phys), '')
    const database = new DatabaseSync(join(registry.directory, 'metadata.db'), { defensive: false })
    // An index that should hold every row, and holds a few.
    database.exec(`pragma writable_schema = on;
      update sqlite_schema set sql = replace(sql, ' where referenced = 0', '') where name = 'repo_blob_by_lease';
      pragma writable_schema = reset;`)
    database.close()
    const { findings, report } = await runFsck(registry, { repair: true })
    assert.deepEqual(new Set(linesOf(findings)), new Set(['database-damaged metadata.db']))
    assert.match(findings[0]?.detail ?? '', /repo_blob_by_lease/)
    assert.deepEqual([report.complete, report.repaired], [false, 0])
  })

  test('a layer that a repair marked comes back with the next push', async (t) => {
    const { registry, ctx, app, tar, fileOf } = await given(t)
    await flipBit(fileOf(tar.phys))
    await runFsck(registry, { repair: true })
    assert.equal((await findLayer(ctx, registryKey, 'app', tar.digest)).layer, undefined)
    await givenLayer(registry, 'app', 'layer of one')
    const { layer } = await findLayer(ctx, registryKey, 'app', tar.digest)
    assert.notEqual(layer?.phys, tar.phys)
    assert.deepEqual((await runFsck(registry)).findings, [])
    await sweep(registry.services)
    assert.deepEqual((await runFsck(registry)).findings, [])
    assert.ok(await registry.services.metadata.read.images.findByTag(app.id, 'v1'))
  })
})
