// `stowage catalog apply` against a server: what it prints, what it sends, and that a second run has nothing to do.

import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'

import {
  CreateRepositoryCommand,
  DescribeRepositoriesCommand,
  ECRPUBLICClient,
  GetRepositoryCatalogDataCommand,
  ListTagsForResourceCommand,
  TagResourceCommand,
} from '@aws-sdk/client-ecr-public'

import { pngOf } from '../operations/public/calls.ts'
import { testCertificate, testKey } from '../support/test-certificate.ts'
import { dataDirectory, type Ended, run, serve, type Server } from './program.ts'

const region = 'us-east-1'
/** The server's own region is not one that its public API is offered in, nor is the first of those a usual one. */
const inOtherRegions = ['--region', 'eu-central-1', '--public-regions', `eu-west-1,${region}`]
const arnOf = (name: string) => `arn:aws:ecr-public::123456789012:repository/${name}`

/** A client of the same account, as a program beside the command. */
async function clientOf(t: TestContext, { data, origin }: Server): Promise<ECRPUBLICClient> {
  const { stdout } = await run(['env', '--data', data, '--format', 'json'])
  // The command's own output, which another test compares whole.
  const variables = JSON.parse(stdout) as Record<'AWS_ACCESS_KEY_ID' | 'AWS_SECRET_ACCESS_KEY', string>
  const credentials = { accessKeyId: variables.AWS_ACCESS_KEY_ID, secretAccessKey: variables.AWS_SECRET_ACCESS_KEY }
  const client = new ECRPUBLICClient({ endpoint: origin, region, credentials, maxAttempts: 1 })
  t.after(() => client.destroy())
  return client
}

interface Setting {
  /** Writes files below the alias `shop`; `undefined` removes one. */
  readonly put: (files: Readonly<Record<string, string | Buffer | undefined>>) => void
  readonly apply: (...flags: readonly string[]) => Promise<Ended>
}

/** A directory for a server whose registry also has the alias `shop`. */
async function catalogFor(server: Server): Promise<Setting> {
  const { data } = server
  const directory = join(dirname(data), 'catalog')
  assert.equal((await run(['admin', 'registry', 'alias', 'add', 'shop', '--data', data])).code, 0)
  return {
    put: (files) => {
      for (const [path, content] of Object.entries(files)) {
        const file = join(directory, 'shop', path)
        mkdirSync(dirname(file), { recursive: true })
        if (content === undefined) rmSync(file)
        else writeFileSync(file, content)
      }
    },
    apply: (...flags) => run(['catalog', 'apply', directory, '--data', data, ...flags]),
  }
}

const lines = (...texts: readonly string[]) => texts.map((text) => `${text}\n`).join('')

