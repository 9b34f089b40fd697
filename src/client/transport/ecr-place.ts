// A private repository of ECR by its API: no Docker, no `/v2/` but for what the API has no operation for.

import { parseDigest, type Digest } from '../../lib/digest.ts'
import type { Ecr } from '../ecr.ts'
import { apiWriter } from './api-writer.ts'
import { type DataPlaneLogin, openDataPlane } from './data-plane.ts'
import { privateImageApi, valueOf } from './image-api.ts'
import { manifestTypes } from './manifest-graph.ts'
import { openRange } from './open-range.ts'
import type { EcrReference } from './parse-reference.ts'
import { type Descriptor, type Place, TransientError } from './place.ts'
import { registryFault } from './registry-client.ts'
import { type HttpOptions, isSuccess, sendHttp } from './send-http.ts'
import { transportError, transportFail } from './transport-error.ts'
import type { UploadJournal } from './upload-journal.ts'
import { withRetries } from './with-retries.ts'

export interface EcrPlaceOptions extends HttpOptions {
  readonly ecr: Ecr
  readonly reference: EcrReference
  readonly journal: UploadJournal | undefined
  readonly plainHttp?: boolean | undefined
}

const tokenUser = 'AWS'
const referrersPerPage = 50

export function openEcrPlace(options: EcrPlaceOptions): Place {
  const { ecr, reference } = options
  const { repository, host } = reference
  const where = host === undefined ? repository : `${host}/${repository}`
  const named = {
    ...(reference.accountId !== undefined && { registryId: reference.accountId }),
    repositoryName: repository,
  }
  const urls = new Map<Digest, string>()

  const urlOf = async (digest: Digest, signal: AbortSignal | undefined): Promise<string> => {
    const known = urls.get(digest)
    if (known !== undefined) return known
    const answer = await ecr.try('GetDownloadUrlForLayer', { ...named, layerDigest: digest }, { signal })
    if (!answer.ok && answer.error.name === 'LayersNotFoundException')
      return transportFail('BlobMissing', { digest, where }, answer.error)
    const { downloadUrl } = valueOf(where, answer)
    if (downloadUrl === undefined) return transportFail('Refused', { where, reason: 'it gave no URL.' })
    urls.set(digest, downloadUrl)
    return downloadUrl
  }

  return {
    name: where,
    isLocal: false,
    origin: { host: host ?? '', repository },
    tag: reference.tag,
    digest: reference.digest,

    findManifest: async (wanted = 'latest', signal) => {
      const imageId = parseDigest(wanted) ? { imageDigest: wanted } : { imageTag: wanted }
      const input = { ...named, imageIds: [imageId], acceptedMediaTypes: [...manifestTypes] }
      const read = async () => valueOf(where, await ecr.try('BatchGetImage', input, { signal }))
      const { images = [], failures = [] } = await withRetries(read, { signal })
      const [image] = images
      const [failure] = failures
      if (failure && failure.failureCode !== 'ImageNotFound')
        transportFail('Refused', { where, reason: failure.failureReason ?? `${failure.failureCode}` })
      const digest = parseDigest(image?.imageId?.imageDigest ?? '')
      if (image?.imageManifest === undefined || digest === undefined) return undefined
      return { digest, mediaType: image.imageManifestMediaType ?? '', bytes: Buffer.from(image.imageManifest) }
    },

    openBlob: async (blob, offset, signal) => {
      const url = new URL(await urlOf(blob.digest, signal))
      const get = async (headers: Readonly<Record<string, string>>) => {
        const answerBytes = blob.size - offset
        const answer = await sendHttp({ method: 'GET', url, headers, answerBytes, signal }, options)
        if (isSuccess(answer.status)) return answer
        // A URL lives for an hour at most: the next try gets another one.
        urls.delete(blob.digest)
        const fault = await layerFault(url.host, blob, answer, signal)
        throw fault instanceof TransientError ? fault : new TransientError(fault)
      }
      return openRange(where, blob, offset, get, signal)
    },

    listReferrers: async (digest, signal) => {
      const found: Descriptor[] = []
      let nextToken: string | undefined
      do {
        const page = { maxResults: referrersPerPage, ...(nextToken !== undefined && { nextToken }) }
        const input = { ...named, subjectId: { imageDigest: digest }, ...page }
        const read = async () => valueOf(where, await ecr.try('ListImageReferrers', input, { signal }))
        const answer = await withRetries(read, { signal })
        for (const { digest: text, mediaType, size, artifactType, annotations } of answer.referrers ?? []) {
          const referrer = parseDigest(text ?? '')
          if (referrer && mediaType !== undefined)
            found.push({ digest: referrer, mediaType, size: size ?? 0, artifactType, annotations })
        }
        nextToken = answer.nextToken
      } while (nextToken !== undefined)
      return found
    },

    ...apiWriter({
      where,
      api: (signal) => privateImageApi(ecr, named, signal),
      journalKey: `${where} of ${reference.accountId ?? 'the account'}`,
      journal: options.journal,
      dataPlane: openDataPlane({
        ...options,
        host,
        repository,
        login: (signal) => privateLogin(ecr, reference.accountId, signal),
      }),
    }),
    close: async () => undefined,
  }
}

/** Where the data plane is, and a password for it. */
async function privateLogin(
  ecr: Ecr,
  accountId: string | undefined,
  signal: AbortSignal | undefined,
): Promise<DataPlaneLogin> {
  const where = 'GetAuthorizationToken'
  const input = accountId === undefined ? {} : { registryIds: [accountId] }
  const ask = async () => valueOf(where, await ecr.try('GetAuthorizationToken', input, { signal }))
  const { authorizationData: [data] = [] } = await withRetries(ask, { signal })
  const password = Buffer.from(data?.authorizationToken ?? '', 'base64')
    .toString()
    .slice(tokenUser.length + 1)
  return { endpoint: data?.proxyEndpoint, username: tokenUser, password }
}

/** What answered instead of a layer's bytes: S3, or what stands in for it. */
async function layerFault(
  host: string,
  blob: Descriptor,
  answer: Parameters<typeof registryFault>[2],
  signal: AbortSignal | undefined,
): Promise<Error> {
  const fault = await registryFault(host, { method: 'GET', signal }, answer)
  const reason = `the layer ${blob.digest} was answered with ${answer.status}.`
  return fault instanceof TransientError ? fault : transportError('Refused', { where: host, reason }, fault)
}
