// What the audit log says of an operation that is done: made from its declaration, so that no operation has to think of it.

import type { Caller, Context } from '../domain/context.ts'
import type { AuditEvent, AuditIdentity, AuditResource } from '../domain/ports/audit.ts'
import { EcrError } from '../model/errors.ts'
import { memberOf, type Schema } from '../model/schema.ts'
import type { Operation } from './operation.ts'

/** How an operation ended. `resource` is the ARN that was judged, as far as it came to that. */
export interface Outcome {
  readonly resource: string | undefined
  readonly output?: unknown
  readonly error?: unknown
}

/** Row R12. */
const textCharactersMax = 2048
/** CloudTrail leaves out `requestParameters` and `responseElements` that are larger. */
const elementsCharactersMax = 100 * 1024

/** Members that open something for who knows them, in lower case, wherever they stand (row S25). */
const secretMembers = new Set([
  'secretaccesskey',
  'sessiontoken',
  'authorizationtoken',
  'password',
  'token',
  'tokencode',
  'downloadurl',
])

/** Hands the event to the audit log when its level asks for it; false when it was not taken. Never throws. */
export function recordOutcome<I, O>(
  operation: Operation<I, O>,
  ctx: Context,
  input: I,
  outcome: Outcome,
  eventID?: string,
): boolean | Promise<boolean> {
  const { level } = ctx.audit
  if (level === 'off') return false
  const readOnly = isReadOnly(operation.name)
  if (level === 'changes' && readOnly && !givesCredentials(operation) && !isDenial(outcome.error)) return false
  try {
    return ctx.audit.record(auditEvent(operation, ctx, input, outcome, eventID ?? ctx.ids.uuid()))
  } catch (error) {
    ctx.onBackgroundError(`the audit event of ${operation.name}`, error)
    return false
  }
}

/** As CloudTrail has it: AssumeRole reads, too. */
export function isReadOnly(operationName: string): boolean {
  return /^(?:Batch)?(?:Get|Describe|List|Check|Head|Explain|AssumeRole)/.test(operationName)
}

function givesCredentials({ service, name }: Pick<Operation, 'service' | 'name'>): boolean {
  return service.name === 'sts' && (name === 'AssumeRole' || name === 'GetSessionToken')
}

function isDenial(error: unknown): boolean {
  return error instanceof EcrError && error.name.startsWith('AccessDenied')
}

/** The whole event; without an outcome, what is known of it before. */
export function auditEvent<I, O>(
  operation: Operation<I, O>,
  ctx: Context,
  input: I,
  outcome: Outcome,
  eventID: string,
): AuditEvent {
  const { caller, client, region, requestId, clock } = ctx
  const { resource, output, error } = outcome
  const readOnly = isReadOnly(operation.name)
  const shows = output !== undefined && (!readOnly || givesCredentials(operation))
  const resources = resource === undefined || resource === '*' ? undefined : [resourceOf(resource, caller)]
  const recipientAccountId = resources?.[0]?.accountId || caller.accountId
  return {
    eventVersion: '1.11',
    userIdentity: identityOf(caller),
    eventTime: toSecond(clock.now()),
    eventSource: operation.service.name === 'stowage' ? 'stowage' : `${operation.service.name}.amazonaws.com`,
    eventName: operation.name,
    awsRegion: region,
    sourceIPAddress: client.address,
    ...(client.userAgent === undefined ? {} : { userAgent: cut(client.userAgent) }),
    ...(error === undefined ? {} : errorOf(error)),
    requestParameters: elementsOf(operation.input, input),
    responseElements: shows ? elementsOf(operation.output, output) : null,
    requestID: requestId,
    eventID,
    readOnly,
    ...(resources && { resources }),
    eventType: 'AwsApiCall',
    ...(recipientAccountId === '' ? {} : { recipientAccountId }),
  }
}

/** What is no answer of ours is named and not quoted: its text is for the log. */
function errorOf(error: unknown): Pick<AuditEvent, 'errorCode' | 'errorMessage'> {
  if (error instanceof EcrError) return { errorCode: error.name, errorMessage: cut(error.message) }
  return { errorCode: error instanceof Error ? cut(error.name) : 'Error' }
}

