// The directory of `stowage catalog apply`: what is read from it, and everything that is refused before a server is asked.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'

import { countLineChanges } from '../../src/cli/catalog/count-line-changes.ts'
import { printable } from '../../src/cli/catalog/printable.ts'
import { readCatalog } from '../../src/cli/catalog/read-catalog.ts'
import { CommandError } from '../../src/cli/command-error.ts'
import { pngOf } from '../operations/public/calls.ts'

type Files = Readonly<Record<string, string | Buffer>>

/** A directory with these files, removed after the test. */
function directoryOf(t: TestContext, files: Files): string {
  const root = mkdtempSync(join(tmpdir(), 'stowage-catalog-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
  }
  return root
}

/** The lines of the refusal, without the first and without indentation. */
async function faultsIn(root: string): Promise<readonly string[]> {
  const error: unknown = await readCatalog(root).then(
    () => assert.fail('was not refused'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof CommandError, String(error))
  assert.equal(error.exitCode, 2)
  const [first, ...faults] = error.message.split('\n')
  assert.equal(first, 'nothing was sent:')
  return faults.map((fault) => fault.trim())
}

const yamlFaults = async (t: TestContext, text: string | Buffer): Promise<readonly string[]> =>
  (await faultsIn(directoryOf(t, { 'tools/app/catalog.yaml': text }))).map((fault) =>
    fault.replace('tools/app/catalog.yaml: ', ''),
  )

describe('a catalog directory', () => {
  test('is read into entries in the order of their paths', async (t) => {
    const logo = pngOf(60, 60)
    const root = directoryOf(t, {
      'tools/team/app/catalog.yaml': [
        'description: "An app"',
        'architectures: [x86-64, ARM 64]',
        'operatingSystems: [Linux]',
        'tags: { team: a, __proto__: b }',
      ].join('\n'),
      'tools/team/app/about.md': '# About\r\nÄpfel 🍎\n',
      'tools/team/app/usage.md': '\uFEFFrun it',
      'tools/team/app/logo.png': logo,
      'tools/team/catalog.yaml': '',
      'other/x1/about.md': '',
    })
    assert.deepEqual(await readCatalog(root), {
      entries: [
        { path: 'other/x1', alias: 'other', repositoryName: 'x1', catalogData: { aboutText: '' }, tags: undefined },
        { path: 'tools/team', alias: 'tools', repositoryName: 'team', catalogData: {}, tags: undefined },
        {
          path: 'tools/team/app',
          alias: 'tools',
          repositoryName: 'team/app',
          catalogData: {
            description: 'An app',
            architectures: ['x86-64', 'ARM 64'],
            operatingSystems: ['Linux'],
            aboutText: '# About\r\nÄpfel 🍎\n',
            usageText: 'run it',
            logoImageBlob: logo,
          },
          tags: new Map([
            ['team', 'a'],
            ['__proto__', 'b'],
          ]),
        },
      ],
      ignored: [],
    })
  })

  test('has files that are named and ignored, others that are passed over, and links that lead nowhere', async (t) => {
    const root = directoryOf(t, {
      'tools/app/about.md': 'a',
      'tools/app/About.md.orig': 'a',
      'tools/app/.about.md.swp': 'a',
      '.git/config/catalog.yaml': 'a: [',
      'README.md': 'a',
    })
    symlinkSync(root, join(root, 'tools/loop'))
    const { entries, ignored } = await readCatalog(root)
    assert.deepEqual(
      entries.map(({ path }) => path),
      ['tools/app'],
    )
    assert.deepEqual(ignored, ['README.md', 'tools/app/About.md.orig', 'tools/loop'])
  })

  test('must hold a repository, and be there', async (t) => {
    const root = directoryOf(t, { 'tools/app/README.md': 'a' })
    await assert.rejects(
      readCatalog(root),
      new CommandError(`${root} holds no <alias>/<repository> with a catalog.yaml, about.md, usage.md or logo.png`, 2),
    )
    await assert.rejects(readCatalog(join(root, 'absent')), /^CommandError: cannot read the directory: ENOENT/)
    await assert.rejects(readCatalog(join(root, 'tools/app/README.md')), /^CommandError: cannot read the directory/)
  })

  test('tells all faults at once, each with its file', async (t) => {
    const root = directoryOf(t, {
      'about.md': 'at the root',
      'tools/usage.md': 'no repository',
      'Tools/app/about.md': 'a',
      '1/app/about.md': 'a',
      'tools/Team/app/about.md': 'a',
      'tools/a/about.md': 'a',
      'tools/ok/about.md': 'x'.repeat(25_601),
      'tools/ok/usage.md': Buffer.from([0x61, 0xff, 0x62]),
      'tools/ok/catalog.yaml': 'colour: red\ndescription: 7\n',
      'tools/ok/logo.png': '<svg/>',
      'tools/small/logo.png': pngOf(59, 60),
      'tools/large/logo.png': Buffer.alloc(512_001),
      'tools/huge/usage.md': Buffer.alloc(1024 * 1024 + 1, 'a'),
      'zz/twin/about.md': 'a',
      'yy/twin/about.md': 'a',
    })
    mkdirSync(join(root, 'tools/odd/about.md'), { recursive: true })
    symlinkSync('/etc/hostname', join(root, 'tools/odd/usage.md'))
    execFileSync('sh', ['-c', 'mkfifo "$0"', join(root, 'tools/odd/catalog.yaml')])
    assert.deepEqual(
      await faultsIn(root),
      [
        '.: the files of a repository stand in <alias>/<repository>',
        '1/app: the alias must have length greater than or equal to 2',
        "Tools/app: the alias must satisfy regular expression '^[a-z][a-z0-9]+(?:[._-][a-z0-9]+)*$'",
        'tools/a: the name of the repository must have length greater than or equal to 2',
        "tools/Team/app: the name of the repository must satisfy regular expression '(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*'",
        'tools/huge/usage.md: has 1048577 bytes, more than 1048576',
        'tools/large/logo.png: has 512001 bytes, more than 512000',
        'tools/odd/about.md: is not a file',
        'tools/odd/catalog.yaml: is not a file',
        'tools/odd/usage.md: is not a file; links are not followed',
        'tools/ok/about.md: must have length less than or equal to 25600',
        'tools/ok/catalog.yaml: description must be a string (what YAML reads as a number or a truth needs quotes)',
        'tools/ok/catalog.yaml: unknown key "colour"; there are description, architectures, operatingSystems, tags',
        'tools/ok/logo.png: must be a PNG image',
        'tools/ok/usage.md: is not UTF-8',
        'tools/small/logo.png: must be between 60 and 2048 pixels wide and high',
        'tools: the files of a repository stand in <alias>/<repository>',
        'zz/twin: would be the same repository as yy/twin',
      ].toSorted(),
    )
  })

  test('has limits of depth, and hostile names do not reach the terminal as they are', async (t) => {
    const deep = Array.from({ length: 130 }, () => 'a').join('/')
    const root = directoryOf(t, { [`tools/${deep}/about.md`]: 'a', 'tools/\u001b[2Jx\ny/about.md': 'a' })
    const faults = await faultsIn(root)
    assert.equal(faults[1], `tools${'/a'.repeat(126)}: is longer than the address of a repository may be`)
    assert.match(faults[0] ?? '', /^tools\/\\u\{1b\}\[2Jx\\u\{a\}y: the name of the repository must satisfy/)
    assert.equal(faults.length, 2)
  })
})

describe('catalog.yaml', () => {
  const tooMany = Array.from({ length: 51 }, (_, index) => `  k${index}: v`).join('\n')
  const cases: readonly (readonly [string, string | Buffer, string])[] = [
    ['a list at the top', '- a', 'must be keys and their values'],
    ['one text at the top', 'only a text', 'must be keys and their values'],
    ['a key twice', 'tags: {}\ntags: {}', 'Map keys must be unique at line 2, column 1'],
    [
      'a tag of another language',
      'description: !!js/function x',
      'Unresolved tag: tag:yaml.org,2002:js/function at line 1, column 14',
    ],
    [
      'a description that is too long',
      `description: ${'x'.repeat(1025)}`,
      'description must have length less than or equal to 1024',
    ],
    ['a text for a list', 'architectures: x86-64', 'architectures must be a list'],
    [
      'a number in a list',
      'operatingSystems: [Linux, 7]',
      'operatingSystems.2 must be a string (what YAML reads as a number or a truth needs quotes)',
    ],
    ['an empty item', 'operatingSystems: [Linux, ]\narchitectures: [~]', 'architectures holds an empty item'],
    [
      'a long item',
      `architectures: ["${'x'.repeat(51)}"]`,
      'architectures.1.member must have length less than or equal to 50',
    ],
    ['a lone surrogate', 'description: "\\uD800"', 'description holds a lone surrogate'],
    ['a tag without a value', 'tags: { team: }', 'tags holds an empty item'],
    [
      'a tag that is a truth',
      'tags: { team: true }',
      'tags.team must be a string (what YAML reads as a number or a truth needs quotes)',
    ],
    [
      "a tag of AWS's",
      'tags: { "aws:x": a }',
      `tags."aws:x": Invalid parameter at 'tagKey' failed to satisfy constraint: 'aws: prefixed tag key names are not allowed for external use'`,
    ],
    ['too many tags', `tags:\n${tooMany}`, 'tags: there may be at most 50'],
    ['bytes that are no text', Buffer.from([0xc3, 0x28]), 'is not UTF-8'],
    [
      'a key with a line in it',
      '"a\\nb": c',
      'unknown key "a\\u{a}b"; there are description, architectures, operatingSystems, tags',
    ],
    [
      '__proto__',
      '__proto__: { description: a }',
      'unknown key "__proto__"; there are description, architectures, operatingSystems, tags',
    ],
  ]
  for (const [what, text, fault] of cases) {
    test(`${what} is refused`, async (t) => assert.deepEqual(await yamlFaults(t, text), [fault]))
  }

  test('aliases that grow without end are refused', async (t) => {
    const levels = Array.from({ length: 9 }, (_, index) => `l${index + 1}: &l${index + 1} [${`*l${index},`.repeat(9)}]`)
    const faults = await yamlFaults(t, ['l0: &l0 [a]', ...levels].join('\n'))
    assert.deepEqual(faults, ['Excessive alias count indicates a resource exhaustion attack'])
  })
})

describe('what is printed', () => {
  test('lines added and removed are counted, and those that moved are neither', () => {
    const cases = [
      ['', '', 0, 0],
      ['', 'a\nb\n', 2, 0],
      ['a\nb', '', 0, 2],
      ['a\nb\n', 'a\nb', 1, 1],
      ['a\nb\nc\n', 'c\na\nb\n', 0, 0],
      ['a\na\n', 'a\nb\na\na\n', 2, 0],
      ['\n\n\n', '\n', 0, 2],
      ['same\nold\n', 'same\nnew\nnewer\n', 2, 1],
    ] as const
    for (const [before, after, added, removed] of cases) {
      assert.deepEqual(countLineChanges(before, after), { added, removed }, JSON.stringify([before, after]))
    }
  })

  test('nothing that moves a cursor is left in a text', () => {
    assert.equal(
      printable('a b\u001b[0m\u0085\u202e\u2028\ud800ä🍎'),
      'a b\\u{1b}[0m\\u{85}\\u{202e}\\u{2028}\\u{d800}ä🍎',
    )
  })
})
