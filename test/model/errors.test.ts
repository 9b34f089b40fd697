import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { EcrError, errorNameOf, fail, failureReasons, sentences, type SentenceKey } from '../../src/model/errors.ts'

const at = { repositoryName: 'team/app', registryId: '123456789012' }
const upload = { ...at, uploadId: '01234567-89ab-cdef-0123-456789abcdef' }
const where = `repository with name 'team/app' in registry with id '123456789012'`
const inRegistry = `the repository with name 'team/app' in the registry with id '123456789012'`
const pushing = `required for pushing image into repository with name 'team/app' in the registry with id '123456789012' do not exist`
const resource = 'arn:aws:ecr:us-east-1:210987654321:repository/app'

const refused = { caller: 'arn:aws:iam::123456789012:root', action: 'ecr:DescribeImages', resource }

/** Every sentence of the catalogue, as a client reads it. The compiler asks for a row when a sentence is added. */
const rows: Readonly<Record<SentenceKey, readonly (readonly [raise: () => never, message: string])[]>> = {
  'AccessDeniedException/explicit': [
    [
      () => fail('AccessDeniedException/explicit', { ...refused, by: 'resource-based policy' }),
      `User: ${refused.caller} is not authorized to perform: ecr:DescribeImages on resource: ${resource} with an explicit deny in a resource-based policy`,
    ],
    [
      () => fail('AccessDeniedException/explicit', { ...refused, by: 'identity-based policy' }),
      `User: ${refused.caller} is not authorized to perform: ecr:DescribeImages on resource: ${resource} with an explicit deny in an identity-based policy`,
    ],
  ],
  'AccessDeniedException/nobody': [
    [
      () => fail('AccessDeniedException/nobody', { ...refused, by: 'resource-based policy' }),
      `User: ${refused.caller} is not authorized to perform: ecr:DescribeImages on resource: ${resource} because no resource-based policy allows the ecr:DescribeImages action`,
    ],
  ],
  'AccessDeniedException/mfa': [
    [
      () => fail('AccessDeniedException/mfa'),
      'MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.',
    ],
  ],
  'AccessDeniedException/rootRole': [
    [() => fail('AccessDeniedException/rootRole'), 'Roles may not be assumed by root accounts.'],
  ],
  'AccessDeniedException/sessionToken': [
    [() => fail('AccessDeniedException/sessionToken'), 'Cannot call GetSessionToken with session credentials'],
  ],
  'AccessDeniedException/sts': [
    [
      () => fail('AccessDeniedException/sts', { ...refused, action: 'sts:AssumeRole' }),
      `User: ${refused.caller} is not authorized to perform: sts:AssumeRole on resource: ${resource}`,
    ],
  ],
  'DeleteConflict/attached': [[() => fail('DeleteConflict/attached'), 'Cannot delete a policy attached to entities.']],
  'DeleteConflict/identities': [
    [
      () => fail('DeleteConflict/identities', { accountId: '123456789012' }),
      'Cannot delete account 123456789012, must delete its users, groups, roles and policies first.',
    ],
  ],
  'DeleteConflict/keys': [[() => fail('DeleteConflict/keys'), 'Cannot delete entity, must delete access keys first.']],
  'DeleteConflict/groups': [
    [() => fail('DeleteConflict/groups'), 'Cannot delete entity, must remove user from all groups first.'],
  ],
  'DeleteConflict/members': [
    [() => fail('DeleteConflict/members'), 'Cannot delete entity, must remove users from group first.'],
  ],
  'DeleteConflict/managed': [
    [() => fail('DeleteConflict/managed'), 'Cannot delete entity, must detach all policies first.'],
  ],
  'DeleteConflict/inline': [[() => fail('DeleteConflict/inline'), 'Cannot delete entity, must delete policies first.']],
  'EntityAlreadyExists/identity': [
    [() => fail('EntityAlreadyExists/identity', { type: 'user', name: 'ann' }), 'User with name ann already exists.'],
    [() => fail('EntityAlreadyExists/identity', { type: 'group', name: 'dev' }), 'Group with name dev already exists.'],
    [() => fail('EntityAlreadyExists/identity', { type: 'role', name: 'ci' }), 'Role with name ci already exists.'],
  ],
  'EntityAlreadyExists/policy': [
    [
      () => fail('EntityAlreadyExists/policy', { name: 'pull' }),
      'A policy called pull already exists. Duplicate names are not allowed.',
    ],
  ],
  'LimitExceeded/quota': [
    [
      () => fail('LimitExceeded/quota', { quota: 'AccessKeysPerUser', limit: 2 }),
      'Cannot exceed quota for AccessKeysPerUser: 2',
    ],
  ],
  'LimitExceeded/inline': [
    [
      () => fail('LimitExceeded/inline', { type: 'user', name: 'ann', limit: 2048 }),
      'Maximum policy size of 2048 bytes exceeded for user ann',
    ],
  ],
  'NoSuchEntity/accessKey': [
    [
      () => fail('NoSuchEntity/accessKey', { accessKeyId: 'AKIAIOSFODNN7EXAMPLE' }),
      'The Access Key with id AKIAIOSFODNN7EXAMPLE cannot be found.',
    ],
  ],
  'NoSuchEntity/account': [
    [
      () => fail('NoSuchEntity/account', { accountId: '123456789012' }),
      'The account with id 123456789012 cannot be found.',
    ],
  ],
  'NoSuchEntity/attachment': [
    [
      () => fail('NoSuchEntity/attachment', { policyArn: 'arn:aws:iam::123456789012:policy/pull' }),
      'Policy arn:aws:iam::123456789012:policy/pull was not found.',
    ],
  ],
  'NoSuchEntity/identity': [
    [() => fail('NoSuchEntity/identity', { type: 'user', name: 'ann' }), 'The user with name ann cannot be found.'],
  ],
  'NoSuchEntity/inlinePolicy': [
    [
      () => fail('NoSuchEntity/inlinePolicy', { type: 'user', policyName: 'pull' }),
      'The user policy with name pull cannot be found.',
    ],
  ],
  'NoSuchEntity/policy': [
    [
      () => fail('NoSuchEntity/policy', { policyArn: 'arn:aws:iam::123456789012:policy/pull' }),
      'Policy arn:aws:iam::123456789012:policy/pull does not exist or is not attachable.',
    ],
  ],
  'NoSuchEntity/principal': [
    [
      () => fail('NoSuchEntity/principal', { arn: 'arn:aws:iam::123456789012:user/ann' }),
      'The principal arn:aws:iam::123456789012:user/ann cannot be found.',
    ],
  ],
  MalformedPolicyDocument: [[() => fail('MalformedPolicyDocument'), 'Syntax errors in policy.']],
  'MalformedPolicyDocument/managed': [
    [
      () => fail('MalformedPolicyDocument/managed', { policyArn: 'arn:aws:iam::123456789012:policy/p' }),
      'The managed policy arn:aws:iam::123456789012:policy/p does not exist in the account of the role.',
    ],
  ],
  'MalformedPolicyDocument/principal': [
    [
      () => fail('MalformedPolicyDocument/principal', { principal: 'arn:aws:iam::123456789012:user/ann' }),
      'Invalid principal in policy: "AWS":"arn:aws:iam::123456789012:user/ann"',
    ],
  ],
  EmptyUploadException: [
    [
      () => fail('EmptyUploadException', upload),
      `The upload with id '${upload.uploadId}' in the ${where} cannot be completed because it does not have any parts`,
    ],
  ],
  ImageAlreadyExistsException: [
    [
      () => fail('ImageAlreadyExistsException', { ...at, imageDigest: 'sha256:0a', imageTag: 'v1' }),
      `Image with digest 'sha256:0a' and tag 'v1' already exists in the ${where}`,
    ],
    [
      () => fail('ImageAlreadyExistsException', { ...at, imageDigest: 'sha256:0a', imageTag: undefined }),
      `Image with digest 'sha256:0a' already exists in the ${where}`,
    ],
  ],
  ImageDigestDoesNotMatchException: [
    [
      () => fail('ImageDigestDoesNotMatchException', { imageDigest: 'sha256:0a', calculated: 'sha256:0b' }),
      `The provided image digest 'sha256:0a' does not match the calculated image digest 'sha256:0b'`,
    ],
  ],
  ImageNotFoundException: [
    [
      () => fail('ImageNotFoundException', { ...at, imageDigest: undefined, imageTag: 'v1' }),
      `The image with imageId {imageDigest:'null', imageTag:'v1'} does not exist within ${inRegistry}`,
    ],
    [
      () => fail('ImageNotFoundException', { ...at, imageDigest: 'sha256:0a', imageTag: undefined }),
      `The image with imageId {imageDigest:'sha256:0a', imageTag:'null'} does not exist within ${inRegistry}`,
    ],
  ],
  'ImageNotFoundException/deleted': [
    [
      () => fail('ImageNotFoundException/deleted', { ...at, imageDigest: 'sha256:0a' }),
      `No deleted image with digest 'sha256:0a' is kept of ${inRegistry}`,
    ],
  ],
  ImageTagAlreadyExistsException: [
    [
      () => fail('ImageTagAlreadyExistsException', { imageTag: 'v1', repositoryName: 'team/app' }),
      `The image tag 'v1' already exists in the 'team/app' repository and cannot be overwritten because the repository is immutable.`,
    ],
  ],
  'ImageTagAlreadyExistsException/tagImmutable': [
    [
      () => fail('ImageTagAlreadyExistsException/tagImmutable', { imageTag: 'v1', repositoryName: 'team/app' }),
      `The image tag 'v1' already exists in the 'team/app' repository and cannot be overwritten because the tag is immutable.`,
    ],
  ],
  'ImageTagAlreadyExistsException/restore': [
    [
      () => fail('ImageTagAlreadyExistsException/restore', { imageTag: 'v1', repositoryName: 'team/app' }),
      `The image tag 'v1' already exists in the 'team/app' repository: an image that is restored takes no tag from another one`,
    ],
  ],
  InvalidLayerException: [
    [() => fail('InvalidLayerException'), 'None of the provided layer digests match the calculated layer digest'],
  ],
  InvalidLayerPartException: [
    [
      () => fail('InvalidLayerPartException', { ...upload, lastValidByteReceived: 9 }),
      `The layer part is not consecutive to the last one of the upload with id '${upload.uploadId}': the last valid byte received is 9`,
    ],
  ],
  'InvalidLayerPartException/size': [
    [
      () => fail('InvalidLayerPartException/size', { ...upload, lastValidByteReceived: 9 }),
      `The size of the layer part does not match its byte range in the upload with id '${upload.uploadId}': the last valid byte received is 9`,
    ],
  ],
  InvalidParameterException: [
    [
      () => fail('InvalidParameterException', { parameter: 'maxResults', constraint: 'must not be null' }),
      `Invalid parameter at 'maxResults' failed to satisfy constraint: 'must not be null'`,
    ],
  ],
  'InvalidTagParameterException/aws': [
    [
      () => fail('InvalidTagParameterException/aws'),
      `Invalid parameter at 'tagKey' failed to satisfy constraint: 'aws: prefixed tag key names are not allowed for external use'`,
    ],
  ],
  'InvalidTagParameterException/key': [
    [
      () => fail('InvalidTagParameterException/key'),
      `Invalid parameter at 'tagKey' failed to satisfy constraint: 'must have length between 1 and 128'`,
    ],
  ],
  'InvalidTagParameterException/value': [
    [
      () => fail('InvalidTagParameterException/value'),
      `Invalid parameter at 'tagValue' failed to satisfy constraint: 'must have length less than or equal to 256'`,
    ],
  ],
  'InvalidTagParameterException/duplicate': [
    [
      () => fail('InvalidTagParameterException/duplicate', { key: 'team' }),
      `Duplicate tag keys found: 'team'. Tag keys must be unique`,
    ],
  ],
  'InvalidTagParameterException/characters': [
    [
      () => fail('InvalidTagParameterException/characters'),
      'Tag keys and values may hold letters, digits, white space and _ . : / = + - @ only',
    ],
  ],
  KmsException: [
    [
      () => fail('KmsException', { kmsError: 'NotFoundException' }),
      'The operation failed due to a KMS exception: NotFoundException',
    ],
  ],
  LayerAlreadyExistsException: [
    [
      () => fail('LayerAlreadyExistsException', { ...at, layerDigest: 'sha256:0a' }),
      `Layer with digest 'sha256:0a' already exists in the ${where}`,
    ],
  ],
  LayerInaccessibleException: [
    [
      () => fail('LayerInaccessibleException', { ...at, layerDigest: 'sha256:0a' }),
      `Layer with digest 'sha256:0a' is not referenced by an image of ${inRegistry}`,
    ],
  ],
  LayerPartTooSmallException: [
    [() => fail('LayerPartTooSmallException'), 'All layer parts except the last part should be at least 5MB'],
  ],
  LayersNotFoundException: [
    [
      () => fail('LayersNotFoundException', { ...at, layerDigests: ['sha256:0a', 'sha256:0b'] }),
      `Layers with digests '[sha256:0a, sha256:0b]' ${pushing}`,
    ],
  ],
  'LayersNotFoundException/download': [
    [
      () => fail('LayersNotFoundException/download', { ...at, layerDigest: 'sha256:0a' }),
      `Layer with digest 'sha256:0a' does not exist in ${inRegistry}`,
    ],
  ],
  'LimitExceededException/answer': [
    [
      () => fail('LimitExceededException/answer', { limit: 16_777_216 }),
      `The manifests of the images exceed the maximum allowed size of one answer which is '16777216' bytes`,
    ],
  ],
  'LimitExceededException/images': [
    [
      () => fail('LimitExceededException/images', { ...at, limit: 100_000 }),
      `The ${where} already has the maximum allowed number of images which is '100000'`,
    ],
  ],
  'LimitExceededException/imageTags': [
    [
      () => fail('LimitExceededException/imageTags', { ...at, imageTag: 'v1', limit: 1000 }),
      `Adding tag 'v1' to an image in the ${where} exceeds the maximum allowed number of tags per image which is '1000'`,
    ],
  ],
  'LimitExceededException/repositories': [
    [
      () => fail('LimitExceededException/repositories', { registryId: at.registryId, limit: 100_000 }),
      `The registry with id '123456789012' already has the maximum allowed number of repositories which is '100000'`,
    ],
  ],
  'LimitExceededException/layerParts': [
    [
      () => fail('LimitExceededException/layerParts', { ...upload, limit: 4200 }),
      `The upload with id '${upload.uploadId}' in the ${where} already has the maximum allowed number of layer parts which is '4200'`,
    ],
  ],
  'LimitExceededException/layerSize': [
    [
      () => fail('LimitExceededException/layerSize', { ...upload, limit: 54_525_952_000 }),
      `The upload with id '${upload.uploadId}' in the ${where} exceeds the maximum allowed layer size which is '54525952000' bytes`,
    ],
  ],
  PackedPolicyTooLarge: [
    [
      () => fail('PackedPolicyTooLarge', { percent: 130 }),
      'Packed policy consumes 130% of allotted space, please use smaller policy.',
    ],
  ],
  ReferencedImagesNotFoundException: [
    [
      () => fail('ReferencedImagesNotFoundException', { ...at, imageDigests: ['sha256:0a', 'sha256:0b'] }),
      `Images with digests '[sha256:0a, sha256:0b]' ${pushing}`,
    ],
  ],
  'InvalidParameterValue/accessKey': [
    [
      () => fail('InvalidParameterValue/accessKey', { accessKeyId: 'AKIAEXAMPLE' }),
      'The access key with id AKIAEXAMPLE does not exist.',
    ],
  ],
  'InvalidParameterValue/awsTag': [
    [() => fail('InvalidParameterValue/awsTag'), 'Tag keys that begin with aws: are reserved.'],
  ],
  'InvalidParameterValue/contexts': [
    [() => fail('InvalidParameterValue/contexts'), 'Provided contexts are not supported by this server.'],
  ],
  'InvalidParameterValue/duplicateTag': [
    [
      () => fail('InvalidParameterValue/duplicateTag'),
      'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
    ],
  ],
  'InvalidParameterValue/inheritedTag': [
    [
      () => fail('InvalidParameterValue/inheritedTag'),
      `One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.`,
    ],
  ],
  'InvalidParameterValue/transitiveTag': [
    [
      () => fail('InvalidParameterValue/transitiveTag'),
      'The specified transitive tag key must be included in the requested tags.',
    ],
  ],
  InvalidRegistryAliasException: [
    [
      () => fail('InvalidRegistryAliasException', { alias: 'aws', reason: 'it is a generic word' }),
      "The alias 'aws' can not be used so: it is a generic word",
    ],
  ],
  RegistryAliasAlreadyExistsException: [
    [() => fail('RegistryAliasAlreadyExistsException', { alias: 'mine' }), "The alias 'mine' is in use already"],
  ],
  RegistryAliasNotFoundException: [
    [() => fail('RegistryAliasNotFoundException', { alias: 'mine' }), "There is no alias 'mine'"],
  ],
  RegistryPolicyNotFoundException: [
    [
      () => fail('RegistryPolicyNotFoundException', { registryId: '123456789012' }),
      "Registry policy does not exist in the registry with id '123456789012'",
    ],
  ],
  RegistryNotFoundException: [
    [
      () => fail('RegistryNotFoundException', { registryId: 'an-alias' }),
      `The registry with id 'an-alias' does not exist`,
    ],
  ],
  RepositoryAlreadyExistsException: [
    [
      () => fail('RepositoryAlreadyExistsException', at),
      `The repository with name 'team/app' already exists in the registry with id '123456789012'`,
    ],
  ],
  RepositoryNotEmptyException: [
    [() => fail('RepositoryNotEmptyException', at), `The ${where} cannot be deleted because it still contains images`],
  ],
  RepositoryNotFoundException: [
    [
      () => fail('RepositoryNotFoundException', at),
      `The repository with name 'team/app' does not exist in the registry with id '123456789012'`,
    ],
  ],
  RepositoryPolicyNotFoundException: [
    [() => fail('RepositoryPolicyNotFoundException', at), `Repository policy does not exist for ${inRegistry}`],
  ],
  ServerException: [[() => fail('ServerException'), 'The server could not process the request. Retry later']],
  'ServerException/storageFull': [[() => fail('ServerException/storageFull'), 'The registry storage is full']],
  'ServerException/busy': [[() => fail('ServerException/busy'), 'The registry storage is busy. Retry later']],
  'ServerException/tooManyUploads': [
    [
      () => fail('ServerException/tooManyUploads', { limit: 1000 }),
      `The account already has the maximum allowed number of open uploads which is '1000'`,
    ],
  ],
  TooManyTagsException: [
    [
      () => fail('TooManyTagsException', { limit: 50 }),
      'The list of tags on the repository is over the limit. The maximum number of tags that can be applied to a repository is 50',
    ],
  ],
  'UnknownOperationException/notOffered': [
    [
      () => fail('UnknownOperationException/notOffered', { operation: 'StartImageScan' }),
      'The operation StartImageScan is not offered by this server yet',
    ],
  ],
  UnsupportedCommandException: [
    [
      () => fail('UnsupportedCommandException', { region: 'eu-west-1' }),
      "This command is not supported in the region 'eu-west-1'",
    ],
  ],
  UploadNotFoundException: [
    [
      () => fail('UploadNotFoundException', upload),
      `The upload with id '${upload.uploadId}' does not exist in the ${where}`,
    ],
  ],
  ValidationError: [
    [
      () =>
        fail('ValidationError', {
          parameter: 'durationSeconds',
          value: "'899'",
          constraint: 'must have value greater than or equal to 900',
        }),
      `1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900`,
    ],
  ],
  'ValidationError/chaining': [
    [
      () => fail('ValidationError/chaining'),
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
    ],
  ],
  'ValidationError/maxSession': [
    [
      () => fail('ValidationError/maxSession'),
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    ],
  ],
}

