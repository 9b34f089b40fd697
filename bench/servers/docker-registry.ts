// Debian's docker-registry (CNCF distribution) with what it has: no login, no fsync, files below a directory. Its log is its default.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { freePort, startProcess } from '../../faults/process.ts'
import { pathOf } from '../programs.ts'
import { publishTo } from './publish.ts'
import type { Server } from './server.ts'

export async function openDockerRegistry(dataDir: string): Promise<Server> {
  mkdirSync(dataDir, { recursive: true })
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const configuration = join(dataDir, 'config.yml')
  writeFileSync(configuration, configurationText(dataDir, port))
  const running = await startProcess({
    command: [pathOf('docker-registry'), 'serve', configuration],
    logFile: join(dataDir, '..', 'docker-registry.log'),
    readyUrl: `${origin}/v2/`,
  })
  return {
    kind: 'docker-registry',
    origin,
    headers: {},
    credentials: undefined,
    pid: running.pid,
    dataDir,
    readyMs: running.readyMs,
    addRepository: async () => {},
    publish: (image) => publishTo(origin, {}, image),
    sign: () => {
      throw new Error('docker-registry has no ECR API')
    },
    key: undefined,
    close: async () => {
      running.signal('SIGKILL')
      await running.ended
    },
  }
}

/** As Debian's own `/etc/docker/registry/config.yml`, with the cache of its documentation. */
const configurationText = (directory: string, port: number): string => `version: 0.1
log:
  fields:
    service: registry
storage:
  cache:
    blobdescriptor: inmemory
  filesystem:
    rootdirectory: ${join(directory, 'registry')}
  delete:
    enabled: true
http:
  addr: 127.0.0.1:${port}
  headers:
    X-Content-Type-Options: [nosniff]
`
