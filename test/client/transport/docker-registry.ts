// Debian's docker-registry as the other side: a registry without the referrers API, which knows neither ECR nor us.

import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

import { freePort } from '../../../faults/process.ts'
import { findProgram, type Sandbox } from '../../support/client.ts'

const readyMs = 10_000

/** Starts one on a free port of loopback; `stop` ends it. */
export async function startDockerRegistry(
  sandbox: Sandbox,
): Promise<{ readonly host: string; readonly stop: () => Promise<void> }> {
  const port = await freePort()
  const host = `127.0.0.1:${port}`
  const config = {
    version: '0.1',
    storage: { filesystem: { rootdirectory: sandbox.path('registry') } },
    http: { addr: host },
  }
  writeFileSync(sandbox.path('registry.yml'), JSON.stringify(config)) // JSON is YAML
  const program = findProgram('docker-registry') ?? 'docker-registry'
  // No environment: it takes variables that begin with REGISTRY_ for its configuration, and skopeo's are named like that.
  const child = spawn(program, ['serve', sandbox.path('registry.yml')], { stdio: 'ignore', env: {} })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const stop = async () => {
    child.kill('SIGKILL')
    await ended
  }
  const deadline = Date.now() + readyMs
  while (
    !(await fetch(`http://${host}/v2/`).then(
      (answer) => answer.ok,
      () => false,
    ))
  ) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop()
      throw new Error('docker-registry did not start')
    }
    await sleep(50)
  }
  return { host, stop }
}