/** What an error carries beside its message: AWS's model names these members, for these errors alone. */
const members: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  InvalidLayerPartException: { ...upload, lastValidByteReceived: 9 },
  KmsException: { kmsError: 'NotFoundException' },
}

describe('the catalogue of errors', () => {
  test('has a row here for every sentence', () => {
    assert.deepEqual(Object.keys(rows).toSorted(), Object.keys(sentences).toSorted())
  })

  for (const [sentence, raises] of Object.entries(rows)) {
    const name = sentence.split('/', 1)[0] ?? ''
    for (const [raise, message] of raises) {
      test(`${sentence}: ${message.slice(0, 60)}`, () => {
        const error = raised(raise)
        const status = name === 'ServerException' ? 500 : 400
        assert.deepEqual(
          {
            name: error.name,
            sentence: error.sentence,
            message: error.message,
            status: error.status,
            members: error.members,
          },
          { name, sentence, message, status, members: members[name] ?? {} },
        )
        assert.equal(errorNameOf(error.sentence), name)
      })
    }
  }

  test('puts what a client sent into its sentences as it is, with nothing expanded', () => {
    const error = raised(() =>
      fail('RepositoryNotFoundException', { repositoryName: "$& $1 '\\n${x}", registryId: '%s' }),
    )
    assert.equal(error.message, "The repository with name '$& $1 '\\n${x}' does not exist in the registry with id '%s'")
  })
})

