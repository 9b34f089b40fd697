// A layer of 2 GiB is pushed by the API in little memory, and comes back.

import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { writeBigLayout } from '../../support/big-layer.ts'
import type { PushProcessInput } from './push-process.ts'
import { useTransport } from './transport-setting.ts'

const wanted = process.env['CI'] === 'true' || process.env['STOWAGE_TEST_LARGE'] === '1'
const skip = wanted ? false : 'takes a minute or two and 4 GiB of disk: set STOWAGE_TEST_LARGE=1'
const mebibyte = 1024 * 1024
const run = promisify(execFile)
const root = fileURLToPath(new URL('../../../', import.meta.url))

/** The program in the form that is published: from its sources Node needs 30 MiB more, to strip the types. */
async function buildProgram(directory: string): Promise<string> {
  await mkdir(directory)
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  await run(process.execPath, [compiler, '-p', join(root, 'tsconfig.build.json'), '--outDir', join(directory, 'dist')])
  await symlink(join(root, 'node_modules'), join(directory, 'node_modules'))
  await writeFile(join(directory, 'package.json'), '{"type":"module"}')
  const source = await readFile(new URL('push-process.ts', import.meta.url), 'utf8')
  const plain = stripTypeScriptTypes(source).replaceAll(/'(?:\.\.\/)+src\/([^']+)\.ts'/g, "'./dist/$1.js'")
  await writeFile(join(directory, 'push.mjs'), plain)
  return join(directory, 'push.mjs')
}

describe('a layer of 2 GiB', { skip }, () => {
  const setting = useTransport()

  test('is pushed by the API with less than 150 MiB of memory', { timeout: 600_000 }, async () => {
    const layout = setting.sandbox.path('large')
    const { layer, manifestDigest } = await writeBigLayout(layout, { seed: 'large-client', fileBytes: 2048 * mebibyte })
    const target = await setting.createRepository('large/client')
    const input: PushProcessInput = {
      endpoint: setting.stowage.origin,
      region: setting.stowage.env['AWS_REGION'] ?? '',
      accessKeyId: setting.stowage.env['AWS_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: setting.stowage.env['AWS_SECRET_ACCESS_KEY'] ?? '',
      host: setting.stowage.host,
      source: `oci:${layout}:latest`,
      target: `${target}:v1`,
      journalDirectory: setting.sandbox.path('large-journal'),
    }
    const program = await buildProgram(setting.sandbox.path('built'))
    const child = spawn(process.execPath, [program, JSON.stringify(input)], { stdio: ['ignore', 'pipe', 'inherit'] })
    let printed = ''
    child.stdout.on('data', (piece: Buffer) => {
      printed = (printed + piece.toString()).slice(-500)
    })
    const code = await new Promise((resolve) => child.once('close', resolve))
    assert.equal(code, 0, printed)
    const [, digest, peakKibibytes] = /pushed (\S+) with \d+ bytes, peak (\d+) KiB/.exec(printed) ?? []
    assert.equal(digest, manifestDigest)
    const { layers } = await setting.ecr.call('BatchCheckLayerAvailability', {
      repositoryName: 'large/client',
      layerDigests: [layer.digest],
    })
    assert.equal(layers?.[0]?.layerSize, layer.size)
    const peakMebibytes = Math.round(Number(peakKibibytes) / 1024)
    assert.ok(peakMebibytes < 150, `the push took ${peakMebibytes} MiB`)
  })
})
