// The stores of a data directory: for the server, which owns the directory and makes what is missing, and for commands, which find it as
// it is, with or without a server at work in it.

import type { CheckStore } from './domain/ports/store-audit.ts'
import type { Blobs } from './domain/ports/blobs.ts'
import type { Logos } from './domain/ports/logos.ts'
import type { Metadata } from './domain/ports/metadata.ts'
import { DataDirectoryError, databaseIn, isFull, refuseForCommand, refuseForServer } from './storage/data-directory.ts'
import { orStartError, reasonOf, StartError } from './start-error.ts'
import { type Ballast, openBallast, releaseForStart } from './storage/ballast.ts'
import { isRestoring } from './storage/backup/restore-marker.ts'
import type { UploadClaims } from './storage/disk-claims.ts'
import { type DiskOptions, openDiskBlobs } from './storage/disk.ts'
import { holdForWorker, lockDataDirectory } from './storage/lock.ts'
import { openDiskLogos } from './storage/logos.ts'
import { withBallast } from './storage/metadata-with-ballast.ts'
import { withBoundedLog } from './storage/metadata-with-bounded-log.ts'
import { createCheck } from './storage/sql/sqlite/check-database.ts'
import { isDamage } from './storage/sql/sqlite/errors.ts'
import { logBytes, logBytesMax } from './storage/sql/sqlite/log-file.ts'
import {
  openSqliteMetadata,
  type SqliteMetadata,
  type SqliteOptions,
} from './storage/sql/sqlite/open-sqlite-metadata.ts'
import { openVolatileMetadata } from './storage/sql/sqlite/open-volatile-metadata.ts'
import {
  hostTransactions,
  type HostedTransactions,
  type TransactionHost,
} from './storage/sql/sqlite/transaction-host.ts'
import { openVolatileState, type VolatileState } from './storage/volatile-state.ts'

export type { HostedTransactions, TransactionHost } from './storage/sql/sqlite/transaction-host.ts'

/** Backups of a data directory, for commands. */
export { backUp } from './storage/backup/back-up.ts'
export { BackupError } from './storage/backup/backup-error.ts'
export { restoreBackup } from './storage/backup/restore-backup.ts'

export interface Stores {
  readonly metadata: Metadata
  readonly blobs: Blobs
  readonly logos: Logos
  readonly checkStore: CheckStore
  /** How large the database's log is. */
  readonly logBytes: () => Promise<number>
  /** Makes the ballast whole where there is room for it. */
  readonly refillBallast: () => Promise<void>
}

export interface StoresOptions {
  /** The data directory. */
  readonly data: string
  /** Free space in MiB below which uploads are refused; 512, or 2 % of the file system when that is more. */
  readonly reserveMib?: number | undefined
  /** The ballast of a full disk in MiB, for a server: none when it is not given. */
  readonly ballastMib?: number | undefined
  /** Told once when the database can not be trusted any more; the process is expected to end. */
  readonly onFatal: (error: Error) => void
  /** Told where a directory went that lay in the place of a file. */
  readonly onSetAside?: (path: string) => void
  /** For tests that end the process at a point of a write. */
  readonly diskHooks?: DiskOptions['hooks']
}

/** The stores of a registry that ends with the process that made it. */
export interface VolatileStores extends Stores {
  readonly state: VolatileState
}

/** The stores of a data directory that a command works on. */
export interface CommandStores extends Stores, AsyncDisposable {
  /** The process that serves from the directory meanwhile; `undefined` when there is none, and then none can start before the end. */
  readonly server: { readonly pid: number | undefined } | undefined
}

/** The stores of the process that owns the directory. */
export interface ServerStores extends Stores {
  /** Write transactions for one other process. */
  readonly hostTransactions: () => HostedTransactions
  readonly ballast: Pick<Ballast, 'missing' | 'release'>
}

