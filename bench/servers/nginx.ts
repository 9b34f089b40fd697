// nginx that serves the same bytes from plain files: no login, no log, no registry. The limit of what a server of files can do.

import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { freePort, startProcess } from '../../faults/process.ts'
import { manifestType } from '../images.ts'
import { pathOf } from '../programs.ts'
import type { Server } from './server.ts'

export async function openNginx(dataDir: string): Promise<Server> {
  const root = join(dataDir, 'files')
  mkdirSync(join(dataDir, 'tmp'), { recursive: true })
  mkdirSync(root, { recursive: true })
  writeFileSync(join(root, 'ready'), 'ready\n')
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const configuration = join(dataDir, 'nginx.conf')
  writeFileSync(configuration, configurationText(dataDir, root, port))
  const running = await startProcess({
    command: [pathOf('nginx'), '-c', configuration, '-p', dataDir, '-e', join(dataDir, 'error.log')],
    logFile: join(dataDir, '..', 'nginx.log'),
    readyUrl: `${origin}/ready`,
  })
  const write = (path: string, pieces: Iterable<Buffer>) => {
    const file = join(root, path)
    mkdirSync(dirname(file), { recursive: true })
    const descriptor = openSync(file, 'w')
    for (const piece of pieces) writeSync(descriptor, piece)
    closeSync(descriptor)
  }
  return {
    kind: 'nginx',
    origin,
    headers: {},
    credentials: undefined,
    pid: running.pid,
    dataDir,
    readyMs: running.readyMs,
    addRepository: async () => {},
    publish: async ({ repository, tag, digest, manifest, blobs }) => {
      for (const reference of [tag, digest]) write(`v2/${repository}/manifests/${reference}`, [manifest])
      for (const blob of blobs) write(`v2/${repository}/blobs/${blob.digest}`, blob.pieces())
    },
    sign: () => {
      throw new Error('nginx has no ECR API')
    },
    key: undefined,
    close: async () => {
      running.signal('SIGTERM')
      await running.ended
    },
  }
}

/** One worker: the others use their second processor for disk and hashes only. */
const configurationText = (directory: string, root: string, port: number): string => `daemon off;
${process.getuid?.() === 0 ? 'user root;\n' : ''}worker_processes 1;
pid ${join(directory, 'nginx.pid')};
error_log ${join(directory, 'error.log')};
events { worker_connections 4096; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  client_body_temp_path ${join(directory, 'tmp', 'body')};
  proxy_temp_path ${join(directory, 'tmp', 'proxy')};
  fastcgi_temp_path ${join(directory, 'tmp', 'fastcgi')};
  uwsgi_temp_path ${join(directory, 'tmp', 'uwsgi')};
  scgi_temp_path ${join(directory, 'tmp', 'scgi')};
  default_type application/octet-stream;
  server {
    listen 127.0.0.1:${port};
    root ${root};
    location ~ /manifests/ { default_type ${manifestType}; }
  }
}
`
