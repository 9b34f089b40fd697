// What every client test needs: one running Stowage and one home for the clients, both gone when the suite ends.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before } from 'node:test'

import { CreateRepositoryCommand, type CreateRepositoryCommandInput } from '@aws-sdk/client-ecr'
import { CreateRepositoryCommand as CreatePublicRepositoryCommand, ECRPUBLICClient } from '@aws-sdk/client-ecr-public'

import { type Sandbox, createSandbox } from '../support/client.ts'
import { type Stowage, type StowageOptions, startStowage } from '../support/stowage.ts'

export type ClientSetting = {
  readonly stowage: Stowage
  readonly sandbox: Sandbox
  /** `host:port/<name>` of a repository that exists from now on. */
  readonly createRepository: (
    name: string,
    input?: Omit<CreateRepositoryCommandInput, 'repositoryName'>,
  ) => Promise<string>
  /** `host:port` of the public registries. */
  readonly publicHost: () => string
  /** `host:port/<alias>/<name>` of a public repository that exists from now on. */
  readonly createPublicRepository: (name: string) => Promise<string>
  /** Registers what must end before the sandbox and the server go; the last registered ends first. */
  readonly onEnd: (end: () => Promise<void>) => void
}

/** To be called inside `describe`: registers the hooks, and the values are there when the first test runs. */
export function useStowage(options: StowageOptions = {}): ClientSetting {
  let stowage: Stowage | undefined
  let sandbox: Sandbox | undefined
  const ends: (() => Promise<void>)[] = []
  before(async () => {
    stowage = await startStowage(options)
    sandbox = createSandbox(stowage.env)
  })
  after(async () => {
    try {
      for (const end of ends.toReversed()) await end()
      sandbox?.remove()
    } finally {
      await stowage?.remove()
    }
  })
  return {
    get stowage() {
      return started(stowage)
    },
    get sandbox() {
      return started(sandbox)
    },
    createRepository: async (name, input = {}) => {
      await started(stowage).ecr.send(new CreateRepositoryCommand({ ...input, repositoryName: name }))
      return `${started(stowage).host}/${name}`
    },
    publicHost: () => publicHostOf(started(stowage)),
    createPublicRepository: (name) => createPublicRepository(started(stowage), name),
    onEnd: (end) => ends.push(end),
  }
}

function publicHostOf({ dataDir }: Stowage): string {
  const text = readFileSync(join(dataDir, 'server.json'), 'utf8')
  return (JSON.parse(text) as { readonly publicHost: string }).publicHost // written by the server under test
}

async function createPublicRepository({ env, origin }: Stowage, repositoryName: string): Promise<string> {
  const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = env
  const credentials = { accessKeyId, secretAccessKey }
  const client = new ECRPUBLICClient({ endpoint: origin, region: 'us-east-1', credentials, maxAttempts: 1 })
  try {
    const { repository } = await client.send(new CreatePublicRepositoryCommand({ repositoryName }))
    if (repository?.repositoryUri === undefined) throw new Error('no repositoryUri')
    return repository.repositoryUri
  } finally {
    client.destroy()
  }
}

function started<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('used outside of a test')
  return value
}
