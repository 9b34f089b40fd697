// C4 and C6: whatever is listed can be pulled whole, and the API and the data plane say the same of it.

import {
  DescribeImagesCommand,
  type ECRClient,
  ECRServiceException,
  type ImageDetail,
  ListImagesCommand,
} from '@aws-sdk/client-ecr'

import { listTags, RefusedError, type Target } from './data-plane.ts'
import { type Expectations, type ExpectedImage, keyOf } from './expectations.ts'
import type { Problem } from './fault-test.ts'
import { listReferrers, type Reader } from './reader.ts'

export interface ListingsChecked {
  readonly target: Target
  readonly ecr: ECRClient | undefined
  readonly reader: Reader
  readonly expectations: Expectations
  readonly repositories: readonly string[]
  readonly isMeant: (touchedAt: number) => boolean
  /** Times of the server are not compared with this machine's. */
  readonly clockMoves: boolean
}

/** Clocks of this machine are read in whole milliseconds, and not at the same moment. */
const clockMs = 50

export async function checkListings(checked: ListingsChecked): Promise<readonly Problem[]> {
  const problems: Problem[] = []
  for (const repository of checked.repositories) {
    const tags = await listTags(checked.target, repository)
    problems.push(...(await checkTags(checked, repository, tags)))
    if (checked.ecr) problems.push(...(await answered(repository, checkApi(checked, checked.ecr, repository, tags))))
  }
  if (checked.ecr) problems.push(...(await answered('referrers', checkReferrers(checked))))
  return problems
}

/** A list that is refused is a problem as well. */
async function answered(what: string, check: Promise<readonly Problem[]>): Promise<readonly Problem[]> {
  try {
    return await check
  } catch (error) {
    if (!(error instanceof ECRServiceException || error instanceof RefusedError)) throw error
    return [{ rule: 'C4', text: `${what}: ${error.message}` }]
  }
}

async function checkTags(
  { reader, expectations, isMeant }: ListingsChecked,
  repository: string,
  tags: readonly string[],
): Promise<readonly Problem[]> {
  const problems: Problem[] = []
  const listed = new Set(tags)
  for (const tag of tags) {
    const expected = expectations.tags.get(keyOf(repository, tag))
    if (expected && !isMeant(expected.touchedAt)) continue
    if (!expected) problems.push({ rule: 'C4', text: `${repository}:${tag} is listed and was never pushed` })
    const reading = await reader.image(repository, tag)
    if (reading.kind !== 'whole')
      problems.push({ rule: 'C4', text: `${repository}:${tag} is listed and ${reading.kind}` })
  }
  for (const { repository: of, tag, allowed } of expectations.tags.values()) {
    if (of === repository && !allowed.has(undefined) && !listed.has(tag))
      problems.push({ rule: 'C3', text: `${repository}:${tag} is not in the list of tags` })
  }
  return problems
}

async function checkApi(
  { reader, expectations, isMeant, clockMoves }: ListingsChecked,
  ecr: ECRClient,
  repository: string,
  tags: readonly string[],
): Promise<readonly Problem[]> {
  const problems: Problem[] = []
  const report = (rule: string, text: string) => problems.push({ rule, text: `${repository}: ${text}` })
  const details = await describeAll(ecr, repository)
  const listed = await listAll(ecr, repository)
  const described = new Set<string>()
  for (const detail of details) {
    const digest = detail.imageDigest ?? ''
    for (const tag of detail.imageTags ?? ['']) described.add(`${digest} ${tag}`)
    const expected = expectations.images.get(keyOf(repository, digest))
    if (!expected) {
      report('C4', `${digest} is described and was never pushed`)
      continue
    }
    for (const text of differences(detail, expected, clockMoves)) report('C6', `${digest} ${text}`)
    if (!isMeant(expected.touchedAt)) continue
    const reading = await reader.image(repository, digest)
    if (reading.kind !== 'whole') report('C4', `${digest} is described and ${reading.kind}`)
  }
  for (const line of described)
    if (!listed.has(line)) report('C6', `${line} is in DescribeImages and not in ListImages`)
  for (const line of listed)
    if (!described.has(line)) report('C6', `${line} is in ListImages and not in DescribeImages`)
  const apiTags = details.flatMap((detail) => detail.imageTags ?? []).toSorted()
  if (apiTags.join() !== tags.toSorted().join())
    report('C6', `the API has ${apiTags.length} tags, the data plane ${tags.length}, and they are not the same`)
  const digests = new Set(details.map((detail) => detail.imageDigest))
  for (const { attempt, mayBeAbsent } of expectations.images.values()) {
    if (attempt.repository === repository && !mayBeAbsent && !digests.has(attempt.digest))
      report('C6', `${attempt.digest} is not in DescribeImages`)
  }
  return problems
}

