// The catalogue of errors: every name, its status, and every sentence, each marked with how sure we are of its words.
// `observed`: seen in real answers quoted in public. `documented`: on an AWS page. `guessed`: by analogy, ours. `own`: of an operation that AWS
// does not have.

type Certainty = 'observed' | 'documented' | 'guessed' | 'own'

interface Sentence<P> {
  readonly certainty: Certainty
  readonly text: (params: P) => string
}

const observed = <P = void>(text: (params: P) => string): Sentence<P> => ({ certainty: 'observed', text })
const documented = <P = void>(text: (params: P) => string): Sentence<P> => ({ certainty: 'documented', text })
const guessed = <P = void>(text: (params: P) => string): Sentence<P> => ({ certainty: 'guessed', text })
const own = <P = void>(text: (params: P) => string): Sentence<P> => ({ certainty: 'own', text })

interface InRepository {
  readonly repositoryName: string
  readonly registryId: string
}
interface Refused {
  readonly caller: string
  readonly action: string
  readonly resource: string
  /** The kind of policy that decided. */
  readonly by: string
}
interface OfUpload extends InRepository {
  readonly uploadId: string
}

const inRegistry = (p: InRepository) =>
  `the repository with name '${p.repositoryName}' in the registry with id '${p.registryId}'`
const inRegistryShort = (p: InRepository) =>
  `repository with name '${p.repositoryName}' in registry with id '${p.registryId}'`

/** What clients learn of a failure inside. */
export const defectSentence = 'The server could not process the request. Retry later'

