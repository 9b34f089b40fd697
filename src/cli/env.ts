// `stowage env`: what AWS clients need to know of the running server, as commands of a shell.

import { readKeys } from '../assemble.ts'
import type { ServerAddress } from '../server-address.ts'
import type { AccessKey } from '../domain/context.ts'
import { CommandError } from './command-error.ts'
import { getServer } from './get-server.ts'
import { shellWord } from './shell.ts'

/** Prints the variables for the server on this data directory. */
export function printEnv(data: string, format: string): void {
  const print = formats[format]
  if (!print) throw new CommandError(`--format must be one of ${Object.keys(formats).join(', ')}, not "${format}"`, 2)
  const server = getServer(data)
  process.stdout.write(print(variablesFor(server, keyFor(data, server.account))))
}

/** The first key of the account. Throws a sentence when there is none. */
export function keyFor(data: string, account: string): AccessKey {
  const key = keysOf(data).find((candidate) => candidate.principal.accountId === account)
  if (!key)
    throw new CommandError(`${data}/keys.json has no key of account ${account}: add one, or serve with --account`)
  return key
}

function keysOf(data: string): readonly AccessKey[] {
  try {
    return readKeys(data)
  } catch (error) {
    throw new CommandError(error instanceof Error ? error.message : String(error), 1, error)
  }
}

type Variables = Readonly<Record<string, string>>

function variablesFor(server: ServerAddress, key: AccessKey): Variables {
  return {
    AWS_ENDPOINT_URL_ECR: server.endpoint,
    AWS_ENDPOINT_URL_ECR_PUBLIC: server.endpoint,
    AWS_ENDPOINT_URL_STS: server.endpoint,
    AWS_ACCESS_KEY_ID: key.accessKeyId,
    AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
    AWS_REGION: server.region,
    AWS_DEFAULT_REGION: server.region,
  }
}

const lines = (variables: Variables, line: (name: string, value: string) => string) =>
  Object.entries(variables)
    .map(([name, value]) => `${line(name, shellWord(value))}\n`)
    .join('')

/** A session token left over in the shell would be sent with our key, and refused. */
const formats: Readonly<Record<string, (variables: Variables) => string>> = {
  sh: (variables) => `${lines(variables, (name, value) => `export ${name}=${value}`)}unset AWS_SESSION_TOKEN\n`,
  fish: (variables) => `${lines(variables, (name, value) => `set -gx ${name} ${value}`)}set -e AWS_SESSION_TOKEN\n`,
  json: (variables) => `${JSON.stringify(variables, undefined, 2)}\n`,
}
