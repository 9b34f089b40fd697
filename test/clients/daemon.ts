// A daemon that a client needs (dockerd, containerd): started by hand in the sandbox, ended by its process id.

import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

import { type Sandbox, findProgram } from '../support/client.ts'

export type Daemon = { readonly stop: () => Promise<void> }

const readyTimeoutMs = 30_000
const stopTimeoutMs = 10_000

/** Starts a daemon and waits until `isReady` says so. What it prints goes to `daemon.log` in the sandbox. */
export async function startDaemon(
  sandbox: Sandbox,
  [program, ...args]: readonly [string, ...string[]],
  isReady: () => Promise<boolean>,
): Promise<Daemon> {
  const logFile = sandbox.path('daemon.log')
  const log = openSync(logFile, 'w')
  const child = spawn(findProgram(program) ?? program, args, { env: sandbox.env, stdio: ['ignore', log, log] })
  closeSync(log)
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    const late = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs)
    await exited
    clearTimeout(late)
  }
  const deadline = Date.now() + readyTimeoutMs
  while (!(await isReady())) {
    if (child.exitCode === null && Date.now() < deadline) {
      await sleep(100)
      continue
    }
    await stop()
    throw new Error(`${program} did not become ready:\n${readFileSync(logFile, 'utf8').slice(-4000)}`)
  }
  return { stop }
}

/**
 * A Docker engine with no bridge and no packet filter; the clients in the sandbox reach it by `DOCKER_HOST`. `command` is
 * `dockerd` itself or what becomes it, such as a command that enters other namespaces first.
 */
export async function startDockerd(
  sandbox: Sandbox,
  command: readonly [string, ...string[]] = ['dockerd'],
): Promise<Daemon & { readonly env: Record<string, string> }> {
  const socket = `unix://${sandbox.path('d.sock')}`
  const env = { DOCKER_HOST: socket }
  const network = ['--iptables=false', '--ip6tables=false', '--bridge=none']
  const places = [
    '--data-root',
    sandbox.path('docker'),
    '--exec-root',
    sandbox.path('exec'),
    '--pidfile',
    sandbox.path('d.pid'),
  ]
  const daemon = await startDaemon(
    sandbox,
    [...command, '--storage-driver=vfs', ...network, ...places, '-H', socket],
    async () => (await sandbox.run('docker', ['version'], { env })).code === 0,
  )
  const stop = async (): Promise<void> => {
    await daemon.stop()
    // The engine mounts its directory upon itself; one that had to be killed leaves that behind, and nothing can be removed under it.
    await sandbox.run('umount', ['-l', sandbox.path('docker')])
  }
  return { stop, env }
}

/** A containerd of its own without the Kubernetes plug-in; `ctr` reaches it by `--address`. */
export async function startContainerd(sandbox: Sandbox): Promise<Daemon & { readonly socket: string }> {
  const socket = sandbox.path('c.sock')
  const config = sandbox.path('containerd.toml')
  await writeFile(
    config,
    [
      'version = 2',
      `root = "${sandbox.path('containerd')}"`,
      `state = "${sandbox.path('containerd-state')}"`,
      'disabled_plugins = ["io.containerd.grpc.v1.cri"]',
      '[grpc]',
      `address = "${socket}"`,
    ].join('\n'),
  )
  const isReady = async (): Promise<boolean> =>
    (await sandbox.run('ctr', ['--address', socket, '--connect-timeout', '1s', 'version'])).code === 0
  return { ...(await startDaemon(sandbox, ['containerd', '--config', config], isReady)), socket }
}
