// Condition keys: what a request says of itself when a policy asks.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html

import type { Context, Identity } from '../context.ts'
import type { ResourceTag } from '../ports/metadata.ts'
import type { KeyValue } from './policies/request.ts'

/** What the input of an operation says beside its resource. */
export interface Circumstances {
  /** Tags that the request would put. */
  readonly requestTags?: readonly ResourceTag[]
  /** Their keys, or those it would remove. */
  readonly tagKeys?: readonly string[]
  /** Image tags that it would write or read: `ecr:ImageTag`, which AWS does not have. */
  readonly imageTags?: readonly string[]
  /** Keys of the operation's own, by their names in lower case: `sts:externalid`. */
  readonly keys?: ReadonlyMap<string, KeyValue>
}

type Asked = (ctx: Context, identity: Identity) => KeyValue | undefined

/** As the table of principals in "Request information that you can use for policy variables" has them. */
const principalTypes = { root: 'Account', user: 'User', session: 'AssumedRole', anonymous: 'Anonymous' } as const

/** Keys of one name, in lower case. */
const keys: ReadonlyMap<string, Asked> = new Map<string, Asked>([
  ['aws:currenttime', (ctx) => new Date(ctx.clock.now()).toISOString()],
  ['aws:epochtime', (ctx) => String(Math.floor(ctx.clock.now() / 1000))],
  ['aws:principalaccount', ({ caller }) => caller.accountId],
  ['aws:principalarn', ({ caller }) => caller.arn],
  ['aws:principalorgid', (_ctx, { organizationId }) => organizationId],
  ['aws:principaltype', ({ caller }) => principalTypes[caller.kind]],
  ['aws:requestedregion', ({ region }) => region],
  ['aws:tokenissuetime', ({ caller }) => caller.temporary && new Date(caller.temporary.issuedAtMs).toISOString()],
  ['aws:sourceidentity', ({ caller }) => caller.temporary?.sourceIdentity],
  ['aws:username', (_ctx, { userName }) => userName],
  ['aws:securetransport', ({ client }) => String(client.isSecure)],
  ['aws:sourceip', ({ client }) => client.address],
  ['aws:useragent', ({ client }) => client.userAgent],
  ['aws:userid', ({ caller }) => caller.userId],
])

/** The value of a condition key, by its name in lower case. */
export function conditionKey(
  ctx: Context,
  identity: Identity,
  name: string,
  { requestTags, tagKeys, imageTags, keys: own }: Circumstances,
  resourceTags: readonly ResourceTag[],
): KeyValue | undefined {
  const asked = keys.get(name)
  if (asked) return asked(ctx, identity)
  const slash = name.indexOf('/')
  if (slash < 0) {
    if (name === 'aws:tagkeys') return tagKeys ?? requestTags?.map(({ key }) => key)
    if (name === 'ecr:imagetag' || name === 'ecr-public:imagetag') return imageTags
    return own?.get(name)
  }
  const tag = name.slice(slash + 1)
  switch (name.slice(0, slash)) {
    case 'aws:principaltag':
      return tagNamed(ctx.caller.temporary?.tags, tag) ?? tagNamed(identity.tags, tag)
    case 'aws:requesttag':
      return tagNamed(requestTags, tag)
    case 'aws:resourcetag':
    case 'ecr:resourcetag':
    case 'ecr-public:resourcetag':
    case 'iam:resourcetag':
      return tagNamed(resourceTags, tag)
    default:
      return undefined
  }
}

/** Keys of tags are the same in any case in conditions ("Tag keys" of the IAM user guide). */
function tagNamed(tags: readonly ResourceTag[] | undefined, name: string): string | undefined {
  return tags?.find(({ key }) => key.toLowerCase() === name)?.value
}