/** What DescribeImages says otherwise than what was pushed. */
function differences(
  detail: ImageDetail,
  { attempt, pushedMs }: ExpectedImage,
  clockMoves: boolean,
): readonly string[] {
  const texts: string[] = []
  const pushedAtMs = detail.imagePushedAt?.getTime() ?? 0
  if (detail.imageSizeInBytes !== attempt.imageBytes)
    texts.push(`has ${detail.imageSizeInBytes} bytes by the API, not ${attempt.imageBytes}`)
  if (detail.imageManifestMediaType !== attempt.mediaType)
    texts.push(`is a ${detail.imageManifestMediaType} by the API, not a ${attempt.mediaType}`)
  if (!clockMoves && (pushedAtMs < pushedMs.from - clockMs || pushedAtMs > pushedMs.to + clockMs))
    texts.push(`was pushed at ${pushedAtMs} by the API, not between ${pushedMs.from} and ${pushedMs.to}`)
  return texts
}

/** Only what was touched lately: each list is a request. */
async function checkReferrers({ target, reader, expectations, isMeant }: ListingsChecked): Promise<readonly Problem[]> {
  const problems: Problem[] = []
  const referring = [...expectations.images.values()].filter((image) => image.attempt.subject !== undefined)
  const bySubject = Map.groupBy(referring, ({ attempt }) => keyOf(attempt.repository, attempt.subject ?? ''))
  for (const [where, images] of bySubject) {
    const [repository = '', subject = ''] = where.split(' ')
    if (!images.some((image) => isMeant(image.touchedAt))) continue
    const listed = await listReferrers(target, repository, subject)
    for (const digest of listed) {
      const reading = await reader.image(repository, digest)
      if (reading.kind !== 'whole')
        problems.push({
          rule: 'C4',
          text: `${repository}: referrer ${digest} of ${subject} is listed and ${reading.kind}`,
        })
    }
    for (const { attempt, mayBeAbsent } of images) {
      if (!mayBeAbsent && !listed.includes(attempt.digest))
        problems.push({ rule: 'C4', text: `${repository}: ${attempt.digest} is not among the referrers of ${subject}` })
    }
  }
  return problems
}

async function describeAll(ecr: ECRClient, repositoryName: string): Promise<readonly ImageDetail[]> {
  const details: ImageDetail[] = []
  let nextToken: string | undefined
  do {
    const page = await ecr.send(new DescribeImagesCommand({ repositoryName, maxResults: 1000, nextToken }))
    details.push(...(page.imageDetails ?? []))
    nextToken = page.nextToken
  } while (nextToken !== undefined)
  return details
}

/** `<digest> <tag>` of each; the tag is empty for an image without one. */
async function listAll(ecr: ECRClient, repositoryName: string): Promise<ReadonlySet<string>> {
  const lines = new Set<string>()
  let nextToken: string | undefined
  do {
    const page = await ecr.send(new ListImagesCommand({ repositoryName, maxResults: 1000, nextToken }))
    for (const { imageDigest, imageTag } of page.imageIds ?? []) lines.add(`${imageDigest} ${imageTag ?? ''}`)
    nextToken = page.nextToken
  } while (nextToken !== undefined)
  return lines
}