function identityOf({ kind, accountId, arn, userId, accessKeyId, temporary }: Caller): AuditIdentity {
  // As S3 records who did not sign in.
  if (kind === 'anonymous') return { type: 'AWSAccount', principalId: '', accountId: 'ANONYMOUS_PRINCIPAL' }
  const types = { root: 'Root', user: 'IAMUser', session: 'AssumedRole' } as const
  return {
    type: types[kind],
    principalId: userId,
    arn,
    accountId,
    accessKeyId,
    ...(kind === 'user' && { userName: lastPart(arn) }),
    ...(temporary && { sessionContext: sessionContextOf(accountId, userId, temporary) }),
  }
}

function sessionContextOf(
  accountId: string,
  userId: string,
  { issuedAtMs, roleArn, sourceIdentity }: NonNullable<Caller['temporary']>,
): NonNullable<AuditIdentity['sessionContext']> {
  const [principalId = ''] = userId.split(':')
  const issuer = { type: 'Role', principalId, accountId } as const
  return {
    ...(roleArn !== undefined && { sessionIssuer: { ...issuer, arn: roleArn, userName: lastPart(roleArn) } }),
    attributes: { creationDate: toSecond(issuedAtMs), mfaAuthenticated: 'false' },
    ...(sourceIdentity !== undefined && { sourceIdentity }),
  }
}

function lastPart(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1)
}

const resourceTypes: readonly (readonly [RegExp, string])[] = [
  [/^arn:aws:ecr:[^:]*:[^:]*:repository\//, 'AWS::ECR::Repository'],
  [/^arn:aws:ecr-public:[^:]*:[^:]*:repository\//, 'AWS::ECR::PublicRepository'],
  [/^arn:aws:iam::[^:]*:role\//, 'AWS::IAM::Role'],
]

function resourceOf(arn: string, caller: Caller): AuditResource {
  const type = resourceTypes.find(([pattern]) => pattern.test(arn))?.[1] ?? arn.split(':')[2] ?? ''
  return { accountId: arn.split(':')[4] || caller.accountId, type, ARN: cut(arn) }
}

/** An input or output as CloudTrail writes it; `null` when there is nothing in it. */
function elementsOf(schema: Schema, value: unknown): unknown {
  const elements = toElement(schema, value)
  const text = JSON.stringify(elements)
  if (text === '{}') return null
  return text.length > elementsCharactersMax ? { omitted: true, originalSize: text.length } : elements
}

// Validation may not have passed: a value is what `decode` made of the wire, with members missing.
function toElement(schema: Schema, value: unknown): unknown {
  switch (schema.kind) {
    case 'struct': {
      const source = value as Readonly<Record<string, unknown>> // a struct's value is a record of its members
      const members = Object.entries(schema.members).filter(([name]) => source[name] !== undefined)
      return Object.fromEntries(
        members.flatMap(([name, member]) => {
          const { schema: its } = memberOf(member)
          if (its.kind === 'blob') return []
          const isSecret = secretMembers.has(name.toLowerCase())
          return [[`${name.charAt(0).toLowerCase()}${name.slice(1)}`, isSecret ? '***' : toElement(its, source[name])]]
        }),
      )
    }
    case 'list':
      return (value as readonly unknown[]).map((item) => toElement(schema.member, item)) // a list's value is an array
    case 'map':
      return Object.fromEntries(
        Object.entries(value as Readonly<Record<string, unknown>>).map(([key, item]) => [
          cut(key),
          secretMembers.has(key.toLowerCase()) ? '***' : toElement(schema.value, item),
        ]), // a map's value is a record
      )
    case 'timestamp':
      return toSecond(value as number) // a time is milliseconds on our side
    case 'string':
      return cut(String(value))
    default:
      return value
  }
}

function cut(text: string): string {
  return text.slice(0, textCharactersMax)
}

function toSecond(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
}
