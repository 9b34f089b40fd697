// `stowage push`, `ls` and the others as a user calls them: processes of their own, against a registry in this one.

import { spawn } from 'node:child_process'
import { after, before } from 'node:test'
import { fileURLToPath } from 'node:url'

import { createEcr } from '../../src/client/create-ecr.ts'
import { createEcrPublic } from '../../src/client/create-ecr-public.ts'
import { startRegistry, type TestRegistry } from '../../src/testing/index.ts'
import { createSandbox, type RunOptions, type RunResult, type Sandbox } from '../support/client.ts'

const bin = (name: string) => fileURLToPath(new URL(`../../bin/${name}.mjs`, import.meta.url))

export interface ImageProgram {
  readonly registry: TestRegistry
  readonly sandbox: Sandbox
  /** `HOST/name` of a repository that exists from now on. */
  readonly createRepository: (name: string) => Promise<string>
  /** `HOST/alias/name` of a public one. */
  readonly createPublicRepository: (name: string) => Promise<string>
  /** Runs `stowage <args>` with the registry's endpoint and key in its environment. What it prints is trimmed. */
  readonly run: (args: readonly string[], options?: RunOptions) => Promise<RunResult>
  /** The same without either. */
  readonly runBare: (args: readonly string[], options?: RunOptions) => Promise<RunResult>
  readonly runHelper: (verb: string, input: string, options?: RunOptions) => Promise<RunResult>
  /** Starts `stowage <args>` to be sent a signal; `end` is its exit code or the signal that ended it. */
  readonly start: (args: readonly string[]) => Started
}

export interface Started {
  readonly kill: (signal: NodeJS.Signals) => void
  readonly stderr: () => string
  readonly end: Promise<number | NodeJS.Signals>
}

/** The environment that leads a client to a registry. */
export const leadingTo = ({ endpoint, credentials, region }: TestRegistry): Readonly<Record<string, string>> => ({
  AWS_ENDPOINT_URL_ECR: endpoint,
  AWS_ENDPOINT_URL_ECR_PUBLIC: endpoint,
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  AWS_REGION: region,
})

/** To be called inside `describe`. */
export function useImageProgram(): ImageProgram {
  let registry: TestRegistry | undefined
  let sandbox: Sandbox | undefined
  before(async () => {
    registry = await startRegistry()
    sandbox = createSandbox()
  })
  after(async () => {
    sandbox?.remove()
    await registry?.close()
  })
  const stowage = (args: readonly string[], options: RunOptions = {}) =>
    started(sandbox).run(process.execPath, [bin('stowage'), ...args], options)
  return {
    get registry() {
      return started(registry)
    },
    get sandbox() {
      return started(sandbox)
    },
    createRepository: async (repositoryName) => {
      const { endpoint, region, credentials, registryHost } = started(registry)
      const ecr = createEcr({ endpoint, region, credentials })
      await ecr.call('CreateRepository', { repositoryName })
      ecr.destroy()
      return `${registryHost}/${repositoryName}`
    },
    createPublicRepository: async (repositoryName) => {
      const { endpoint, credentials } = started(registry)
      const ecrPublic = createEcrPublic({ endpoint, credentials })
      const { repository } = await ecrPublic.call('CreateRepository', { repositoryName })
      ecrPublic.destroy()
      return repository?.repositoryUri ?? ''
    },
    run: (args, options = {}) =>
      stowage(args, { ...options, env: { ...leadingTo(started(registry)), ...options.env } }),
    runBare: stowage,
    runHelper: (verb, input, options = {}) =>
      started(sandbox).run(process.execPath, [bin('docker-credential-stowage'), verb], { ...options, input }),
    start: (args) => {
      const env = { ...started(sandbox).env, ...leadingTo(started(registry)) }
      const child = spawn(process.execPath, [bin('stowage'), ...args], { env, stdio: ['ignore', 'ignore', 'pipe'] })
      let stderr = ''
      child.stderr.on('data', (piece: Buffer) => (stderr += piece.toString()))
      const late = setTimeout(() => child.kill('SIGKILL'), 60_000)
      const end = new Promise<number | NodeJS.Signals>((resolve) =>
        child.once('close', (code, signal) => {
          clearTimeout(late)
          resolve(code ?? signal ?? 'SIGKILL')
        }),
      )
      return { kill: (signal) => void child.kill(signal), stderr: () => stderr, end }
    },
  }
}

function started<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('used outside of a test')
  return value
}
