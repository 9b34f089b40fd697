// Policies of repositories: kept in the form that ECR shows them in. They are not evaluated yet.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html

import { shapeFault } from '../lib/json-shape.ts'
import { fail } from '../model/errors.ts'
import type { Context } from './context.ts'
import type { MetadataReads, RegistryKey } from './ports/metadata.ts'
import { named } from './references.ts'
import { notFound } from './repositories.ts'

/** Which actions a policy may name: `ecr:...` or `ecr-public:...`. */
type ServiceName = 'ecr' | 'ecr-public'

/** Sets the policy and gives it as it is shown from now on. Fails with RepositoryNotFound, InvalidParameter. */
export async function setPolicy(
  ctx: Context,
  registry: RegistryKey,
  name: string,
  text: string,
  service: ServiceName,
): Promise<string> {
  const shown = print(parsePolicy(text, service), '')
  await ctx.metadata.write(async (tx) => {
    const repository = (await tx.repositories.find(registry, name)) ?? notFound(registry, name)
    await tx.policies.put(repository.id, shown)
  })
  return shown
}

/** Fails with RepositoryNotFound, RepositoryPolicyNotFound. */
export async function getPolicy(ctx: Context, registry: RegistryKey, name: string): Promise<string> {
  return (await find(ctx.metadata.read, registry, name)).text
}

/** Removes the policy and gives what it was. Fails with RepositoryNotFound, RepositoryPolicyNotFound. */
export async function deletePolicy(ctx: Context, registry: RegistryKey, name: string): Promise<string> {
  return ctx.metadata.write(async (tx) => {
    const { repositoryId, text } = await find(tx, registry, name)
    await tx.policies.remove(repositoryId)
    return text
  })
}

async function find(
  reads: Pick<MetadataReads, 'repositories' | 'policies'>,
  registry: RegistryKey,
  name: string,
): Promise<{ readonly repositoryId: string; readonly text: string }> {
  const repository = (await reads.repositories.find(registry, name)) ?? notFound(registry, name)
  const text =
    (await reads.policies.find(repository.id)) ?? fail('RepositoryPolicyNotFoundException', named(registry, name))
  return { repositoryId: repository.id, text }
}

const depthMax = 8

function parsePolicy(text: string, service: ServiceName): unknown {
  if (shapeFault(text, { depth: depthMax, uniqueKeys: true })) invalid()
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    invalid()
  }
  checkPolicy(document, service)
  return document
}

function checkPolicy(document: unknown, service: ServiceName): void {
  const policy = objectOf(document, ['Version', 'Id', 'Statement'])
  const { Version: version, Id: id, Statement: statement } = policy
  if (version !== undefined && version !== '2008-10-17' && version !== '2012-10-17') invalid()
  if (id !== undefined && typeof id !== 'string') invalid()
  const statements = Array.isArray(statement) ? statement : [statement]
  if (statements.length === 0) invalid()
  for (const one of statements) checkStatement(one, service)
}

/** A repository's policy has no Resource: it is the repository. */
const statementMembers = ['Sid', 'Effect', 'Principal', 'NotPrincipal', 'Action', 'NotAction', 'Condition']

function checkStatement(value: unknown, service: ServiceName): void {
  const statement = objectOf(value, statementMembers)
  if (statement['Sid'] !== undefined && typeof statement['Sid'] !== 'string') invalid()
  if (statement['Effect'] !== 'Allow' && statement['Effect'] !== 'Deny') invalid()
  checkPrincipal(oneOf(statement, 'Principal', 'NotPrincipal'))
  const action = new RegExp(`^(\\*|${service}:[A-Za-z0-9*?]{1,128})$`, 'i')
  for (const name of texts(oneOf(statement, 'Action', 'NotAction'))) if (!action.test(name)) invalid()
  if (statement['Condition'] !== undefined) checkCondition(statement['Condition'])
}

function checkPrincipal(value: unknown): void {
  if (value === '*') return
  const principal = objectOf(value, ['AWS', 'Service', 'Federated'])
  const kinds = Object.values(principal)
  if (kinds.length === 0) invalid()
  for (const kind of kinds) texts(kind)
}

/** Operators, of keys, of one value or a list of values. */
function checkCondition(value: unknown): void {
  for (const keys of Object.values(objectOf(value))) {
    for (const values of Object.values(objectOf(keys))) {
      const isValue = (one: unknown) => ['string', 'number', 'boolean'].includes(typeof one)
      if (!(Array.isArray(values) ? values : [values]).every(isValue)) invalid()
    }
  }
}

function oneOf(statement: Readonly<Record<string, unknown>>, name: string, other: string): unknown {
  const [value, ...more] = [statement[name], statement[other]].filter((given) => given !== undefined)
  return value === undefined || more.length > 0 ? invalid() : value
}

/** One text, or a list of at least one. */
function texts(value: unknown): readonly string[] {
  const all: readonly unknown[] = Array.isArray(value) ? value : [value]
  const strings = all.filter((one) => typeof one === 'string' && one !== '')
  // The filter leaves strings only.
  return strings.length === 0 || strings.length < all.length ? invalid() : (strings as string[])
}

/** An object with no members but `known`, when that is given. */
function objectOf(value: unknown, known?: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return invalid()
  if (known && Object.keys(value).some((key) => !known.includes(key))) return invalid()
  return value as Record<string, unknown> // just checked
}

function invalid(): never {
  return fail('InvalidParameterException', {
    parameter: 'PolicyText',
    constraint: 'Invalid repository policy provided',
  })
}

const shownOrder = ['Version', 'Id', 'Statement', ...statementMembers]

/** Two spaces an indent, a space on either side of each colon, lists on one line, members in order: as the samples of GetRepositoryPolicy show it. */
function print(value: unknown, indent: string): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value))
    return value.length === 0 ? '[ ]' : `[ ${value.map((item) => print(item, indent)).join(', ')} ]`
  const entries = Object.entries(value).toSorted(
    ([one], [other]) => shownOrder.indexOf(one) - shownOrder.indexOf(other),
  )
  const members = entries.map(([key, item]) => `${indent}  ${JSON.stringify(key)} : ${print(item, `${indent}  `)}`)
  return members.length === 0 ? '{ }' : `{\n${members.join(',\n')}\n${indent}}`
}
