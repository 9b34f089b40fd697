// The server dies without warning in the middle of a push. Started again on the same data, it takes the same push.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { writeBigLayout } from '../support/big-layer.ts'
import { findProgram, skipUnless } from '../support/client.ts'
import { seededBytes, sha256 } from '../support/image-layout.ts'
import { readLayout } from './layouts.ts'
import { useStowage } from './setting.ts'

const mebibyte = 1024 * 1024

describe('a server killed with -9 in the middle of a push', () => {
  const setting = useStowage()
  const authorization = async (): Promise<string> =>
    `Basic ${Buffer.from(`AWS:${await setting.stowage.password()}`).toString('base64')}`

  test(
    'takes the same push of skopeo after a new start, and the image pulls identical',
    { skip: skipUnless('skopeo') },
    async () => {
      const layout = setting.sandbox.path('layout')
      const { layer } = await writeBigLayout(layout, { seed: 'crash', fileBytes: 192 * mebibyte })
      const repository = await setting.createRepository('crash/skopeo')
      const credentials = `AWS:${await setting.stowage.password()}`
      const flags = ['--preserve-digests', '--dest-tls-verify=false', '--dest-creds', credentials]
      const args = ['copy', ...flags, `oci:${layout}:latest`, `docker://${repository}:v1`]

      const push = spawn(findProgram('skopeo') ?? '', args, { env: setting.sandbox.env, stdio: 'ignore' })
      const ended = once(push, 'exit')
      await waitForBytes(16 * mebibyte)
      await setting.stowage.kill9()
      const [code] = await ended
      assert.notEqual(code, 0, 'the push was cut off, not finished')

      await setting.stowage.restart()
      await setting.sandbox.succeed('skopeo', args)
      const back = setting.sandbox.path('back')
      const pull = ['--preserve-digests', '--src-tls-verify=false', '--src-creds', credentials]
      await setting.sandbox.succeed('skopeo', ['copy', ...pull, `docker://${repository}:v1`, `oci:${back}:latest`])
      const pulled = await readLayout(back)
      assert.deepEqual(pulled, await readLayout(layout))
      assert.ok(pulled.blobs.includes(layer.digest.slice('sha256:'.length)))
    },
  )

  test('takes up an upload where its status says, when the client goes on with the same one', async () => {
    await setting.createRepository('crash/resume')
    const { origin } = setting.stowage
    const bytes = seededBytes('crash-resume', 24 * mebibyte)
    const headers = { authorization: await authorization() }
    const begun = await fetch(`${origin}/v2/crash/resume/blobs/uploads/`, { method: 'POST', headers })
    assert.equal(begun.status, 202)
    const location = new URL(begun.headers.get('location') ?? '', origin)

    const cut = request(location, {
      method: 'PATCH',
      headers: { ...headers, 'content-type': 'application/octet-stream' },
    })
    cut.on('error', () => undefined) // the connection dies with the server
    cut.write(bytes.subarray(0, 16 * mebibyte))
    await waitForBytes(8 * mebibyte)
    await setting.stowage.kill9()
    cut.destroy()

    await setting.stowage.restart()
    const status = await fetch(location, { headers })
    assert.equal(status.status, 204)
    const last = Number(/^0-(\d+)$/.exec(status.headers.get('range') ?? '')?.[1] ?? Number.NaN)
    const from = last === 0 ? 0 : last + 1
    const plausible = from >= 7 * mebibyte && from <= 16 * mebibyte
    assert.ok(plausible, `the server kept ${from} bytes; it had written 8 MiB or so of the 16 sent`)
    const rest = bytes.subarray(from)
    const next = new URL(status.headers.get('location') ?? location, origin)
    const contentRange = `${from}-${bytes.length - 1}`
    const patched = await fetch(next, {
      method: 'PATCH',
      headers: { ...headers, 'content-range': contentRange },
      body: rest,
    })
    assert.equal(patched.status, 202, await patched.text())
    const done = new URL(patched.headers.get('location') ?? next, origin)
    done.searchParams.set('digest', sha256(bytes))
    const put = await fetch(done, { method: 'PUT', headers })
    assert.equal(put.status, 201, await put.text())
    const got = await fetch(`${origin}/v2/crash/resume/blobs/${sha256(bytes)}`, { headers })
    assert.equal(sha256(Buffer.from(await got.arrayBuffer())), sha256(bytes))
  })

  /** Waits until the server has taken that much of what is being sent: its data directory says so. */
  async function waitForBytes(bytes: number): Promise<void> {
    const du = async (): Promise<number> => {
      const { dataDir } = setting.stowage
      // It ends with 1 when a file goes away under it, and prints the sum all the same.
      const { stdout } = await setting.sandbox.run('du', ['-s', '--block-size=1', '--apparent-size', dataDir])
      return Number.parseInt(stdout, 10)
    }
    const start = await du()
    for (let tries = 0; tries < 500; tries += 1) {
      if ((await du()) >= start + bytes) return
      await sleep(10)
    }
    throw new Error(`the server has not taken ${bytes} bytes in time`)
  }
})
