import type { Services } from '../context.ts'
import type { CheckStore } from '../ports/store-audit.ts'
import type { FindingKind } from './finding.ts'

export interface FsckServices extends Pick<Services, 'metadata' | 'blobs' | 'logos' | 'clock'> {
  readonly checkStore: CheckStore
}

/** Told at the beginning of each part how many steps it has, and about steps that are done. */
export interface FsckProgress {
  readonly begin: (what: string, total: number) => void
  readonly advance: (steps?: number) => void
}

/** What a check is given. */
export interface Checking extends FsckServices {
  /** Read every byte of every layer and logo. */
  readonly deep: boolean
  readonly progress: FsckProgress
  /**
   * Reports something that is certain.
   * @param repair called when repairs are wanted; of kinds that have one
   */
  readonly report: (
    kind: FindingKind,
    subject: string,
    detail?: string,
    repair?: () => Promise<unknown>,
  ) => Promise<void>
}
