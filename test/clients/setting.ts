// What every client test needs: one running Stowage and one home for the clients, both gone when the suite ends.

import { after, before } from 'node:test'

import { CreateRepositoryCommand, type CreateRepositoryCommandInput } from '@aws-sdk/client-ecr'

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
    onEnd: (end) => ends.push(end),
  }
}

function started<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('used outside of a test')
  return value
}
