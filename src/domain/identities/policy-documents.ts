// Texts of policies before they are kept: of the right kind, not too long, and naming principals that exist.

import { fail } from '../../model/errors.ts'
import { policyKinds } from '../authorisation/policies/compile-policy.ts'
import { isIdentityName } from '../authorisation/policies/principal-pattern.ts'
import type { Context, Identities } from '../context.ts'
import { policyCharactersMax } from './identity-limits.ts'

/** A policy of an identity. Fails with MalformedPolicyDocument. */
export function checkIdentityPolicy(ctx: Context, document: string): void {
  if (!ctx.compiledPolicies.of(document, policyKinds.identity)) fail('MalformedPolicyDocument')
}

/** The trust policy as it is kept. Fails with MalformedPolicyDocument, LimitExceeded. */
export function bindTrustPolicy(ctx: Context, document: string): string {
  if (!ctx.compiledPolicies.of(document, policyKinds.trust)) fail('MalformedPolicyDocument')
  checkSize('ACLSizePerRole', document)
  const { text, unknown } = bindPrincipals(ctx.identities, document)
  return unknown === undefined ? text : fail('MalformedPolicyDocument/principal', { principal: unknown })
}

/** Fails with LimitExceeded. */
export function checkSize(quota: keyof typeof policyCharactersMax, document: string): void {
  const limit = policyCharactersMax[quota]
  if (charactersOf(document) > limit) fail('LimitExceeded/quota', { quota, limit })
}

/** IAM does not count white space. */
export function charactersOf(document: string): number {
  return document.replace(/\s/g, '').length
}

/**
 * A policy that compiles, with each user, role and session of a known account by its id instead of its ARN: when one is deleted and another
 * one made under its name, the policy is not about that one (row P7). `unknown` is the first name that nobody has; then the text is not to be
 * kept. Principals of accounts that this server does not know stay as they are.
 */
export function bindPrincipals(
  identities: Identities,
  document: string,
): { readonly text: string; readonly unknown: string | undefined } {
  let unknown: string | undefined
  const text = mapPrincipals(document, (name) => {
    const isId = !name.startsWith('arn:')
    if (!isId && !identities.knowsAccount(name.split(':')[4] ?? '')) return name
    const id = isId ? identities.arnOf(name) && name : identities.idOf(name)
    if (id === undefined) unknown ??= name
    return id ?? name
  })
  return { text, unknown }
}

/** The policy as it is shown: whoever was deleted since stays an id, as with AWS. */
export function showPrincipals(identities: Identities, document: string): string {
  return mapPrincipals(document, (name) => identities.arnOf(name) ?? name)
}

interface PolicyDocument {
  readonly Statement: unknown
}
type Statement = Readonly<Record<string, unknown>>

/** The same text when no principal becomes another one: it may have been written by hand. */
function mapPrincipals(text: string, map: (name: string) => string): string {
  let isChanged = false
  const mapped = (name: unknown): unknown => {
    if (typeof name !== 'string' || !isIdentityName(name)) return name
    const other = map(name)
    isChanged ||= other !== name
    return other
  }
  const ofElement = (element: unknown): unknown => {
    if (typeof element !== 'object' || element === null || !('AWS' in element)) return element
    const { AWS: names } = element
    return { ...element, AWS: Array.isArray(names) ? names.map(mapped) : mapped(names) }
  }
  const ofStatement = (statement: Statement): Statement => ({
    ...statement,
    ...('Principal' in statement && { Principal: ofElement(statement['Principal']) }),
    ...('NotPrincipal' in statement && { NotPrincipal: ofElement(statement['NotPrincipal']) }),
  })
  // It compiles, so that it is an object with one statement or a list of them.
  const document = JSON.parse(text) as PolicyDocument
  const { Statement: statements } = document
  const bound = Array.isArray(statements)
    ? (statements as readonly Statement[]).map(ofStatement)
    : ofStatement(statements as Statement)
  return isChanged ? JSON.stringify({ ...document, Statement: bound }) : text
}
