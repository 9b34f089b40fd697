// What a push by the API needs of the same registry's `/v2/`: mounting a blob, and the empty one.

import type { DataPlane } from './api-writer.ts'
import { openRegistryClient, type RegistryClient } from './registry-client.ts'
import type { HttpOptions } from './send-http.ts'
import { TransportError, transportFail } from './transport-error.ts'
import { mountBlob, uploadBlob } from './upload-blob.ts'

/** What GetAuthorizationToken gives. */
export interface DataPlaneLogin {
  /** The URL of `/v2/`'s host; `undefined` to take the host of the reference. */
  readonly endpoint: string | undefined
  readonly username: string
  readonly password: string
}

export interface DataPlaneOptions extends HttpOptions {
  /** `host:port` as images are named by, if they are. */
  readonly host: string | undefined
  /** With the alias, in a public registry. */
  readonly repository: string
  readonly plainHttp?: boolean | undefined
  readonly login: (signal: AbortSignal | undefined) => Promise<DataPlaneLogin>
}

/** Opened when it is first needed: most pushes never do. */
export function openDataPlane(options: DataPlaneOptions): DataPlane {
  const { repository } = options
  let opened: Promise<RegistryClient> | undefined
  const open = (signal: AbortSignal | undefined) => (opened ??= connect(options, signal))
  // Mounting is off for whole registries, or on: one refusal is enough (user guide, "Blob mounting").
  let mounts = true
  return {
    mount: async (blob, from, signal) => {
      if (!mounts || from.host !== (options.host ?? '') || from.repository === repository) return false
      try {
        mounts = await mountBlob({ client: await open(signal), repository, blob, signal }, from)
      } catch (error) {
        // Whoever may push by the API need not be let in here: then the bytes are sent.
        if (!(error instanceof TransportError) || error.code === 'Aborted') throw error
        mounts = false
      }
      return mounts
    },
    writeEmpty: async (blob, source, write) => {
      const client = await open(write.signal)
      return uploadBlob({
        ...write,
        client,
        repository,
        blob,
        source,
        journal: undefined,
        chunkBytes: undefined,
      }).catch((error: unknown) => {
        if (error instanceof TransportError && error.code === 'Refused')
          transportFail('EmptyBlobRefused', { where: client.host }, error)
        throw error
      })
    },
  }
}

async function connect(options: DataPlaneOptions, signal: AbortSignal | undefined): Promise<RegistryClient> {
  const { endpoint } = await options.login(signal)
  const url = endpoint !== undefined && URL.canParse(endpoint) ? new URL(endpoint) : undefined
  const host =
    url?.host ??
    options.host ??
    transportFail('Refused', { where: options.repository, reason: 'it did not say where its data plane is.' })
  return openRegistryClient({
    ...options,
    host,
    plainHttp: url ? url.protocol === 'http:' : options.plainHttp,
    credentials: async () => {
      const { username, password } = await options.login(undefined)
      return { kind: 'password', username, password }
    },
  })
}
