// A policy as it is evaluated: made once from its text by `compilePolicy`.

import type { NamedAs } from './principal-pattern.ts'
import type { AccessRequest } from './request.ts'

export interface Statement {
  readonly sid: string | undefined
  readonly effect: 'Allow' | 'Deny'
  /** How it names the principal: `self` for every principal in a policy that has no Principal element. */
  readonly names: (request: AccessRequest) => NamedAs | undefined
  /** Whether it says NotPrincipal, and so whom it is not about. */
  readonly exempts: boolean
  /** Whether it is about the request's action, resource and circumstances. */
  readonly applies: (request: AccessRequest) => boolean
  /** The same of one that is known to be about the action. */
  readonly covers: (request: AccessRequest) => boolean
  /** The first element that keeps it from applying, for explanations. */
  readonly misses: (request: AccessRequest) => 'action' | 'resource' | 'condition' | undefined
}

/** Statements in the order of their policy. */
export type ByEffect = Readonly<Record<Statement['effect'], readonly Statement[]>>

export interface Policy {
  readonly statements: readonly Statement[]
  /** Those that are about an action. */
  readonly about: (action: string) => ByEffect
  /** Whether it asks for tags of the resource, which have to be read first. */
  readonly readsResourceTags: boolean
}

/** Where a policy stands, and by what name explanations call it. */
export interface NamedPolicy {
  readonly name: string
  readonly policy: Policy
}
