// Our own transport beside other people's programs: what it pushes they pull, what they push it pulls, byte for byte.

import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { before, describe, test } from 'node:test'

import { copy, pull, push } from '../../src/client/transport/copy.ts'
import { attestedSample, contentOf, imageSample, writeSample } from '../client/transport/samples.ts'
import { useTransport } from '../client/transport/transport-setting.ts'
import { skipUnless, skipUnlessRoot } from '../support/client.ts'
import { makeImage } from '../support/image-layout.ts'
import { type Daemon, startDockerd } from './daemon.ts'

describe('the image transport beside other programs', () => {
  const setting = useTransport()
  const path = (name: string) => setting.sandbox.path(name)

  describe('skopeo', { skip: skipUnless('skopeo') }, () => {
    const flags = ['--all', '--preserve-digests', '--src-tls-verify=false', '--dest-tls-verify=false']
    const skopeo = async (credentials: readonly string[], source: string, target: string) => {
      const password = await setting.stowage.password()
      const given = credentials.flatMap((flag) => [flag, `AWS:${password}`])
      await setting.sandbox.succeed('skopeo', ['copy', ...flags, ...given, source, target])
    }

    test('pulls what we pushed by the API, and we pull what it pushed', async () => {
      const [ours, theirs] = [
        await setting.createRepository('beside/ours'),
        await setting.createRepository('beside/theirs'),
      ]
      await writeSample(path('there'), attestedSample('beside'))
      await push(`oci:${path('there')}:latest`, `${ours}:v1`, setting.options())
      await skopeo(['--src-creds'], `docker://${ours}:v1`, `oci:${path('skopeo-back')}:latest`)
      assert.deepEqual(await contentOf(path('skopeo-back')), await contentOf(path('there')))

      await skopeo(['--dest-creds'], `oci:${path('there')}:latest`, `docker://${theirs}:v1`)
      await pull(`${theirs}:v1`, `oci:${path('our-back')}:latest`, setting.options())
      assert.deepEqual(await contentOf(path('our-back')), await contentOf(path('there')))
    })

    test('pulls for nothing what we pushed to a public registry', async () => {
      const target = await setting.createPublicRepository('beside/public')
      await writeSample(path('public-there'), attestedSample('beside-public'))
      await push(`oci:${path('public-there')}:latest`, `${target}:v1`, setting.options())
      await skopeo([], `docker://${target}:v1`, `oci:${path('public-back')}:latest`)
      assert.deepEqual(await contentOf(path('public-back')), await contentOf(path('public-there')))
    })

    test('reads the archives that we write, and we read its own', async () => {
      await writeSample(path('arch'), imageSample(makeImage({ seed: 'beside-archive', layerBytes: [2000, 30_000] })))
      await copy(`oci:${path('arch')}`, `oci-archive:${path('ours.tar')}:v1`)
      await skopeo([], `oci-archive:${path('ours.tar')}:v1`, `oci:${path('from-ours')}:latest`)
      assert.deepEqual(await contentOf(path('from-ours')), await contentOf(path('arch')))
      await skopeo([], `oci:${path('arch')}:latest`, `oci-archive:${path('theirs.tar')}:v1`)
      await copy(`oci-archive:${path('theirs.tar')}:v1`, `oci:${path('from-theirs')}:latest`)
      assert.deepEqual(await contentOf(path('from-theirs')), await contentOf(path('arch')))

      const saved = [
        'copy',
        '--src-tls-verify=false',
        `oci:${path('arch')}:latest`,
        `docker-archive:${path('saved.tar')}:app:v1`,
      ]
      await setting.sandbox.succeed('skopeo', saved)
      const read = await copy(`docker-archive:${path('saved.tar')}`, `oci:${path('from-saved')}:latest`)
      assert.equal(read.written.length, 3)
      await copy(`oci:${path('arch')}`, `docker-archive:${path('our-saved.tar')}:app:v1`)
      const inspect = ['inspect', '--raw', '--config', `docker-archive:${path('our-saved.tar')}:app:v1`]
      assert.equal(
        JSON.parse(await setting.sandbox.succeed('skopeo', inspect)).rootfs.diff_ids.length,
        2,
        'it finds the configuration and both layers',
      )
    })
  })

  describe('oras', { skip: skipUnless('oras') }, () => {
    test('discovers and pulls what we copied, referrers too', async () => {
      const [from, to] = [
        await setting.createRepository('beside/oras-from'),
        await setting.createRepository('beside/oras-to'),
      ]
      const login = ['login', '--plain-http', '-u', 'AWS', '--password-stdin', setting.stowage.host]
      await setting.sandbox.succeed('oras', login, { input: await setting.stowage.password() })
      await writeFile(path('app.txt'), 'the application\n')
      await writeFile(path('sbom.json'), '{"packages":[]}')
      const artifact = ['--artifact-type', 'application/vnd.example.app', `${from}:v1`, 'app.txt:text/plain']
      await setting.sandbox.succeed('oras', ['push', '--plain-http', ...artifact])
      const sbom = ['--artifact-type', 'application/vnd.example.sbom', `${from}:v1`, 'sbom.json:application/json']
      await setting.sandbox.succeed('oras', ['attach', '--plain-http', ...sbom])

      await pull(`${from}:v1`, `oci:${path('oras-layout')}:v1`, setting.options({ referrers: true }))
      await push(`oci:${path('oras-layout')}:v1`, `${to}:v1`, setting.options({ referrers: true }))
      const found = await setting.sandbox.succeed('oras', ['discover', '--plain-http', '--format', 'json', `${to}:v1`])
      assert.match(found, /"artifactType": "application\/vnd\.example\.sbom"/)
      await mkdir(path('pulled'))
      await setting.sandbox.succeed('oras', ['pull', '--plain-http', '-o', path('pulled'), `${to}:v1`])
      assert.equal(await readFile(path('pulled/app.txt'), 'utf8'), 'the application\n')
    })
  })

  describe('docker', { skip: skipUnlessRoot('dockerd', 'docker', 'containerd') }, () => {
    let daemon: (Daemon & { readonly env: Record<string, string> }) | undefined
    before(async () => {
      daemon = await startDockerd(setting.sandbox)
      setting.onEnd(daemon.stop)
    })
    const docker = async (args: readonly string[], input = ''): Promise<string> =>
      setting.sandbox.succeed('docker', args, { env: daemon?.env ?? {}, input })

    test('pulls and saves what we pushed, loads what we wrote, and we push what it saved', async () => {
      const [one, two] = [
        await setting.createRepository('beside/docker'),
        await setting.createRepository('beside/docker-saved'),
      ]
      await docker(['login', '-u', 'AWS', '--password-stdin', setting.stowage.host], await setting.stowage.password())
      const image = makeImage({ seed: 'beside-docker', layerBytes: [2000, 30_000] })
      await writeSample(path('docker-there'), imageSample(image))
      await push(`oci:${path('docker-there')}`, `${one}:v1`, setting.options())
      assert.match(await docker(['pull', `${one}:v1`]), new RegExp(`Digest: ${image.manifest.digest}`))

      await docker(['save', '-o', path('docker-saved.tar'), `${one}:v1`])
      await push(`docker-archive:${path('docker-saved.tar')}:${one}:v1`, `${two}:v1`, setting.options())
      await docker(['pull', `${two}:v1`])
      const id = (reference: string) => docker(['image', 'inspect', '--format', '{{.Id}}', reference])
      assert.equal(await id(`${two}:v1`), await id(`${one}:v1`))

      await copy(`oci:${path('docker-there')}`, `docker-archive:${path('docker-load.tar')}:beside-loaded:v1`)
      assert.match(await docker(['load', '-i', path('docker-load.tar')]), /Loaded image: beside-loaded:v1/)
      assert.equal(await id('beside-loaded:v1'), await id(`${one}:v1`))
    })
  })
})
