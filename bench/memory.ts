// Does the server hold layers in memory? Parallel uploads, then parallel downloads, of large layers, while its resident set is sampled.
// `npm run bench:memory [-- --parallel 8 --mebibytes 1024 --limit 64 --directory /tmp]`; ends with 1 when the growth passes the limit.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync, statfsSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { CreateRepositoryCommand } from '@aws-sdk/client-ecr'

import { type Stowage, startStowage } from '../test/support/stowage.ts'
import type { Transfer, TransferResult } from './transfer.ts'

const mebibyte = 1024 * 1024
const sampleEveryMs = 100
const repository = 'bench/memory'

const { values } = parseArgs({
  options: {
    parallel: { type: 'string', default: '8' },
    mebibytes: { type: 'string', default: '1024' },
    limit: { type: 'string', default: '64' },
    directory: { type: 'string', default: tmpdir() },
  },
})
const [parallel, layerMebibytes, limitMebibytes] = [values.parallel, values.mebibytes, values.limit].map(toCount)

process.exitCode = await measure(parallel ?? 0, (layerMebibytes ?? 0) * mebibyte, (limitMebibytes ?? 0) * mebibyte)

async function measure(streams: number, layerBytes: number, limitBytes: number): Promise<number> {
  const needed = streams * layerBytes * 1.1
  const { bavail, bsize } = statfsSync(values.directory)
  if (bavail * bsize < needed) {
    process.stderr.write(
      `${values.directory} has ${toMebibytes(bavail * bsize)} MiB free; ${toMebibytes(needed)} are needed\n`,
    )
    return 2
  }
  const dataDir = await mkdtemp(join(values.directory, 'stowage-bench-'))
  const stowage = await startStowage({ dataDir })
  try {
    await stowage.ecr.send(new CreateRepositoryCommand({ repositoryName: repository }))
    const target = { origin: stowage.origin, repository, password: await stowage.password() }
    const ready = residentBytes(stowage)
    // One small layer up and down first: the code is loaded and compiled once, however many layers follow.
    const [first] = await transfer({ ...target, kind: 'upload', streams: 1, layerBytes: mebibyte })
    await transfer({ ...target, kind: 'download', digests: [first?.digest ?? ''] })
    const baseline = residentBytes(stowage)
    print('resident when ready', `${toMebibytes(ready)} MiB`)
    print('resident after one small layer', `${toMebibytes(baseline)} MiB (the baseline)`)

    const upload = await sample(stowage, () => transfer({ ...target, kind: 'upload', streams, layerBytes }))
    report(`${streams} parallel uploads`, upload, baseline)
    const digests = upload.results.map((result) => result.digest)
    const download = await sample(stowage, () => transfer({ ...target, kind: 'download', digests }))
    report(`${streams} parallel downloads`, download, baseline)

    const growth = Math.max(upload.peak, download.peak) - baseline
    const verdict = growth <= limitBytes ? 'within' : 'OVER'
    print('growth', `${toMebibytes(growth)} MiB, ${verdict} the limit of ${toMebibytes(limitBytes)} MiB`)
    return growth <= limitBytes ? 0 : 1
  } finally {
    await stowage.remove()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

type Sampled = { readonly results: readonly TransferResult[]; readonly peak: number; readonly seconds: number }

async function sample(stowage: Stowage, work: () => Promise<readonly TransferResult[]>): Promise<Sampled> {
  let peak = residentBytes(stowage)
  const timer = setInterval(() => {
    peak = Math.max(peak, residentBytes(stowage))
  }, sampleEveryMs)
  const start = performance.now()
  const results = await work().finally(() => clearInterval(timer))
  return { results, peak, seconds: (performance.now() - start) / 1000 }
}

/** The client is another process, so that its memory and its processor time are not the server's. */
async function transfer(task: Transfer): Promise<readonly TransferResult[]> {
  const child = fork(new URL('transfer.ts', import.meta.url), { execArgv: [] })
  const ended = once(child, 'exit')
  const said = once(child, 'message')
  child.send(task)
  // The child's only message, of the type it exports.
  const results = await Promise.race([
    said.then(([results]) => results as TransferResult[]),
    ended.then(() => undefined),
  ])
  await ended
  if (results === undefined) throw new Error(`the client of the ${task.kind} failed`)
  return results
}

function report(title: string, { results, peak, seconds }: Sampled, baseline: number): void {
  const mebibytes = results.reduce((total, result) => total + result.bytes, 0) / mebibyte
  const rate = `${Math.round(mebibytes / seconds)} MiB/s`
  print(title, `${rate}; resident at most ${toMebibytes(peak)} MiB (+${toMebibytes(peak - baseline)})`)
}

/** Linux only: https://man7.org/linux/man-pages/man5/proc_pid_status.5.html */
function residentBytes(stowage: Stowage): number {
  const status = readFileSync(`/proc/${stowage.pid() ?? 0}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
}

function print(title: string, text: string): void {
  process.stdout.write(`${title.padEnd(32)}${text}\n`)
}

function toMebibytes(bytes: number): number {
  return Math.round(bytes / mebibyte)
}

function toCount(text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1) throw new Error(`${text} is not a count`)
  return count
}
