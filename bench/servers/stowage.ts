// Stowage as `npm start` starts it, on a port and a folder of its own, with the root key that it makes for itself.

import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { CreateRepositoryCommand, ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr'

import { freePort, startProcess } from '../../faults/process.ts'
import { signed } from '../../test/support/sign.ts'
import { publishTo } from './publish.ts'
import type { Server, SignedRequest } from './server.ts'

const startScript = fileURLToPath(new URL('../../bin/stowage.mjs', import.meta.url))
const jsonType = 'application/x-amz-json-1.1'

/** `nodeFlags` make Node record a profile; `more` are flags of `serve`. */
export async function openStowage(
  dataDir: string,
  nodeFlags: readonly string[] = [],
  more: readonly string[] = [],
): Promise<Server> {
  mkdirSync(dataDir, { recursive: true })
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const ours = ['--listen', '127.0.0.1', '--port', String(port), '--public-port', '0', '--data', dataDir]
  const running = await startProcess({
    command: [process.execPath, ...nodeFlags, startScript, 'serve', ...ours, ...more],
    // Each request is logged into a file, as the other registry's are.
    logFile: join(dataDir, '..', 'stowage.log'),
    readyUrl: `${origin}/healthz`,
  })
  const env = clientEnv(dataDir)
  const key = { accessKeyId: env('AWS_ACCESS_KEY_ID'), secretAccessKey: env('AWS_SECRET_ACCESS_KEY') }
  const region = env('AWS_REGION')
  const ecr = new ECRClient({ endpoint: origin, region, credentials: key })
  const { authorizationData } = await ecr.send(new GetAuthorizationTokenCommand({}))
  const token = authorizationData?.[0]?.authorizationToken ?? ''
  const headers = { authorization: `Basic ${token}` }
  const sign = (operation: string, input: unknown): SignedRequest => {
    const body = JSON.stringify(input)
    const named = [
      ['Host', `127.0.0.1:${port}`],
      ['Content-Type', jsonType],
      ['X-Amz-Target', `AmazonEC2ContainerRegistry_V20150921.${operation}`],
    ] as const
    const amzDate = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')
    const message = signed({ headers: named }, { key, region, amzDate, payload: body })
    return { headers: Object.fromEntries(message.headers), body }
  }
  return {
    kind: 'stowage',
    origin,
    headers,
    credentials: Buffer.from(token, 'base64').toString(),
    pid: running.pid,
    dataDir,
    readyMs: running.readyMs,
    addRepository: async (repositoryName) => {
      await ecr.send(new CreateRepositoryCommand({ repositoryName }))
    },
    publish: (image) => publishTo(origin, headers, image),
    sign,
    key: { ...key, region },
    close: async () => {
      ecr.destroy()
      // In good order: a profile is written at the end.
      running.signal('SIGTERM')
      const late = setTimeout(() => running.signal('SIGKILL'), 20_000)
      await running.ended
      clearTimeout(late)
    },
  }
}

/** What `stowage env` tells a user to export. */
function clientEnv(dataDir: string): (name: string) => string {
  const { stdout } = spawnSync(process.execPath, [startScript, 'env', '--data', dataDir, '--format', 'json'], {
    encoding: 'utf8',
  })
  // Its own output: a flat object of strings.
  const values = JSON.parse(stdout) as Readonly<Record<string, string>>
  return (name) => values[name] ?? ''
}
