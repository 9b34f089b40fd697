// Public registries as real programs meet them: everyone pulls without a login, the owner pushes with one.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { skipUnless } from '../support/client.ts'
import { makeImage, writeLayout } from '../support/image-layout.ts'
import { readLayout } from './layouts.ts'
import { useStowage } from './setting.ts'

describe('skopeo and the public registries', { skip: skipUnless('skopeo') }, () => {
  const setting = useStowage()

  const host = setting.publicHost
  const login = (input: string) =>
    setting.sandbox.run('skopeo', ['login', '--tls-verify=false', '-u', 'AWS', '--password-stdin', host()], { input })
  const logout = () => setting.sandbox.succeed('skopeo', ['logout', host()])
  const copyFlags = ['--preserve-digests', '--src-tls-verify=false', '--dest-tls-verify=false']
  const copy = (source: string, destination: string) =>
    setting.sandbox.run('skopeo', ['copy', ...copyFlags, source, destination])

  test('the owner pushes, everyone pulls it unchanged, and nobody else pushes', async () => {
    const image = makeImage({ seed: 'public', layerBytes: [1000, 20_000] })
    await writeLayout(setting.sandbox.path('image'), image)
    const source = `oci:${setting.sandbox.path('image')}:latest`
    const address = await setting.createPublicRepository('tools/hello')
    assert.match(address, new RegExp(`^${host()}/([a-z][0-9]){4}/tools/hello$`))

    const refused = await copy(source, `docker://${address}:v1`)
    assert.notEqual(refused.code, 0)
    assert.match(refused.stderr, /denied: Not Authorized/)

    assert.notEqual((await login('wrong')).code, 0)
    assert.equal((await login(await setting.stowage.password())).code, 0)
    const pushed = await copy(source, `docker://${address}:v1`)
    assert.equal(pushed.code, 0, pushed.stderr)
    await logout()

    const pulled = await copy(`docker://${address}:v1`, `oci:${setting.sandbox.path('pulled')}:latest`)
    assert.equal(pulled.code, 0, pulled.stderr)
    assert.equal((await readLayout(setting.sandbox.path('pulled'))).root, image.manifest.digest)
    const tags = await setting.sandbox.succeed('skopeo', ['list-tags', '--tls-verify=false', `docker://${address}`])
    assert.deepEqual(JSON.parse(tags), { Repository: address, Tags: ['v1'] })
  })
})