/** `Name` or `Name/which`, where a name has several sentences. */
export const sentences = {
  'AccessDeniedException/explicit': observed<Refused>(
    (p) =>
      `User: ${p.caller} is not authorized to perform: ${p.action} on resource: ${p.resource} with an explicit deny in ${/^[aeiou]/.test(p.by) ? 'an' : 'a'} ${p.by}`,
  ),
  'AccessDeniedException/nobody': observed<Refused>(
    (p) =>
      `User: ${p.caller} is not authorized to perform: ${p.action} on resource: ${p.resource} because no ${p.by} allows the ${p.action} action`,
  ),
  'AccessDeniedException/mfa': observed(
    () =>
      'MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.',
  ),
  'AccessDeniedException/rootRole': observed(() => 'Roles may not be assumed by root accounts.'),
  'AccessDeniedException/sessionToken': observed(() => 'Cannot call GetSessionToken with session credentials'),
  'AccessDeniedException/sts': observed<Omit<Refused, 'by'>>(
    (p) => `User: ${p.caller} is not authorized to perform: ${p.action} on resource: ${p.resource}`,
  ),
  'DeleteConflict/attached': observed(() => 'Cannot delete a policy attached to entities.'),
  'DeleteConflict/identities': own<{ accountId: string }>(
    (p) => `Cannot delete account ${p.accountId}, must delete its users, groups, roles and policies first.`,
  ),
  'DeleteConflict/keys': observed(() => 'Cannot delete entity, must delete access keys first.'),
  // These two in IAM's form, and quoted of servers like it; no answer of AWS's own was found.
  'DeleteConflict/groups': guessed(() => 'Cannot delete entity, must remove user from all groups first.'),
  'DeleteConflict/members': guessed(() => 'Cannot delete entity, must remove users from group first.'),
  'DeleteConflict/managed': observed(() => 'Cannot delete entity, must detach all policies first.'),
  'DeleteConflict/inline': observed(() => 'Cannot delete entity, must delete policies first.'),
  EmptyUploadException: observed<OfUpload>(
    (p) =>
      `The upload with id '${p.uploadId}' in the ${inRegistryShort(p)} cannot be completed because it does not have any parts`,
  ),
  'EntityAlreadyExists/identity': observed<{ type: string; name: string }>(
    (p) => `${p.type === 'user' ? 'User' : p.type === 'role' ? 'Role' : 'Group'} with name ${p.name} already exists.`,
  ),
  'EntityAlreadyExists/policy': observed<{ name: string }>(
    (p) => `A policy called ${p.name} already exists. Duplicate names are not allowed.`,
  ),
  ImageAlreadyExistsException: observed<InRepository & { imageDigest: string; imageTag: string | undefined }>((p) =>
    p.imageTag === undefined
      ? `Image with digest '${p.imageDigest}' already exists in the ${inRegistryShort(p)}`
      : `Image with digest '${p.imageDigest}' and tag '${p.imageTag}' already exists in the ${inRegistryShort(p)}`,
  ),
  ImageDigestDoesNotMatchException: guessed<{ imageDigest: string; calculated: string }>(
    (p) => `The provided image digest '${p.imageDigest}' does not match the calculated image digest '${p.calculated}'`,
  ),
  ImageNotFoundException: observed<InRepository & { imageDigest: string | undefined; imageTag: string | undefined }>(
    (p) =>
      `The image with imageId {imageDigest:'${p.imageDigest ?? 'null'}', imageTag:'${p.imageTag ?? 'null'}'} does not exist within the repository with name '${p.repositoryName}' in the registry with id '${p.registryId}'`,
  ),
  'ImageNotFoundException/deleted': own<InRepository & { imageDigest: string }>(
    (p) => `No deleted image with digest '${p.imageDigest}' is kept of ${inRegistry(p)}`,
  ),
  ImageTagAlreadyExistsException: observed<{ imageTag: string; repositoryName: string }>(
    (p) =>
      `The image tag '${p.imageTag}' already exists in the '${p.repositoryName}' repository and cannot be overwritten because the repository is immutable.`,
  ),
  'ImageTagAlreadyExistsException/tagImmutable': observed<{ imageTag: string; repositoryName: string }>(
    (p) =>
      `The image tag '${p.imageTag}' already exists in the '${p.repositoryName}' repository and cannot be overwritten because the tag is immutable.`,
  ),
  'ImageTagAlreadyExistsException/restore': own<{ imageTag: string; repositoryName: string }>(
    (p) =>
      `The image tag '${p.imageTag}' already exists in the '${p.repositoryName}' repository: an image that is restored takes no tag from another one`,
  ),
  InvalidLayerException: observed(() => 'None of the provided layer digests match the calculated layer digest'),
  InvalidLayerPartException: guessed<OfUpload & { lastValidByteReceived: number }>(
    (p) =>
      `The layer part is not consecutive to the last one of the upload with id '${p.uploadId}': the last valid byte received is ${p.lastValidByteReceived}`,
  ),
  'InvalidLayerPartException/size': guessed<OfUpload & { lastValidByteReceived: number }>(
    (p) =>
      `The size of the layer part does not match its byte range in the upload with id '${p.uploadId}': the last valid byte received is ${p.lastValidByteReceived}`,
  ),
  InvalidParameterException: observed<{ parameter: string; constraint: string }>(
    (p) => `Invalid parameter at '${p.parameter}' failed to satisfy constraint: '${p.constraint}'`,
  ),
  'InvalidParameterValue/accessKey': guessed<{ accessKeyId: string }>(
    (p) => `The access key with id ${p.accessKeyId} does not exist.`,
  ),
  'InvalidParameterValue/awsTag': guessed(() => 'Tag keys that begin with aws: are reserved.'),
  'InvalidParameterValue/contexts': own(() => 'Provided contexts are not supported by this server.'),
  // IAM's words for the same (there as InvalidInput); no answer of STS was found.
  'InvalidParameterValue/duplicateTag': guessed(
    () => 'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
  ),
  'InvalidParameterValue/inheritedTag': documented(
    () =>
      `One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.`,
  ),
  'InvalidParameterValue/transitiveTag': observed(
    () => 'The specified transitive tag key must be included in the requested tags.',
  ),
  InvalidRegistryAliasException: own<{ alias: string; reason: string }>(
    (p) => `The alias '${p.alias}' can not be used so: ${p.reason}`,
  ),
  'InvalidTagParameterException/aws': guessed(
    () =>
      `Invalid parameter at 'tagKey' failed to satisfy constraint: 'aws: prefixed tag key names are not allowed for external use'`,
  ),
  'InvalidTagParameterException/key': guessed(
    () => `Invalid parameter at 'tagKey' failed to satisfy constraint: 'must have length between 1 and 128'`,
  ),
  'InvalidTagParameterException/value': guessed(
    () => `Invalid parameter at 'tagValue' failed to satisfy constraint: 'must have length less than or equal to 256'`,
  ),
  'InvalidTagParameterException/duplicate': guessed<{ key: string }>(
    (p) => `Duplicate tag keys found: '${p.key}'. Tag keys must be unique`,
  ),
  'InvalidTagParameterException/characters': guessed(
    () => `Tag keys and values may hold letters, digits, white space and _ . : / = + - @ only`,
  ),
  KmsException: guessed<{ kmsError: string }>((p) => `The operation failed due to a KMS exception: ${p.kmsError}`),
  LayerAlreadyExistsException: guessed<InRepository & { layerDigest: string }>(
    (p) => `Layer with digest '${p.layerDigest}' already exists in the ${inRegistryShort(p)}`,
  ),
  LayerInaccessibleException: guessed<InRepository & { layerDigest: string }>(
    (p) => `Layer with digest '${p.layerDigest}' is not referenced by an image of ${inRegistry(p)}`,
  ),
  LayerPartTooSmallException: observed(() => 'All layer parts except the last part should be at least 5MB'),
  LayersNotFoundException: guessed<InRepository & { layerDigests: readonly string[] }>(
    (p) =>
      `Layers with digests '[${p.layerDigests.join(', ')}]' required for pushing image into repository with name '${p.repositoryName}' in the registry with id '${p.registryId}' do not exist`,
  ),
  'LayersNotFoundException/download': guessed<InRepository & { layerDigest: string }>(
    (p) => `Layer with digest '${p.layerDigest}' does not exist in ${inRegistry(p)}`,
  ),
  'LimitExceeded/quota': observed<{ quota: string; limit: number }>(
    (p) => `Cannot exceed quota for ${p.quota}: ${p.limit}`,
  ),
  'LimitExceeded/inline': observed<{ type: string; name: string; limit: number }>(
    (p) => `Maximum policy size of ${p.limit} bytes exceeded for ${p.type} ${p.name}`,
  ),
  'LimitExceededException/answer': guessed<{ limit: number }>(
    (p) => `The manifests of the images exceed the maximum allowed size of one answer which is '${p.limit}' bytes`,
  ),
  'LimitExceededException/images': observed<InRepository & { limit: number }>(
    (p) => `The ${inRegistryShort(p)} already has the maximum allowed number of images which is '${p.limit}'`,
  ),
  'LimitExceededException/imageTags': observed<InRepository & { imageTag: string; limit: number }>(
    (p) =>
      `Adding tag '${p.imageTag}' to an image in the ${inRegistryShort(p)} exceeds the maximum allowed number of tags per image which is '${p.limit}'`,
  ),
  'LimitExceededException/repositories': guessed<{ registryId: string; limit: number }>(
    (p) =>
      `The registry with id '${p.registryId}' already has the maximum allowed number of repositories which is '${p.limit}'`,
  ),
  'LimitExceededException/layerParts': guessed<OfUpload & { limit: number }>(
    (p) =>
      `The upload with id '${p.uploadId}' in the ${inRegistryShort(p)} already has the maximum allowed number of layer parts which is '${p.limit}'`,
  ),
  'LimitExceededException/layerSize': guessed<OfUpload & { limit: number }>(
    (p) =>
      `The upload with id '${p.uploadId}' in the ${inRegistryShort(p)} exceeds the maximum allowed layer size which is '${p.limit}' bytes`,
  ),
  MalformedPolicyDocument: observed(() => 'Syntax errors in policy.'),
  'MalformedPolicyDocument/managed': guessed<{ policyArn: string }>(
    (p) => `The managed policy ${p.policyArn} does not exist in the account of the role.`,
  ),
  'MalformedPolicyDocument/principal': observed<{ principal: string }>(
    (p) => `Invalid principal in policy: "AWS":"${p.principal}"`,
  ),
  'NoSuchEntity/accessKey': observed<{ accessKeyId: string }>(
    (p) => `The Access Key with id ${p.accessKeyId} cannot be found.`,
  ),
  'NoSuchEntity/account': own<{ accountId: string }>((p) => `The account with id ${p.accountId} cannot be found.`),
  'NoSuchEntity/attachment': observed<{ policyArn: string }>((p) => `Policy ${p.policyArn} was not found.`),
  'NoSuchEntity/identity': observed<{ type: string; name: string }>(
    (p) => `The ${p.type} with name ${p.name} cannot be found.`,
  ),
  'NoSuchEntity/inlinePolicy': observed<{ type: string; policyName: string }>(
    (p) => `The ${p.type} policy with name ${p.policyName} cannot be found.`,
  ),
  'NoSuchEntity/policy': observed<{ policyArn: string }>(
    (p) => `Policy ${p.policyArn} does not exist or is not attachable.`,
  ),
  'NoSuchEntity/principal': own<{ arn: string }>((p) => `The principal ${p.arn} cannot be found.`),
  PackedPolicyTooLarge: documented<{ percent: number }>(
    (p) => `Packed policy consumes ${p.percent}% of allotted space, please use smaller policy.`,
  ),
  ReferencedImagesNotFoundException: observed<InRepository & { imageDigests: readonly string[] }>(
    (p) =>
      `Images with digests '[${p.imageDigests.join(', ')}]' required for pushing image into repository with name '${p.repositoryName}' in the registry with id '${p.registryId}' do not exist`,
  ),
  RegistryAliasAlreadyExistsException: own<{ alias: string }>((p) => `The alias '${p.alias}' is in use already`),
  RegistryAliasNotFoundException: own<{ alias: string }>((p) => `There is no alias '${p.alias}'`),
  RegistryPolicyNotFoundException: observed<{ registryId: string }>(
    (p) => `Registry policy does not exist in the registry with id '${p.registryId}'`,
  ),
  RegistryNotFoundException: guessed<{ registryId: string }>(
    (p) => `The registry with id '${p.registryId}' does not exist`,
  ),
  RepositoryAlreadyExistsException: observed<InRepository>(
    (p) => `The repository with name '${p.repositoryName}' already exists in the registry with id '${p.registryId}'`,
  ),
  RepositoryNotEmptyException: observed<InRepository>(
    (p) =>
      `The repository with name '${p.repositoryName}' in registry with id '${p.registryId}' cannot be deleted because it still contains images`,
  ),
  RepositoryPolicyNotFoundException: observed<InRepository>(
    (p) =>
      `Repository policy does not exist for the repository with name '${p.repositoryName}' in the registry with id '${p.registryId}'`,
  ),
  RepositoryNotFoundException: documented<InRepository>(
    (p) => `The repository with name '${p.repositoryName}' does not exist in the registry with id '${p.registryId}'`,
  ),
  ServerException: guessed(() => defectSentence),
  'ServerException/storageFull': guessed(() => 'The registry storage is full'),
  'ServerException/busy': guessed(() => 'The registry storage is busy. Retry later'),
  'ServerException/tooManyUploads': guessed<{ limit: number }>(
    (p) => `The account already has the maximum allowed number of open uploads which is '${p.limit}'`,
  ),
  TooManyTagsException: guessed<{ limit: number }>(
    (p) =>
      `The list of tags on the repository is over the limit. The maximum number of tags that can be applied to a repository is ${p.limit}`,
  ),
  'UnknownOperationException/notOffered': guessed<{ operation: string }>(
    (p) => `The operation ${p.operation} is not offered by this server yet`,
  ),
  UnsupportedCommandException: guessed<{ region: string }>(
    (p) => `This command is not supported in the region '${p.region}'`,
  ),
  UploadNotFoundException: guessed<OfUpload>(
    (p) => `The upload with id '${p.uploadId}' does not exist in the ${inRegistryShort(p)}`,
  ),
  ValidationError: observed<{ parameter: string; value: string; constraint: string }>(
    (p) =>
      `1 validation error detected: Value ${p.value} at '${p.parameter}' failed to satisfy constraint: Member ${p.constraint}`,
  ),
  'ValidationError/chaining': observed(
    () => 'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
  ),
  'ValidationError/maxSession': observed(
    () => 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
  ),
} satisfies Record<string, Sentence<never>>