describe('stowage catalog apply', () => {
  test('makes repositories, then changes what differs, then has nothing to do', async (t) => {
    const server = await serve(t, inOtherRegions)
    const client = await clientOf(t, server)
    const { put, apply } = await catalogFor(server)
    const logo = pngOf(60, 60)
    const bytes = logo.byteLength
    await client.send(new CreateRepositoryCommand({ repositoryName: 'left-alone' }))
    put({
      'tools/catalog.yaml': 'description: "Tools"\narchitectures: [x86-64, ARM 64]\ntags: { team: a, kind: x }\n',
      'tools/about.md': '# Tools\n\nMany.\n',
      'tools/logo.png': logo,
      'tools/notes.txt': 'of no meaning',
      'team/app/catalog.yaml': '',
    })
    const diff = lines(
      '! ignored shop/tools/notes.txt',
      '+ create shop/team/app',
      '+ create shop/tools',
      '    description      (none) -> "Tools"',
      '    architectures    (none) -> "x86-64", "ARM 64"',
      '    aboutText        +3 -0 lines',
      `    logo             (none) -> ${bytes} bytes`,
      '    tag kind         (none) -> "x"',
      '    tag team         (none) -> "a"',
      '2 to create, 0 to change, 0 the same',
    )
    const dry = await apply('--dry-run')
    assert.deepEqual(dry, { code: 0, stdout: `${diff}nothing was changed\n`, stderr: '' })
    const before = await client.send(new DescribeRepositoriesCommand({}))
    assert.deepEqual(
      before.repositories?.map(({ repositoryName }) => repositoryName),
      ['left-alone'],
    )

    const first = await apply()
    const done = lines(
      '[1/2] created shop/team/app',
      '[2/2] created shop/tools',
      'done: 2 created, 0 changed, 0 the same',
    )
    assert.deepEqual(first, { code: 0, stdout: `${diff}${done}`, stderr: '' })
    const read = async (repositoryName: string) => {
      const { catalogData } = await client.send(new GetRepositoryCatalogDataCommand({ repositoryName }))
      const { logoUrl, ...texts } = catalogData ?? {}
      const { tags } = await client.send(new ListTagsForResourceCommand({ resourceArn: arnOf(repositoryName) }))
      const shown = logoUrl === undefined ? undefined : Buffer.from(await (await fetch(logoUrl)).arrayBuffer())
      return { texts, logo: shown, tags: Object.fromEntries((tags ?? []).map(({ Key, Value }) => [Key, Value])) }
    }
    assert.deepEqual(await read('tools'), {
      texts: { description: 'Tools', architectures: ['x86-64', 'ARM 64'], aboutText: '# Tools\n\nMany.\n' },
      logo,
      tags: { team: 'a', kind: 'x' },
    })
    put({ 'tools/notes.txt': undefined })
    assert.deepEqual(await apply(), { code: 0, stdout: 'nothing differs: 2 the same\n', stderr: '' })

    const otherLogo = pngOf(61, 60)
    put({
      'tools/catalog.yaml': 'operatingSystems: [Linux]\ntags: { team: b, new: "" }\n',
      'tools/about.md': '# Tools\n\nMany more.\n',
      'tools/usage.md': 'Run them.',
      'tools/logo.png': otherLogo,
    })
    const second = await apply()
    assert.deepEqual(second, {
      code: 0,
      stdout: lines(
        '~ change shop/tools',
        '    description      "Tools" -> (none)',
        '    architectures    "x86-64", "ARM 64" -> (none)',
        '    operatingSystems (none) -> "Linux"',
        '    aboutText        +1 -1 lines',
        '    usageText        +1 -0 lines',
        `    logo             ${bytes} bytes -> ${otherLogo.byteLength} bytes`,
        '    tag kind         "x" -> (none)',
        '    tag new          (none) -> ""',
        '    tag team         "a" -> "b"',
        '0 to create, 1 to change, 1 the same',
        '[1/1] changed shop/tools',
        'done: 0 created, 1 changed, 1 the same',
      ),
      stderr: '',
    })
    assert.deepEqual(await read('tools'), {
      texts: { operatingSystems: ['Linux'], aboutText: '# Tools\n\nMany more.\n', usageText: 'Run them.' },
      logo: otherLogo,
      tags: { team: 'b', new: '' },
    })
    assert.equal((await apply()).stdout, 'nothing differs: 2 the same\n')
    assert.deepEqual(await read('left-alone'), { texts: {}, logo: undefined, tags: {} })
  })

  test('without tags in the file those of the server stay, and a missing file takes its member away', async (t) => {
    const server = await serve(t)
    const client = await clientOf(t, server)
    const { put, apply } = await catalogFor(server)
    put({ 'tools/about.md': 'a', 'tools/logo.png': pngOf(60, 60), 'tools/usage.md': 'u' })
    assert.equal((await apply()).code, 0)
    const tags = [{ Key: 'by', Value: 'hand' }]
    await client.send(new TagResourceCommand({ resourceArn: arnOf('tools'), tags }))
    assert.equal((await apply()).stdout, 'nothing differs: 1 the same\n')
    put({ 'tools/about.md': undefined, 'tools/logo.png': undefined })
    assert.match((await apply()).stdout, /aboutText +\+0 -1 lines\n +logo +\d+ bytes -> \(none\)\n0 to create/)
    const { catalogData } = await client.send(new GetRepositoryCatalogDataCommand({ repositoryName: 'tools' }))
    assert.deepEqual(catalogData, { usageText: 'u' })
    const left = await client.send(new ListTagsForResourceCommand({ resourceArn: arnOf('tools') }))
    assert.deepEqual(left.tags, tags)
  })

  test('as many tags as a repository may have change places with as many others', async (t) => {
    const server = await serve(t)
    const client = await clientOf(t, server)
    const { put, apply } = await catalogFor(server)
    for (const letter of ['a', 'b']) {
      const keys = Array.from({ length: 50 }, (_, index) => `${letter}${index}`)
      put({ 'tools/catalog.yaml': `tags:\n${keys.map((key) => `  ${key}: v\n`).join('')}` })
      assert.equal((await apply()).code, 0)
      const { tags } = await client.send(new ListTagsForResourceCommand({ resourceArn: arnOf('tools') }))
      assert.deepEqual(new Set(tags?.map(({ Key }) => Key)), new Set(keys))
    }
  })

  test('an alias of nobody is told apart from one that is not active, and nothing is sent', async (t) => {
    const server = await serve(t)
    const { data } = server
    const directory = join(dirname(data), 'catalog')
    for (const path of ['shop/a1', 'pend/b1', 'other/c1']) {
      mkdirSync(join(directory, path), { recursive: true })
      writeFileSync(join(directory, path, 'about.md'), 'a')
    }
    const apply = () => run(['catalog', 'apply', directory, '--data', data])
    assert.deepEqual(await apply(), {
      code: 2,
      stdout: '',
      stderr:
        'stowage: nothing was sent: no alias of this registry is other, pend, shop; it has none yet: ' +
        '"stowage admin registry alias add" gives it one, and so does its first public repository\n',
    })
    await run(['admin', 'registry', 'alias', 'add', 'shop', '--data', data])
    await run(['admin', 'registry', 'alias', 'add', 'pend', '--pending', '--data', data])
    const { code, stdout, stderr } = await apply()
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(
      stderr,
      /^stowage: nothing was sent: no alias of this registry is other, pend; it has ([a-z]\d){4}, shop, pend \(PENDING\)\n$/,
    )
  })

  test('faults of the directory are told before a server is looked for', async (t) => {
    const data = dataDirectory(t)
    const directory = join(dirname(data), 'catalog')
    mkdirSync(join(directory, 'shop/tools'), { recursive: true })
    writeFileSync(join(directory, 'shop/tools/catalog.yaml'), 'colour: red')
    assert.deepEqual(await run(['catalog', 'apply', directory, '--data', data]), {
      code: 2,
      stdout: '',
      stderr:
        'stowage: nothing was sent:\n  shop/tools/catalog.yaml: unknown key "colour"; there are description, architectures, operatingSystems, tags\n',
    })
    writeFileSync(join(directory, 'shop/tools/catalog.yaml'), '')
    const { code, stderr } = await run(['catalog', 'apply', directory, '--data', data])
    assert.deepEqual(
      [code, stderr],
      [
        1,
        `stowage: no server is running on the data directory ${data}: start one with "stowage serve", or name its directory with --data\n`,
      ],
    )
  })

  test('reaches a server with TLS at both of its addresses, and no other one', async (t) => {
    const data = dataDirectory(t)
    const [cert, key] = [join(dirname(data), 'cert.pem'), join(dirname(data), 'key.pem')]
    writeFileSync(cert, testCertificate)
    writeFileSync(key, testKey)
    const server = await serve(t, ['--tls-cert', cert, '--tls-key', key, '--domain', 'example.test'], data)
    const { put, apply } = await catalogFor(server)
    put({ 'tools/logo.png': pngOf(60, 60) })
    assert.equal((await apply()).code, 0)
    assert.equal((await apply()).stdout, 'nothing differs: 1 the same\n')

    const file = join(server.data, 'server.json')
    const fingerprint =
      /"fingerprint": "([^"]+)"/.exec(readFileSync(file, 'utf8'))?.[1] ?? assert.fail('no fingerprint')
    writeFileSync(file, readFileSync(file, 'utf8').replace(fingerprint, fingerprint.replace(/^../, 'ZZ')))
    const { code, stderr } = await apply()
    assert.deepEqual(
      [code, stderr],
      [1, `stowage: what answers at ${server.origin} is not the server of this data directory\n`],
    )
  })

  test('a refusal on the way says how far it came', async (t) => {
    const server = await serve(t)
    const { data } = server
    const { put, apply } = await catalogFor(server)
    put({ 'a1/about.md': 'a', 'b1/logo.png': pngOf(60, 60), 'c1/about.md': 'c' })
    // Where logos are kept there is no directory any more.
    rmSync(join(data, 'logos'), { recursive: true })
    writeFileSync(join(data, 'logos'), '')
    const { code, stdout, stderr } = await apply()
    assert.equal(code, 1)
    assert.ok(stdout.endsWith('3 to create, 0 to change, 0 the same\n[1/3] created shop/a1\n'), stdout)
    const reason = 'ServerException: The server could not process the request. Retry later'
    assert.equal(stderr, `stowage: shop/b1: ${reason} (1 of 3 were done before it; what is done stays)\n`)
    rmSync(join(data, 'logos'))
    mkdirSync(join(data, 'logos'))
    const again = await apply()
    assert.ok(again.stdout.endsWith('done: 2 created, 0 changed, 1 the same\n'), again.stdout)
  })
})
