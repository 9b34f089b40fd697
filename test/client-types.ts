// A test for the compiler, run by types.test.ts: the errors of an operation are exactly its own and the common ones, a `switch` over them can be
// complete, and inputs are what the service takes. It holds nothing to run.

import type {
  CommonErrorName,
  Ecr,
  EcrError,
  EcrInput,
  EcrItem,
  EcrOutput,
  EcrPublic,
  EcrPublicError,
  EcrPublicItem,
} from '../src/client/index.ts'
import { ecrRequest, withMembers } from '../src/client/index.ts'

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : { readonly onlyInB: B }) : { readonly onlyInA: A }
export type Expect<Verdict extends true> = Verdict

export type ClosedUnions = [
  Expect<
    Same<
      EcrError<'InitiateLayerUpload'>['name'],
      'ServerException' | 'InvalidParameterException' | 'RepositoryNotFoundException' | 'KmsException' | CommonErrorName
    >
  >,
  Expect<
    Same<
      EcrError<'DescribeRegistry'>['name'],
      'ServerException' | 'InvalidParameterException' | 'ValidationException' | CommonErrorName
    >
  >,
  Expect<
    Same<
      EcrPublicError<'GetRegistryCatalogData'>['name'],
      'ServerException' | 'UnsupportedCommandException' | CommonErrorName
    >
  >,
  Expect<Same<CommonErrorName, 'Unmodelled' | 'NotJson' | 'Network' | 'Aborted' | 'InvalidInput'>>,
]

export type Items = [
  Expect<Same<EcrItem<'ListPullTimeUpdateExclusions'>, string>>,
  Expect<Same<EcrItem<'ListImages'>, NonNullable<EcrOutput<'ListImages'>['imageIds']>[number]>>,
  Expect<Same<EcrPublicItem<'DescribeImageTags'>['imageTag'], string | undefined>>,
]

/** Every member of the union has its case: without one of them this would not compile. */
export function complete(error: EcrError<'UploadLayerPart'>): string {
  switch (error.name) {
    case 'InvalidLayerPartException':
      return `go on after ${error.lastValidByteReceived} of ${error.uploadId}`
    case 'KmsException':
      return `KMS: ${error.kmsError}`
    case 'InvalidParameterException':
    case 'LimitExceededException':
    case 'RepositoryNotFoundException':
    case 'ServerException':
    case 'UploadNotFoundException':
      return error.message
    case 'Unmodelled':
    case 'Network':
      return error.code
    case 'NotJson':
      return error.body
    case 'Aborted':
      return String(error.cause)
    case 'InvalidInput':
      return error.faults.map(({ parameter, message }) => `${parameter}: ${message}`).join()
  }
}

/** One case is missing: what is left is not nothing. */
export function incomplete(error: EcrError<'DescribeRegistry'>): never {
  switch (error.name) {
    case 'ServerException':
    case 'InvalidParameterException':
    case 'ValidationException':
    case 'Unmodelled':
    case 'Network':
    case 'NotJson':
    case 'InvalidInput':
      throw error
    default:
      // @ts-expect-error `Aborted` is left.
      return error
  }
}

export async function calls(ecr: Ecr, ecrPublic: EcrPublic): Promise<void> {
  const result = await ecr.try('InitiateLayerUpload', { repositoryName: 'team/app' })
  // @ts-expect-error there is a value only where `ok` is true
  result.value.uploadId satisfies string | undefined
  if (!result.ok) {
    // @ts-expect-error no error of this operation
    if (result.error.name === 'LayersNotFoundException') return
    // @ts-expect-error a member of another error
    result.error.lastValidByteReceived satisfies unknown
  }
  // @ts-expect-error no operation of the private API
  await ecr.call('DescribeRegistries', {})
  // @ts-expect-error no operation of the public API
  await ecrPublic.call('BatchGetImage', { repositoryName: 'team/app', imageIds: [] })
  // @ts-expect-error a required member is missing
  await ecr.call('PutImage', { repositoryName: 'team/app' })
  // @ts-expect-error the SDK's own types allow this one, the service does not
  await ecr.call('PutImage', { repositoryName: undefined, imageManifest: '{}' })
  // @ts-expect-error no member of it
  await ecr.call('DescribeImages', { repositoryName: 'team/app', imageTag: 'v1' })
  // @ts-expect-error pages are of operations that have them
  ecr.pages('PutImage', { repositoryName: 'team/app', imageManifest: '{}' })
  // @ts-expect-error scan findings are of two kinds
  ecr.items('DescribeImageScanFindings', { repositoryName: 'team/app', imageId: {} })
  // What is turned into the type of a member may be given for it.
  const part: EcrInput<'UploadLayerPart'> = {
    repositoryName: 'team/app',
    uploadId: 'id',
    partFirstByte: '0',
    partLastByte: 9,
    layerPartBlob: new Blob(['0123456789']).stream(),
  }
  await ecr.call('UploadLayerPart', part)
}

export function requests(): void {
  // @ts-expect-error the constructor takes all that is required
  ecrRequest('PutImage', { repositoryName: 'team/app' })
  // @ts-expect-error and nothing else
  ecrRequest('DescribeImages', { repositoryName: 'team/app', maxResults: 5 })
  const request = ecrRequest('DescribeImages', { repositoryName: 'team/app' })
  withMembers(request, { maxResults: 5 })
  // @ts-expect-error no member of it
  withMembers(request, { imageTag: 'v1' })
}
