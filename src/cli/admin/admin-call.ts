import type { Operation } from '../../operations/operation.ts'
import { callApi } from '../call-api.ts'
import { keyFor } from '../env.ts'
import { getServer } from '../get-server.ts'

/** Calls of the operator's API on the server of a data directory, with the root key of its account. */
export interface AdminCall {
  readonly account: string
  /** Throws a CommandError with the server's own sentence. */
  readonly call: <I, O>(operation: Operation<I, O>, input: I) => Promise<O>
}

/** Throws a CommandError when no server runs on this directory, or its key is not there. */
export function openAdminCall(data: string): AdminCall {
  const server = getServer(data)
  const key = keyFor(data, server.account)
  return { account: server.account, call: (operation, input) => callApi(server, key, operation, input) }
}
