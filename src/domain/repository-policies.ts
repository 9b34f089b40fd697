// Policies of repositories and of private registries: checked, kept as ECR shows them, asked at each request (`authorise`).
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policies.html

import { fail } from '../model/errors.ts'
import { accessRequest, sessionPolicies } from './authorisation/authorise.ts'
import { policyKinds, type PolicyKind } from './authorisation/policies/compile-policy.ts'
import { decide } from './authorisation/policies/decide.ts'
import type { Policy } from './authorisation/policies/policy.ts'
import type { Context } from './context.ts'
import { bindPrincipals, showPrincipals } from './identities/policy-documents.ts'
import type { MetadataReads, RegistryKey } from './ports/metadata.ts'
import { printPolicy } from './print-policy.ts'
import { named, repositoryArn } from './references.ts'
import { notFound } from './repositories.ts'

/**
 * Sets the policy and gives it as it is shown from now on. Without `force` it must leave the caller the right to set another one.
 * Fails with RepositoryNotFound, InvalidParameter.
 */
export async function setPolicy(
  ctx: Context,
  registry: RegistryKey,
  name: string,
  text: string,
  force: boolean,
): Promise<string> {
  const kind = registry.kind === 'public' ? policyKinds.publicRepository : policyKinds.repository
  const policy = compile(ctx, text, kind, 'Invalid repository policy provided')
  const kept = bind(ctx, text)
  if (!force && locksOut(ctx, registry, name, policy)) {
    fail('InvalidParameterException', {
      parameter: 'PolicyText',
      constraint: 'The policy does not allow the caller to set another policy: set force to set it all the same',
    })
  }
  await ctx.metadata.write(async (tx) => {
    const repository = (await tx.repositories.find(registry, name)) ?? notFound(registry, name)
    await tx.policies.put(repository.id, kept)
  })
  return show(ctx, kept)
}

/** The policy as it is kept. Fails with InvalidParameter for a user or role that does not exist, in an account that this server knows. */
function bind(ctx: Context, text: string): string {
  const bound = bindPrincipals(ctx.identities, text)
  if (bound.unknown !== undefined) {
    fail('InvalidParameterException', { parameter: 'PolicyText', constraint: 'Principal not found' })
  }
  return printPolicy(bound.text)
}

/** A kept policy as it is shown. */
function show(ctx: Context, kept: string): string {
  const shown = showPrincipals(ctx.identities, kept)
  return shown === kept ? kept : printPolicy(shown)
}

/** Whether the caller may not call SetRepositoryPolicy any more. A root could always delete the policy; it is asked to say that it means it. */
function locksOut(ctx: Context, registry: RegistryKey, name: string, policy: Policy): boolean {
  const action = `${registry.kind === 'public' ? 'ecr-public' : 'ecr'}:SetRepositoryPolicy`
  const identity = ctx.identities.of(ctx.caller)
  if (!identity) return true
  const request = accessRequest(ctx, identity, action, repositoryArn(registry, name), {}, [])
  const { policies, boundary } = identity
  const resource = [{ name: 'repository', policy }]
  return !decide(request, { identity: policies, boundary, session: sessionPolicies(ctx), resource }).allowed
}

/** Fails with RepositoryNotFound, RepositoryPolicyNotFound. */
export async function getPolicy(ctx: Context, registry: RegistryKey, name: string): Promise<string> {
  return show(ctx, (await find(ctx.metadata.read, registry, name)).text)
}

/** Removes the policy and gives what it was. Fails with RepositoryNotFound, RepositoryPolicyNotFound. */
export async function deletePolicy(ctx: Context, registry: RegistryKey, name: string): Promise<string> {
  return ctx.metadata.write(async (tx) => {
    const { repositoryId, text } = await find(tx, registry, name)
    await tx.policies.remove(repositoryId)
    return show(ctx, text)
  })
}

/** Sets the policy of a private registry and gives it as it is shown. Fails with InvalidParameter. */
export async function setRegistryPolicy(ctx: Context, registry: RegistryKey, text: string): Promise<string> {
  compile(ctx, text, policyKinds.registry, 'Invalid registry policy provided')
  const kept = bind(ctx, text)
  await ctx.metadata.write((tx) => tx.policies.putOfRegistry(registry, kept))
  return show(ctx, kept)
}

/** Fails with RegistryPolicyNotFound. */
export async function getRegistryPolicy(ctx: Context, registry: RegistryKey): Promise<string> {
  return show(ctx, await findOfRegistry(ctx.metadata.read, registry))
}

/** Removes the policy of a private registry and gives what it was. Fails with RegistryPolicyNotFound. */
export async function deleteRegistryPolicy(ctx: Context, registry: RegistryKey): Promise<string> {
  return ctx.metadata.write(async (tx) => {
    const text = await findOfRegistry(tx, registry)
    await tx.policies.removeOfRegistry(registry)
    return show(ctx, text)
  })
}

function compile(ctx: Context, text: string, kind: PolicyKind, constraint: string): Policy {
  return (
    ctx.compiledPolicies.of(text, kind) ?? fail('InvalidParameterException', { parameter: 'PolicyText', constraint })
  )
}

type Reads = Pick<MetadataReads, 'repositories' | 'policies'>

async function find(
  reads: Reads,
  registry: RegistryKey,
  name: string,
): Promise<{ readonly repositoryId: string; readonly text: string }> {
  const repository = (await reads.repositories.find(registry, name)) ?? notFound(registry, name)
  const text =
    (await reads.policies.find(repository.id)) ?? fail('RepositoryPolicyNotFoundException', named(registry, name))
  return { repositoryId: repository.id, text }
}

async function findOfRegistry(reads: Reads, registry: RegistryKey): Promise<string> {
  return (
    (await reads.policies.ofRegistry(registry)) ??
    fail('RegistryPolicyNotFoundException', { registryId: registry.accountId })
  )
}
