// oras: artifacts, referrers, and monolithic uploads.

import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { describe, test } from 'node:test'

import { skipUnless } from '../support/client.ts'
import { useStowage } from './setting.ts'

const sbomType = 'application/vnd.example.sbom'

describe('oras', { skip: skipUnless('oras') }, () => {
  const setting = useStowage()
  const oras = (...args: readonly string[]): Promise<string> => setting.sandbox.succeed('oras', args)

  async function login(): Promise<void> {
    const args = ['login', '--plain-http', '-u', 'AWS', '--password-stdin', setting.stowage.host]
    await setting.sandbox.succeed('oras', args, { input: await setting.stowage.password() })
  }

  test('pushes an artifact, attaches another to it, discovers it, copies both, and deletes', async () => {
    await login()
    const from = await setting.createRepository('oras/from')
    const to = await setting.createRepository('oras/to')
    await writeFile(setting.sandbox.path('app.txt'), 'the application\n')
    await writeFile(setting.sandbox.path('sbom.json'), '{"packages":[]}')

    const artifactType = 'application/vnd.example.app'
    await oras('push', '--plain-http', '--artifact-type', artifactType, `${from}:v1`, 'app.txt:text/plain')
    await oras('attach', '--plain-http', '--artifact-type', sbomType, `${from}:v1`, 'sbom.json:application/json')
    const found = await oras('discover', '--plain-http', '--artifact-type', sbomType, '--format', 'json', `${from}:v1`)
    assert.match(found, new RegExp(`"artifactType": "${sbomType}"`))
    const tags = await oras('repo', 'tags', '--plain-http', from)
    assert.equal(tags, 'v1', 'the registry keeps referrers itself: no fallback tag is written')

    await oras('cp', '-r', '--from-plain-http', '--to-plain-http', `${from}:v1`, `${to}:v1`)
    const copied = await oras('discover', '--plain-http', '--format', 'json', `${to}:v1`)
    assert.match(copied, new RegExp(`"artifactType": "${sbomType}"`))
    await oras('pull', '--plain-http', '-o', setting.sandbox.path('pulled'), `${to}:v1`)
    assert.equal(await readFile(setting.sandbox.path('pulled', 'app.txt'), 'utf8'), 'the application\n')

    await oras('manifest', 'delete', '--plain-http', '--force', `${to}:v1`)
    const gone = await setting.sandbox.run('oras', ['manifest', 'fetch', '--plain-http', `${to}:v1`])
    assert.notEqual(gone.code, 0)
    assert.match(gone.stderr, /not found/)
  })

  test('everyone pulls an artifact from a public registry and discovers what is attached to it', async () => {
    const host = setting.publicHost()
    const repository = await setting.createPublicRepository('oras/public')
    const at = `${repository}:v1`
    await writeFile(setting.sandbox.path('app.txt'), 'the public application\n')
    await writeFile(setting.sandbox.path('other.txt'), 'never pushed\n')
    await writeFile(setting.sandbox.path('sbom.json'), '{"packages":[]}')
    const artifactType = 'application/vnd.example.app'
    const push = ['push', '--plain-http', '--artifact-type', artifactType, at, 'app.txt:text/plain']
    const attach = ['attach', '--plain-http', '--artifact-type', sbomType, at, 'sbom.json:application/json']
    // One request: this program's copying of several blobs at once panics when all of them are refused.
    const refusedPush = async (): Promise<void> => {
      const args = ['blob', 'push', '--plain-http', repository, setting.sandbox.path('other.txt')]
      const { code, stderr } = await setting.sandbox.run('oras', args)
      assert.notEqual(code, 0)
      assert.equal(stderr, 'Error response from registry: denied: Not Authorized')
    }

    await refusedPush()
    const input = await setting.stowage.password()
    await setting.sandbox.succeed('oras', ['login', '--plain-http', '-u', 'AWS', '--password-stdin', host], { input })
    await oras(...push)
    await oras(...attach)
    await oras('logout', host)

    await refusedPush()
    const directory = setting.sandbox.path('public')
    await oras('pull', '--plain-http', '-o', directory, at)
    assert.equal(await readFile(`${directory}/app.txt`, 'utf8'), 'the public application\n')
    const found = await oras('discover', '--plain-http', '--artifact-type', sbomType, '--format', 'json', at)
    const [, sbom] = /"reference": "[^"]+@(sha256:[0-9a-f]{64})"/.exec(found) ?? []
    assert.ok(sbom !== undefined && found.includes(`"artifactType": "${sbomType}"`), found)
    await oras('pull', '--plain-http', '-o', setting.sandbox.path('public-sbom'), `${repository}@${sbom}`)
    assert.equal(await readFile(setting.sandbox.path('public-sbom', 'sbom.json'), 'utf8'), '{"packages":[]}')
    assert.equal(await oras('repo', 'tags', '--plain-http', repository), 'v1')
  })
})