describe('reasons of failed items', () => {
  const digestRule = `digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'`
  const reasons: Readonly<Record<keyof typeof failureReasons, readonly [text: string, expected: string]>> = {
    ImageNotFound: [failureReasons.ImageNotFound.text(), 'Requested image not found'],
    MissingDigestAndTag: [
      failureReasons.MissingDigestAndTag.text(),
      'Invalid request parameters: both tag and digest cannot be null',
    ],
    InvalidImageDigest: [failureReasons.InvalidImageDigest.text(), `Invalid request parameters: image ${digestRule}`],
    InvalidImageTag: [
      failureReasons.InvalidImageTag.text(),
      `Invalid request parameters: image tag should satisfy the regex '[a-zA-Z0-9_][a-zA-Z0-9-_.]{0,299}'`,
    ],
    ImageTagDoesNotMatchDigest: [
      failureReasons.ImageTagDoesNotMatchDigest.text(),
      'Requested image tag does not match the requested image digest',
    ],
    ImageReferencedByManifestList: [
      failureReasons.ImageReferencedByManifestList.text({ parents: ['sha256:0a', 'sha256:0b'] }),
      'Requested image referenced by manifest list: [sha256:0a, sha256:0b]',
    ],
    InvalidLayerDigest: [failureReasons.InvalidLayerDigest.text(), `Invalid request parameters: layer ${digestRule}`],
    MissingLayerDigest: [
      failureReasons.MissingLayerDigest.text(),
      'Invalid request parameters: layer digest cannot be empty',
    ],
  }
  for (const [code, [text, expected]] of Object.entries(reasons)) test(code, () => assert.equal(text, expected))
})

function raised(raise: () => never): EcrError {
  try {
    return raise()
  } catch (error) {
    assert.ok(error instanceof EcrError, String(error))
    return error
  }
}
