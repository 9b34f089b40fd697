import type { AccessKey } from '../domain/context.ts'
import { getAuthorizationToken } from '../operations/private/get-authorization-token.ts'
import { callApi } from './call-api.ts'
import { CommandError } from './command-error.ts'
import type { RunningServer } from './server-file.ts'

/** The password of user AWS for this key, from the running server. */
export async function fetchPassword(server: RunningServer, key: AccessKey): Promise<string> {
  const { authorizationData } = await callApi(server, key, getAuthorizationToken, {})
  const token = authorizationData?.[0]?.authorizationToken ?? ''
  const [user, password] = Buffer.from(token, 'base64').toString().split(':')
  if (user !== 'AWS' || password === undefined)
    throw new CommandError(`the server at ${server.origin} gave no password`)
  return password
}