export type SentenceKey = keyof typeof sentences
type NameOf<K extends string> = K extends `${infer N}/${string}` ? N : K

/** The names of the errors that `fail` can raise. */
export type ErrorName = NameOf<SentenceKey>

type ParamsOf<K extends SentenceKey> = (typeof sentences)[K] extends Sentence<infer P> ? P : never
type FailArguments<K extends SentenceKey> = [ParamsOf<K>] extends [void] ? [] : [params: ParamsOf<K>]

/** Members that an error carries in its answer beside the message (AWS's model names them). */
const extraMembers: Partial<Record<ErrorName, readonly string[]>> = {
  InvalidLayerPartException: ['registryId', 'repositoryName', 'uploadId', 'lastValidByteReceived'],
  KmsException: ['kmsError'],
}

/** A failure of a whole request, in ECR's words. Raised by `fail` only. */
export class EcrError extends Error {
  override readonly name: ErrorName
  readonly sentence: SentenceKey
  /** Extra members of the answer. */
  readonly members: Readonly<Record<string, unknown>>

  constructor(sentence: SentenceKey, message: string, members: Readonly<Record<string, unknown>>) {
    super(message)
    this.name = errorNameOf(sentence)
    this.sentence = sentence
    this.members = members
  }

  /** The HTTP status of the API's answer: 400, or 500 for the service's own failures (seen on real answers for every client error). */
  get status(): number {
    return this.name === 'ServerException' ? 500 : 400
  }
}

