// Policies compiled once and kept by their text: a policy is asked at each request and changes rarely.

import { compilePolicy, type PolicyKind } from './policies/compile-policy.ts'
import type { Policy } from './policies/policy.ts'

export interface CompiledPolicies {
  /** `undefined` for a text that is no policy of this kind. */
  readonly of: (text: string, kind: PolicyKind) => Policy | undefined
}

/** Keeps at most `charactersMax` of text, the least recently used goes first. */
export function createCompiledPolicies(charactersMax = 16 * 1024 * 1024): CompiledPolicies {
  const kinds = new Map<PolicyKind, Map<string, Policy>>()
  let characters = 0
  return {
    of: (text, kind) => {
      let kept = kinds.get(kind)
      if (!kept) kinds.set(kind, (kept = new Map()))
      const known = kept.get(text)
      if (known) {
        // Put back at the end: a Map gives its entries in the order they were put.
        kept.delete(text)
        kept.set(text, known)
        return known
      }
      const policy = compilePolicy(text, kind)
      if (!policy) return undefined
      kept.set(text, policy)
      characters += text.length
      for (const [oldest] of kept) {
        if (characters <= charactersMax || oldest === text) break
        kept.delete(oldest)
        characters -= oldest.length
      }
      return policy
    },
  }
}