/** What a process that only serves asks of the one that owns the directory. */
export interface WorkerStoresOptions extends Pick<StoresOptions, 'data' | 'reserveMib' | 'onFatal' | 'onSetAside'> {
  readonly host: TransactionHost
  readonly claims: UploadClaims
  readonly ballast: Pick<Ballast, 'missing' | 'release'>
}

export interface WorkerStores extends Pick<Stores, 'metadata' | 'blobs' | 'logos' | 'logBytes'> {
  /** What is read from now on is as new as the database. */
  readonly renew: () => void
}

/** Takes the data directory, made when missing, for this process until `opened` is disposed. Throws StartError when another has it. */
export async function lockForServer(
  directory: string,
  opened: AsyncDisposableStack,
  named: readonly string[] = [],
): Promise<void> {
  await asStartError(refuseForServer(directory, named))
  const held = await orStartError(`cannot use the data directory ${directory}`, () => lockDataDirectory(directory))
  if ('heldBy' in held) {
    const holder = held.heldBy === undefined ? 'another server' : `another server (process ${held.heldBy})`
    throw new StartError(
      `the data directory ${directory} is in use by ${holder}: stop it, or choose another directory with --data`,
    )
  }
  opened.defer(() => held.release())
  await refuseHalfRestored(directory)
}

/** Opens, and makes or brings up to date, the stores of a directory that the caller has locked. Throws StartError. */
export async function openStores(options: StoresOptions, opened: AsyncDisposableStack): Promise<ServerStores> {
  return open(options, opened, 'server')
}

/** How long a transaction of another process may have the turn. */
const turnMs = 30_000
/** And how long such a process waits for one with all that is done in it. */
const patienceMs = 65_000

/** Opens the stores of a directory that another process has opened and writes the database of. It must outlive this one. Throws StartError. */
export async function openWorkerStores(
  { data, reserveMib, onFatal, onSetAside, host, claims, ballast }: WorkerStoresOptions,
  opened: AsyncDisposableStack,
): Promise<WorkerStores> {
  const held = await orStartError(`cannot use the data directory ${data}`, () => holdForWorker(data))
  opened.defer(() => held.release())
  const file = databaseIn(data)
  const database = await openDatabase(data, { file, onFatal, host, workMs: patienceMs })
  opened.defer(() => database.close())
  const bytes = () => logBytes(file)
  const bounded = withBoundedLog(database, { directory: data, logBytes: bytes, harmlessBytes: logBytesMax })
  const setAside = () => ballast.missing()
  const reserveBytes = reserveMib === undefined ? undefined : reserveMib * MiB
  const blobs = await openBlobs(data, { asIs: true, reserveBytes, setAside, onSetAside, claims })
  opened.defer(() => blobs.close())
  const logos = await openLogos(data, true, onSetAside)
  return { metadata: withBallast(bounded, ballast), blobs, logos, logBytes: bytes, renew: database.renew }
}

/**
 * Opens stores that make no promise, in a new directory that the caller removes: nothing is fsynced, and no thread is started. Throws
 * StartError.
 */
export async function openVolatileStores(
  { data, reserveMib, onFatal }: StoresOptions,
  opened: AsyncDisposableStack,
): Promise<VolatileStores> {
  const file = databaseIn(data)
  const metadata = await orStartError(`cannot open the database ${file}`, () => openVolatileMetadata({ file, onFatal }))
  opened.defer(() => metadata.close())
  const reserveBytes = (reserveMib ?? 0) * MiB
  const blobs = await orStartError(`cannot open the storage of layers in ${data}`, () =>
    openDiskBlobs({ directory: data, durable: false, reserveBytes }),
  )
  opened.defer(() => blobs.close())
  const logos = await openDiskLogos(data, { durable: false })
  const state = openVolatileState(data, metadata, blobs)
  const checkStore = createCheck(file, opened, false)
  return { metadata, blobs, logos, state, checkStore, logBytes: () => logBytes(file), refillBallast: async () => {} }
}

