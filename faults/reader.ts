// Reads images back, whole: manifest, every blob, every child, by digest and size. What was read whole once is not read again in the same
// look, and not in later ones that are about something else.

import { ask, NoAnswerError, send, type Answer, type Target } from './data-plane.ts'
import { keyOf } from './expectations.ts'
import type { Part } from './journal.ts'
import { sha256 } from '../test/support/image-layout.ts'

export interface Manifest {
  readonly digest: string
  readonly mediaType: string
  readonly blobs: readonly Part[]
  readonly children: readonly Part[]
}

/** What is wrong, in words, each with what it is about: `manifest` or `blob`. */
export interface Flaw {
  readonly about: 'manifest' | 'blob'
  readonly text: string
}

export type Reading =
  | { readonly kind: 'whole'; readonly manifest: Manifest }
  | { readonly kind: 'absent' }
  | { readonly kind: 'flawed'; readonly flaws: readonly Flaw[] }

export interface Reader {
  /** An image by tag or digest. With a digest, the bytes must have it. */
  readonly image: (repository: string, reference: string) => Promise<Reading>
  /** What is wrong with a blob, if anything. */
  readonly blob: (repository: string, part: Part) => Promise<string | undefined>
  /** Forgets what was read: everything is read again. */
  readonly forget: () => void
  readonly totals: { images: number; blobs: number; bytes: number }
}

const manifestTypes = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
]

export function createReader(target: Target): Reader {
  const wholeBlobs = new Set<string>()
  const wholeImages = new Map<string, Manifest>()
  const totals = { images: 0, blobs: 0, bytes: 0 }

  async function blob(repository: string, { digest, size }: Part): Promise<string | undefined> {
    const key = keyOf(repository, digest)
    if (wholeBlobs.has(key)) return undefined
    const answer = await answerOrReason(target, `/v2/${repository}/blobs/${digest}`)
    if (typeof answer === 'string') return `blob ${digest}: ${answer}`
    if (answer.status !== 200) return `blob ${digest}: ${answer.status} ${textOf(answer)}`
    if (answer.body.length !== size) return `blob ${digest} has ${answer.body.length} bytes, not ${size}`
    if (sha256(answer.body) !== digest) return `blob ${digest} has other bytes: ${sha256(answer.body)}`
    wholeBlobs.add(key)
    totals.blobs++
    totals.bytes += size
    return undefined
  }

  async function image(repository: string, reference: string): Promise<Reading> {
    const known = wholeImages.get(keyOf(repository, reference))
    const path = `/v2/${repository}/manifests/${reference}`
    const answer = await answerOrReason(target, path, { accept: manifestTypes.join(', ') })
    if (typeof answer === 'string') return flawed(`${path}: ${answer}`)
    if (answer.status === 404) return { kind: 'absent' }
    if (answer.status !== 200) return flawed(`${path}: ${answer.status} ${textOf(answer)}`)
    const digest = sha256(answer.body)
    if (reference.startsWith('sha256:') && digest !== reference) return flawed(`${path} has other bytes: ${digest}`)
    if (answer.headers['docker-content-digest'] !== digest)
      return flawed(`${path} says its digest is ${String(answer.headers['docker-content-digest'])}, not ${digest}`)
    const manifest = known?.digest === digest ? known : parse(digest, answer)
    if (manifest === undefined) return flawed(`${path} is no manifest`)
    if (wholeImages.has(keyOf(repository, digest))) return { kind: 'whole', manifest }
    const flaws: Flaw[] = []
    for (const part of manifest.blobs) {
      const text = await blob(repository, part)
      if (text !== undefined) flaws.push({ about: 'blob', text })
    }
    for (const child of manifest.children) {
      const reading = await image(repository, child.digest)
      if (reading.kind === 'absent') flaws.push({ about: 'blob', text: `its image ${child.digest} is not there` })
      if (reading.kind === 'flawed') flaws.push(...reading.flaws)
    }
    if (flaws.length > 0) return { kind: 'flawed', flaws }
    wholeImages.set(keyOf(repository, digest), manifest)
    totals.images++
    return { kind: 'whole', manifest }
  }

  return {
    image,
    blob,
    forget: () => {
      wholeBlobs.clear()
      wholeImages.clear()
    },
    totals,
  }
}

/** Digests of what refers to an image, by the referrers list. Throws RefusedError. */
export async function listReferrers(target: Target, repository: string, subject: string): Promise<readonly string[]> {
  const answer = await ask(target, { method: 'GET', path: `/v2/${repository}/referrers/${subject}` }, 200)
  // An index, as the specification says.
  const { manifests } = JSON.parse(answer.body.toString()) as { readonly manifests: readonly Part[] }
  return manifests.map((each) => each.digest)
}

const flawed = (text: string): Reading => ({ kind: 'flawed', flaws: [{ about: 'manifest', text }] })

const textOf = ({ body }: Answer): string => body.toString('utf8', 0, 300).trim()

async function answerOrReason(
  target: Target,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer | string> {
  try {
    return await send(target, { method: 'GET', path, headers })
  } catch (error) {
    if (error instanceof NoAnswerError) return `no whole answer (${String(error.cause)})`
    throw error
  }
}

function parse(digest: string, { headers, body }: Answer): Manifest | undefined {
  try {
    // An image manifest or an index; anything else throws or has neither.
    const { config, layers, manifests } = JSON.parse(body.toString()) as {
      readonly config?: Part
      readonly layers?: readonly Part[]
      readonly manifests?: readonly Part[]
    }
    const blobs = [...(config ? [config] : []), ...(layers ?? [])]
    return { digest, mediaType: String(headers['content-type']), blobs, children: manifests ?? [] }
  } catch {
    return undefined
  }
}
