// What the generator can be sent to do.

import type { ImagePlan } from '../images.ts'
import type { Load } from '../row.ts'
import type { ApiKey } from '../servers/server.ts'

interface Target {
  readonly origin: string
  readonly headers: Readonly<Record<string, string>>
}

/** The same requests again and again, for a time. */
export interface RepeatTask extends Target {
  readonly kind: 'repeat'
  readonly method?: string
  readonly paths: readonly string[]
  readonly body?: string
  readonly connections: number
  readonly seconds: number
}

/** The same request so many times. The values of a member of the answers are given back. */
export interface CountTask extends Target {
  readonly kind: 'count'
  readonly method: string
  readonly paths: readonly string[]
  readonly body?: string
  readonly connections: number
  readonly times: number
  readonly member?: string
}

/** One blob up: as docker does (a PATCH of unknown length), by one PUT, or by a PATCH for every 10 MiB. */
export interface UploadTask extends Target {
  readonly kind: 'upload'
  readonly how: 'patch' | 'put' | 'chunks'
  readonly repository: string
  readonly seed: string
  readonly bytes: number
  readonly parallel: number
}

/** One blob up by UploadLayerPart, 10 MiB each. */
export interface PartsTask extends Target {
  readonly kind: 'parts'
  readonly repository: string
  readonly seed: string
  readonly bytes: number
  readonly key: ApiKey
}

/** Small images, each with a layer of its own; of four turns the last `pulls` are pulls of `image`. */
export interface ImagesTask extends Target {
  readonly kind: 'images'
  readonly repository: string
  readonly seed: string
  readonly image: ImagePlan
  readonly pulls: 0 | 3 | 4
  readonly connections: number
  readonly seconds: number
}

export type Task = RepeatTask | CountTask | UploadTask | PartsTask | ImagesTask

export interface Outcome extends Load {
  /** What `CountTask` asked for. */
  readonly found: readonly string[]
}