/**
 * Opens the stores of a directory as they are, for a command: beside the server that runs on it, or else with the directory locked, so that
 * none starts. Nothing is made, migrated or tidied up. Throws StartError, also when the directory is not one of ours.
 */
export async function openStoresForCommand(options: StoresOptions): Promise<CommandStores> {
  const { data } = options
  await using opened = new AsyncDisposableStack()
  // Before the lock, which is a file in the directory.
  await asStartError(refuseForCommand(data))
  await refuseHalfRestored(data)
  const held = await orStartError(`cannot use the data directory ${data}`, () => lockDataDirectory(data))
  if (!('heldBy' in held)) opened.defer(() => held.release())
  const stores = await open(options, opened, 'heldBy' in held ? 'beside a server' : 'alone')
  const kept = opened.move()
  return {
    ...stores,
    server: 'heldBy' in held ? { pid: held.heldBy } : undefined,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

/** A directory that is none of ours is told without a cause: the wrong one was named. */
async function asStartError(refusing: Promise<void>): Promise<void> {
  try {
    await refusing
  } catch (error) {
    if (!(error instanceof DataDirectoryError)) throw error
    throw new StartError(error.message, error.kind === 'foreign' ? undefined : { cause: error })
  }
}

async function refuseHalfRestored(data: string): Promise<void> {
  if (await isRestoring(data))
    throw new StartError(
      `${data} holds a backup that was not restored to the end: run "stowage restore BACKUP --data ${data}" again, or remove the directory`,
    )
}

async function open(
  { data, reserveMib, ballastMib = 0, onFatal, onSetAside, diskHooks }: StoresOptions,
  opened: AsyncDisposableStack,
  place: 'server' | 'beside a server' | 'alone',
): Promise<ServerStores> {
  const asIs = place !== 'server'
  const file = databaseIn(data)
  const reserveBytes = reserveMib === undefined ? undefined : reserveMib * MiB
  const ballast = openBallast({ directory: data, bytes: ballastMib * MiB, reserveBytes })
  if (!asIs) await releaseForStart(data, ballast)
  const database = await openDatabase(data, { file, onFatal, asIs })
  opened.defer(() => database.close())
  const bytes = () => logBytes(file)
  const bounded = withBoundedLog(database, { directory: data, logBytes: bytes, harmlessBytes: logBytesMax })
  const setAside = ballast.missing
  const blobs = await openBlobs(data, { asIs, reserveBytes, setAside, onSetAside, hooks: diskHooks })
  opened.defer(() => blobs.close())
  return {
    metadata: withBallast(bounded, ballast),
    blobs,
    logos: await openLogos(data, asIs, onSetAside),
    checkStore: createCheck(file, opened, place !== 'alone'),
    logBytes: bytes,
    refillBallast: ballast.refill,
    hostTransactions: () => hostTransactions(database.writer, turnMs),
    ballast,
  }
}

function openBlobs(directory: string, options: Omit<DiskOptions, 'directory'>): Promise<Blobs> {
  return orStartError(`cannot open the storage of layers in ${directory}`, () =>
    openDiskBlobs({ directory, ...options }),
  )
}

function openLogos(data: string, asIs: boolean, onSetAside: StoresOptions['onSetAside']): Promise<Logos> {
  return orStartError(`cannot open the storage of logos in ${data}`, () =>
    openDiskLogos(data, { asIs, ...(onSetAside && { onSetAside }) }),
  )
}

async function openDatabase(data: string, options: SqliteOptions): Promise<SqliteMetadata> {
  const what = `cannot open the database ${options.file}`
  try {
    return await openSqliteMetadata(options)
  } catch (error) {
    if (await isFull(data))
      throw new StartError(`${what}: the disk is full; make room on it and try again`, { cause: error })
    const remedy = isDamage(error) ? `; restore a backup with "stowage restore"` : ''
    throw new StartError(`${what}: ${reasonOf(error)}${remedy}`, { cause: error })
  }
}

const MiB = 1024 * 1024
