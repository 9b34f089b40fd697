// What a fault test does to a registry as a whole, whichever registry it is.

import type { ECRClient } from '@aws-sdk/client-ecr'

import type { Target } from './data-plane.ts'
import type { ServerProcess } from './process.ts'

export interface Registry {
  readonly kind: RegistryKind
  /** Its directory: everything that must survive. */
  readonly dataDir: string
  readonly logFile: string
  readonly target: Target
  /** Undefined for one without ECR's API. */
  readonly ecr: ECRClient | undefined
  /** Texts that must stand in no answer and in no log. */
  readonly secrets: readonly string[]
  readonly process: () => ServerProcess
  /** Milliseconds of each start so far. */
  readonly readyMs: readonly number[]
  /** Ends it as it is told, and waits for that; gives the exit code or the signal. */
  readonly end: (signal: NodeJS.Signals) => Promise<number | string>
  /** Starts it again, on the same directory and port. */
  readonly start: () => Promise<void>
  /** Signs by the server's clock from now on, whatever it shows, with a new token; gives how far it is ahead. */
  readonly followClock: () => Promise<number>
  /** Takes away what no image needs, while it serves or while it does not, as the registry can. */
  readonly collect: () => Promise<void>
  /** Ends it for good. */
  readonly close: () => Promise<void>
}

export type RegistryKind = 'stowage' | 'docker-registry'

export interface RegistryOptions {
  readonly dataDir: string
  readonly logFile: string
  readonly repositories: readonly string[]
  readonly onBody: Target['onBody']
  readonly env?: Readonly<Record<string, string>>
}
