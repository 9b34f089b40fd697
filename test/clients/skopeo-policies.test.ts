// AWS's sample policies as skopeo meets them: whoever may pull, push, list or delete does so, byte for byte; everybody else does not, and is
// told why where skopeo shows what the registry says.

import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { before, describe, test } from 'node:test'

import { skipUnless } from '../support/client.ts'
import { makeImage, writeLayout } from '../support/image-layout.ts'
import { readLayout } from './layouts.ts'
import {
  arnOf,
  refusal,
  type Rights,
  rightsByTags,
  rightsOfSamples,
  type SampleCaller,
  type Verdict,
} from './sample-rights.ts'
import { imageIn, useSamples } from './sample-setting.ts'

describe("AWS's sample policies and skopeo", { skip: skipUnless('skopeo') }, () => {
  const { setting, passwordOf } = useSamples()
  const passwords = new Map<SampleCaller, string>()
  before(async () => {
    for (const { who } of [...rightsOfSamples, ...rightsByTags])
      if (!passwords.has(who)) passwords.set(who, await passwordOf(who))
    await writeLayout(setting.sandbox.path('new'), makeImage({ seed: 'new', layerBytes: [2000] }))
  })

  const place = ({ repository }: Rights): string => `docker://${setting.stowage.host}/${repository}`
  const as = (option: string, { who }: Rights): string => `--${option}=AWS:${passwords.get(who)}`

  /** Runs skopeo, which must do what the verdict says, and where it refuses, in these words. */
  async function holds({ who }: Rights, verdict: Verdict, words: string, args: readonly string[]): Promise<void> {
    const { code, stderr } = await setting.sandbox.run('skopeo', args)
    const text = `${who} ${args.filter((arg) => !arg.startsWith('--')).join(' ')}: ${code} ${stderr}`
    assert.equal(code === 0, verdict === 'yes', text)
    if (verdict !== 'yes') assert.ok(stderr.includes(words), text)
  }

  const words = ({ who, repository }: Rights, action: string, verdict: Verdict): string =>
    verdict === 'yes' ? '' : refusal(who, action, arnOf(repository), verdict)

  async function pull(rights: Rights): Promise<void> {
    const back = setting.sandbox.path(`back-${rights.who}`, rights.repository)
    await mkdir(back, { recursive: true })
    const flags = ['--preserve-digests', '--src-tls-verify=false', as('src-creds', rights)]
    const args = ['copy', ...flags, `${place(rights)}:v1`, `oci:${back}:latest`]
    await holds(rights, rights.pull, words(rights, 'ecr:BatchGetImage', rights.pull), args)
    if (rights.pull !== 'yes') return
    assert.equal((await readLayout(back)).root, imageIn(rights.repository).manifest.digest)
  }

  async function list(rights: Rights): Promise<void> {
    const args = ['list-tags', '--tls-verify=false', as('creds', rights), place(rights)]
    await holds(rights, rights.list, 'invalid status code from registry 403 (Forbidden)', args)
  }

  async function push(rights: Rights): Promise<void> {
    const flags = ['--preserve-digests', '--dest-tls-verify=false', as('dest-creds', rights)]
    const source = `oci:${setting.sandbox.path('new')}:latest`
    const args = ['copy', ...flags, source, `${place(rights)}:${rights.who}`]
    // skopeo looks for the layer first, by a HEAD, whose refusal has no words. Only this one may look and not push.
    const expected =
      rights.who === 'read-only'
        ? words(rights, 'ecr:InitiateLayerUpload', rights.push)
        : `failed to read from destination repository ${rights.repository}: 403 (Forbidden)`
    await holds(rights, rights.push, expected, args)
  }

  async function remove(rights: Rights): Promise<void> {
    const args = ['delete', '--tls-verify=false', as('creds', rights), `${place(rights)}:v1`]
    // It asks for the manifest first, to learn its digest.
    const [verdict, action] =
      rights.pull === 'yes' ? [rights.remove, 'ecr:BatchDeleteImage'] : [rights.pull, 'ecr:BatchGetImage']
    await holds(rights, verdict, words(rights, action, verdict), args)
  }

  for (const deed of [pull, list, push, remove])
    test(deed.name, async () => {
      for (const rights of rightsOfSamples) await deed(rights)
    })

  test('policies about tags', async () => {
    for (const deed of [pull, list, push, remove]) for (const rights of rightsByTags) await deed(rights)
  })
})
