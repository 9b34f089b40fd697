// A server under measurement, as rows see it.

import type { BenchImage } from '../images.ts'

export type ServerKind = 'stowage' | 'docker-registry' | 'nginx' | 'disk'

export const titles: Readonly<Record<ServerKind, string>> = {
  stowage: 'Stowage',
  'docker-registry': 'docker-registry',
  nginx: 'nginx (static files)',
  disk: 'sha256 + write + fsync',
}

/** A request with everything that a client has to send, its length excepted. It may be sent again for some minutes. */
export interface SignedRequest {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface ApiKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly region: string
}

export interface Server {
  readonly kind: ServerKind
  readonly origin: string
  /** As a client of the data plane is logged in; nothing where there is no such thing. */
  readonly headers: Readonly<Record<string, string>>
  /** What skopeo is told; `undefined` where nobody logs in. */
  readonly credentials: string | undefined
  readonly pid: number
  readonly dataDir: string
  /** From the start of the process to its first answer. */
  readonly readyMs: number
  /** Makes it where repositories have to be made. */
  readonly addRepository: (name: string) => Promise<void>
  /** The image and all its blobs; the repository is there. */
  readonly publish: (image: BenchImage) => Promise<void>
  /** A call of the ECR API; throws where there is none. */
  readonly sign: (operation: string, input: unknown) => SignedRequest
  /** What calls of the API are signed with; `undefined` where there is none. */
  readonly key: ApiKey | undefined
  readonly close: () => Promise<void>
}
