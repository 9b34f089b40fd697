// `stowage push`, `pull` and `copy`: an image from one reference to another.

import { copyImage, type CopyReport } from '../../client/transport/copy-image.ts'
import type { BlobProgress, TransferProgress } from '../../client/transport/progress.ts'
import { CommandError } from '../command-error.ts'
import { inUnits } from '../in-units.ts'
import type { ConnectionFlags } from './access.ts'
import { exitCodes, imageFailure } from './image-failure.ts'
import { untilInterrupted } from './interruption.ts'
import { printJson, printTable, say } from './print.ts'
import { openSession, type Session } from './session.ts'
import { openTransferDisplay, type ProgressMode } from './transfer-progress.ts'

export type TransferVerb = 'push' | 'pull' | 'copy'

export interface TransferCommand {
  readonly verb: TransferVerb
  readonly source: string
  readonly target: string
  /** How each side is reached. */
  readonly from: ConnectionFlags
  readonly to: ConnectionFlags
  readonly platform: string | undefined
  readonly referrers: boolean
  readonly tags: readonly string[]
  readonly parallel: number | undefined
  readonly dryRun: boolean
  /** Replaces an archive that exists. */
  readonly force: boolean
  readonly progress: ProgressMode
  readonly asJson: boolean
}

/** Throws a CommandError. */
export async function transferImage(command: TransferCommand): Promise<void> {
  const { verb, asJson, dryRun } = command
  const blobs = new Map<string, BlobProgress>()
  try {
    const report = await untilInterrupted(interruptions[verb], (signal) => transfer(command, blobs, signal))
    if (asJson) printJson(documentOf(command, report, blobs))
    else if (dryRun) printPlan(command, report, blobs)
    else say(sentenceOf(command, report))
  } catch (error) {
    throw imageFailure(error)
  }
}

const interruptions: Readonly<Record<TransferVerb, string>> = {
  push: 'interrupted: the image was not pushed; the same command goes on where this one was',
  pull: 'interrupted: the image was not pulled, and nothing half-written is left; the same command fetches what is missing',
  copy: 'interrupted: the image was not copied; the same command goes on where this one was',
}

async function transfer(
  command: TransferCommand,
  blobs: Map<string, BlobProgress>,
  signal: AbortSignal,
): Promise<CopyReport> {
  using source = openSession(command.from)
  using target = openSession(command.to)
  if (command.verb === 'push') await requireRegistry(target, command.target, 'push into')
  if (command.verb === 'pull') await requireRegistry(source, command.source, 'pull from')
  const { platform, referrers, tags, parallel, dryRun, force } = command
  await using opened = new AsyncDisposableStack()
  const from = opened.adopt(await source.open(command.source), (place) => place.close())
  const to = opened.adopt(await target.open(command.target, { overwrite: force }), (place) => place.close())
  using display = await openTransferDisplay(command.progress, { quiet: command.asJson || dryRun })
  const onProgress = (event: TransferProgress) => {
    if (event.kind === 'blob') blobs.set(event.digest, event)
    display.tell(event)
  }
  return await copyImage(from, to, { platform, referrers, tags, parallel, dryRun, signal, onProgress })
}

async function requireRegistry(session: Session, text: string, what: string): Promise<void> {
  const { kind } = await session.parse(text)
  if (kind === 'ecr' || kind === 'ecr-public' || kind === 'registry') return
  throw new CommandError(
    `'${text}' is no registry to ${what}: "stowage copy" takes files on both sides`,
    exitCodes.usage,
  )
}

const done: Readonly<Record<TransferVerb, string>> = { push: 'pushed', pull: 'pulled', copy: 'copied' }

function sentenceOf({ verb, target }: TransferCommand, report: CopyReport): string {
  const { written, writtenBytes, existed, mounted, foreign } = report
  const parts = [
    `${written.length} blobs of ${inUnits(writtenBytes)} ${verb === 'push' ? 'sent' : 'written'}`,
    ...(existed.length > 0 ? [`${existed.length} were there`] : []),
    ...(mounted.length > 0 ? [`${mounted.length} mounted`] : []),
    ...(foreign.length > 0 ? [`${foreign.length} not copied, because they are kept elsewhere`] : []),
  ]
  return `${done[verb]} ${target} ${report.digest}: ${parts.join(', ')}`
}

/** What a run would do with each blob. */
function planOf(report: CopyReport, blobs: ReadonlyMap<string, BlobProgress>) {
  const rows = (digests: readonly string[], action: 'send' | 'exists' | 'foreign') =>
    digests.map((digest) => ({ action, digest, bytes: blobs.get(digest)?.totalBytes ?? 0 }))
  return [...rows(report.written, 'send'), ...rows(report.existed, 'exists'), ...rows(report.foreign, 'foreign')]
}

const planWords = { send: 'would go', exists: 'is there', foreign: 'is kept elsewhere' } as const

function printPlan({ target }: TransferCommand, report: CopyReport, blobs: ReadonlyMap<string, BlobProgress>): void {
  printTable(planOf(report, blobs).map(({ action, digest, bytes }) => [planWords[action], digest, inUnits(bytes)]))
  const named = report.tags.length > 0 ? ` as ${report.tags.join(', ')}` : ''
  const manifests = report.manifests.length === 1 ? 'its manifest' : `${report.manifests.length} manifests`
  say(
    `${report.digest} would come to ${target}${named}: ${report.written.length} blobs of ${inUnits(report.writtenBytes)}, and ${manifests}`,
  )
}

function documentOf(
  { source, target, dryRun }: TransferCommand,
  { digest, mediaType, tags, manifests, written, existed, mounted, foreign, writtenBytes }: CopyReport,
  blobs: ReadonlyMap<string, BlobProgress>,
) {
  const sized = (digests: readonly string[]) =>
    digests.map((blob) => ({ digest: blob, bytes: blobs.get(blob)?.totalBytes ?? 0 }))
  return {
    source,
    target,
    dryRun,
    digest,
    mediaType,
    tags,
    manifests,
    written: sized(written),
    existed: sized(existed),
    mounted: sized(mounted),
    foreign: sized(foreign),
    writtenBytes,
  }
}
