// C1, C2, C3 and C5: what was acknowledged is there, whole; each tag names what it may name; what was deleted is gone.

import { type ExpectedImage, type ExpectedTag, type Expectations, keyOf } from './expectations.ts'
import type { Problem } from './fault-test.ts'
import type { Reader } from './reader.ts'

export interface ImagesChecked {
  readonly reader: Reader
  readonly expectations: Expectations
  /** Whether this look is about what was touched at that place of the journal. */
  readonly isMeant: (touchedAt: number) => boolean
  /** False when acknowledged layers that no image names may go: leases are short, or there are none. */
  readonly layersLast: boolean
}

export async function checkImages(checked: ImagesChecked): Promise<readonly Problem[]> {
  const { expectations, isMeant } = checked
  const problems: Problem[] = []
  for (const image of expectations.images.values()) {
    if (isMeant(image.touchedAt)) problems.push(...(await checkImage(checked.reader, image)))
  }
  for (const tag of expectations.tags.values()) {
    if (isMeant(tag.touchedAt)) problems.push(...(await checkTag(checked.reader, tag)))
  }
  if (!checked.layersLast) return problems
  for (const { attempt, endedAt } of expectations.blobs) {
    if (!isMeant(endedAt)) continue
    const text = await checked.reader.blob(attempt.repository, attempt)
    if (text !== undefined) problems.push({ rule: 'C2', text: `${attempt.repository}: acknowledged ${text}` })
  }
  return problems
}

async function checkImage(
  reader: Reader,
  { attempt, mayExist, mayBeAbsent }: ExpectedImage,
): Promise<readonly Problem[]> {
  const { repository, digest, mediaType, blobs, children } = attempt
  const where = keyOf(repository, digest)
  const reading = await reader.image(repository, digest)
  if (reading.kind === 'absent')
    return mayBeAbsent ? [] : [{ rule: 'C1', text: `${where} was acknowledged and is gone` }]
  if (!mayExist) return [{ rule: 'C5', text: `${where} was deleted and is back` }]
  if (reading.kind === 'flawed') {
    return reading.flaws.map(({ about, text }) => ({ rule: about === 'blob' ? 'C2' : 'C1', text: `${where}: ${text}` }))
  }
  const { manifest } = reading
  const problems: Problem[] = []
  if (manifest.mediaType !== mediaType)
    problems.push({ rule: 'C1', text: `${where} has the media type ${manifest.mediaType}, not ${mediaType}` })
  const [named, expected] = [
    [...manifest.blobs, ...manifest.children],
    [...blobs.map((blob) => blob.digest), ...children],
  ]
  if (named.map((part) => part.digest).join() !== expected.join())
    problems.push({ rule: 'C1', text: `${where} names ${named.length} other things than what was pushed` })
  return problems
}

async function checkTag(reader: Reader, { repository, tag, allowed }: ExpectedTag): Promise<readonly Problem[]> {
  const where = `${repository}:${tag}`
  const reading = await reader.image(repository, tag)
  if (reading.kind === 'flawed') {
    return reading.flaws.map(({ about, text }) => ({ rule: about === 'blob' ? 'C2' : 'C3', text: `${where}: ${text}` }))
  }
  const found = reading.kind === 'absent' ? undefined : reading.manifest.digest
  if (allowed.has(found)) return []
  const choices = [...allowed].map((each) => each ?? 'nothing').join(' or ')
  return [{ rule: 'C3', text: `${where} names ${found ?? 'nothing'}, and may name ${choices}` }]
}
