import { authoriseAssumeRole, openRoleSession, type RoleSessionRequest } from '../../domain/sts/assume-role.ts'
import { fail } from '../../model/errors.ts'
import { integer, list, optional, string, struct, type Infer } from '../../model/schema.ts'
import { operation, sts } from '../operation.ts'
import {
  credentials,
  presentCredentials,
  presentTokenSizes,
  secondFactor,
  tokenSize,
  tokenSizes,
} from './credentials.ts'

const arn = string({
  min: 20,
  max: 2048,
  pattern: '[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u0085\\u00A0-\\uD7FF\\uE000-\\uFFFD]+',
})
const name = string({ min: 2, max: 64, pattern: '[\\w+=,.@-]*' })
const tagKey = string({ min: 1, max: 128, pattern: '[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+' })
const tagValue = string({ min: 0, max: 256, pattern: '[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*' })

const input = struct({
  RoleArn: arn,
  RoleSessionName: name,
  PolicyArns: optional(list(struct({ arn: optional(arn) }), { max: 10 })),
  Policy: optional(string({ min: 1, max: 2048 })),
  DurationSeconds: optional(integer({ min: 900, max: 43_200 })),
  Tags: optional(list(struct({ Key: tagKey, Value: tagValue }), { max: 50 })),
  TransitiveTagKeys: optional(list(tagKey, { max: 50 })),
  ExternalId: optional(string({ min: 2, max: 1224, pattern: '[\\w+=,.@:\\/-]*' })),
  SerialNumber: optional(secondFactor.SerialNumber),
  TokenCode: optional(secondFactor.TokenCode),
  SourceIdentity: optional(name),
  MinimumSessionTokenSize: optional(tokenSize),
  ProvidedContexts: optional(
    list(struct({ ProviderArn: optional(arn), ContextAssertion: optional(string({ min: 4, max: 2048 })) }), { max: 5 }),
  ),
})

/**
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
 * The role's trust policy decides, with the caller's own policies; a role that does not exist is refused in the same words.
 */
export const assumeRole = operation({
  service: sts,
  name: 'AssumeRole',
  input,
  output: struct({
    Credentials: optional(credentials),
    AssumedRoleUser: optional(struct({ AssumedRoleId: string(), Arn: string() })),
    PackedPolicySize: optional(integer()),
    SourceIdentity: optional(name),
    ...tokenSizes,
  }),
  errors: ['MalformedPolicyDocument', 'PackedPolicyTooLarge', 'ValidationError', 'InvalidParameterValue'],
  allow: {
    action: 'sts:AssumeRole',
    resource: (_ctx, { RoleArn }) => RoleArn,
    judge: (ctx, asked) => authoriseAssumeRole(ctx, toRequest(asked)),
  },
  handle: async (ctx, asked) => {
    if (asked.SerialNumber !== undefined || asked.TokenCode !== undefined) fail('AccessDeniedException/mfa')
    if (asked.ProvidedContexts !== undefined && asked.ProvidedContexts.length > 0)
      fail('InvalidParameterValue/contexts')
    const { credentials: given, packedPolicySize, sourceIdentity } = openRoleSession(ctx, toRequest(asked))
    return {
      Credentials: presentCredentials(given),
      AssumedRoleUser: { AssumedRoleId: given.principal.userId, Arn: given.principal.arn },
      PackedPolicySize: packedPolicySize,
      SourceIdentity: sourceIdentity,
      ...presentTokenSizes(given),
    }
  },
})

function toRequest(asked: Infer<typeof input>): RoleSessionRequest {
  return {
    roleArn: asked.RoleArn,
    sessionName: asked.RoleSessionName,
    durationSeconds: asked.DurationSeconds,
    policy: asked.Policy,
    policyArns: (asked.PolicyArns ?? []).flatMap(({ arn: its }) => (its === undefined ? [] : [its])),
    tags: (asked.Tags ?? []).map(({ Key, Value }) => ({ key: Key, value: Value })),
    transitiveTagKeys: asked.TransitiveTagKeys ?? [],
    externalId: asked.ExternalId,
    sourceIdentity: asked.SourceIdentity,
    tokenCharactersMin: asked.MinimumSessionTokenSize,
  }
}
