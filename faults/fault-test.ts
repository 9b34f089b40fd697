// What a fault test is.

import type { RegistryKind } from './registry.ts'
import type { Random } from './random.ts'

/** A promise that was found broken. */
export interface Problem {
  /** C1 to C10 of the checker, or the test's own. */
  readonly rule: string
  readonly text: string
}

export interface FaultResult {
  /** What was done and measured, in the order to be printed. */
  readonly figures: Readonly<Record<string, string | number>>
  readonly problems: readonly Problem[]
}

export interface FaultContext {
  readonly seed: string
  readonly random: Random
  /** The whole test: it goes on beyond `seconds` until its goals are reached. */
  readonly whole: boolean
  /** How long to go on making faults; the check afterwards comes on top. */
  readonly seconds: number
  readonly quick: boolean
  readonly kind: RegistryKind
  /** An empty directory of this run: data, logs, journal. Kept when the test fails. */
  readonly directory: string
  /** A line for whoever waits. */
  readonly say: (line: string) => void
}

export type Goals = Readonly<Record<string, number>>

export interface FaultTest {
  readonly id: string
  readonly title: string
  readonly needs: {
    readonly root?: true
    readonly programs?: readonly string[]
    /** Why this machine can not do it, if it can not. */
    readonly reason?: () => string | undefined
  }
  readonly seconds: { readonly quick: number; readonly full: number }
  /** Figures that a whole run has to reach at least, by their names. */
  readonly goals?: Goals
  /** Whether it can be run against another registry, which is to show what the harness finds. */
  readonly peers?: true
  readonly run: (context: FaultContext) => Promise<FaultResult>
}