/** Raises the error of this sentence. */
export function fail<K extends SentenceKey>(sentence: K, ...args: FailArguments<K>): never {
  const params = args[0]
  // The overload above ties the parameters to the sentence; the table's union of functions cannot say so.
  const text = (sentences[sentence].text as (params: unknown) => string)(params)
  const members = (extraMembers[errorNameOf(sentence)] ?? []).map((name) => [
    name,
    (params as Record<string, unknown>)[name],
  ]) // the sentence's own parameters
  throw new EcrError(sentence, text, Object.fromEntries(members))
}

export function errorNameOf(sentence: SentenceKey): ErrorName {
  return sentence.replace(/\/.*$/, '') as ErrorName // by the form of the keys
}

/** Reasons of per-item failures in batch answers: code to sentence. */
export const failureReasons = {
  ImageNotFound: observed(() => 'Requested image not found'),
  MissingDigestAndTag: observed(() => 'Invalid request parameters: both tag and digest cannot be null'),
  InvalidImageDigest: observed(
    () => `Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'`,
  ),
  InvalidImageTag: guessed(
    () => `Invalid request parameters: image tag should satisfy the regex '[a-zA-Z0-9_][a-zA-Z0-9-_.]{0,299}'`,
  ),
  ImageTagDoesNotMatchDigest: guessed(() => 'Requested image tag does not match the requested image digest'),
  ImageReferencedByManifestList: observed<{ parents: readonly string[] }>(
    (p) => `Requested image referenced by manifest list: [${p.parents.join(', ')}]`,
  ),
  InvalidLayerDigest: guessed(
    () => `Invalid request parameters: layer digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'`,
  ),
  MissingLayerDigest: guessed(() => 'Invalid request parameters: layer digest cannot be empty'),
}
