// The eight invariants of ARCHITECTURE.md, read off the sources.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sourceFiles, type SourceFile } from './support/source.ts'

const files = sourceFiles()
const below = (folder: string) => files.filter((file) => file.path.startsWith(`src/${folder}/`))
const ownImports = (file: SourceFile) => file.imports.filter((item) => item.own)

/** Every import that leads from `from` to somewhere not below one of `allowed`. */
function strays(from: readonly SourceFile[], allowed: readonly string[]): readonly string[] {
  return from.flatMap((file) =>
    ownImports(file)
      .filter(({ target }) => !allowed.some((folder) => target.startsWith(`src/${folder}`)))
      .map(({ target }) => `${file.path} -> ${target}`),
  )
}

/** Every place where one of `patterns` stands in the code (comments do not count). */
function places(where: readonly SourceFile[], patterns: readonly RegExp[]): readonly string[] {
  return where.flatMap((file) =>
    patterns.filter((pattern) => pattern.test(file.code)).map((pattern) => `${file.path}: ${pattern.source}`),
  )
}

const loads = new Map(
  files.map((file) => [file.path, file.imports.filter((item) => !item.typeOnly).map(({ target }) => target)]),
)

/** All that a file loads, directly or not. */
function reached(from: string, seen = new Set<string>(), by = loads): ReadonlySet<string> {
  for (const target of by.get(from) ?? []) if (!seen.has(target)) reached(target, seen.add(target), by)
  return seen
}

test('there is something to look at', () => {
  assert.ok(files.length > 80)
  assert.ok(files.flatMap(ownImports).length > 200)
})

test('1. model/ and lib/ import nothing of ours outside themselves', () => {
  assert.deepEqual(strays(below('lib'), ['lib/']), [])
  assert.deepEqual(strays(below('model'), ['model/', 'lib/']), [])
})

test('2. domain/ imports only model/ and lib/; time, ids and files are not its own', () => {
  assert.deepEqual(strays(below('domain'), ['domain/', 'model/', 'lib/']), [])
  const outside = [
    /Date\.now\(|new Date\(\)/,
    /Math\.random|randomUUID|randomBytes/,
    /setTimeout|setInterval|setImmediate/,
    /node:(fs|http|https|net|os|path|worker_threads)/,
  ]
  assert.deepEqual(places(below('domain'), outside), [])
  assert.deepEqual(
    below('domain').flatMap((file) =>
      file.imports
        .filter((item) => !item.own && !item.target.startsWith('node:'))
        .map((item) => `${file.path} -> ${item.target}`),
    ),
    [],
    'packages in domain/',
  )
})

test('3. storage/ and rendering/ know the ports only, and the engines of storage/ do not know each other', () => {
  assert.deepEqual(strays(below('rendering'), ['rendering/', 'domain/ports/', 'lib/']), [])
  assert.deepEqual(strays(below('storage'), ['storage/', 'domain/ports/', 'domain/context.ts', 'lib/']), [])
  const engines = [
    'storage/sql/sqlite/',
    'storage/sql/postgres',
    'storage/disk',
    'storage/s3',
    'storage/key-file',
    'storage/lock',
  ]
  for (const engine of engines) {
    const own = files.filter((file) => file.path.startsWith(`src/${engine}`))
    const others = engines.filter((other) => other !== engine && !engine.startsWith(other))
    const crossing = own.flatMap((file) =>
      ownImports(file)
        .filter(({ target }) => others.some((other) => target.startsWith(`src/${other}`)))
        .map(({ target }) => `${file.path} -> ${target}`),
    )
    assert.deepEqual(crossing, [], engine)
  }
  const shared = below('storage/sql').filter(
    (file) => !file.path.startsWith('src/storage/sql/sqlite/') && !file.path.startsWith('src/storage/sql/postgres'),
  )
  assert.deepEqual(strays(shared, ['storage/sql/', 'domain/ports/', 'lib/']), [])
  assert.deepEqual(
    shared.flatMap((file) =>
      ownImports(file)
        .filter(({ target }) => target.startsWith('src/storage/sql/sqlite/'))
        .map(({ target }) => `${file.path} -> ${target}`),
    ),
    [],
  )
})

test('4. only assemble.ts and stores.ts know concrete implementations', () => {
  const knowers = ['src/assemble.ts', 'src/stores.ts']
  for (const room of ['src/storage/', 'src/rendering/']) {
    const knowing = files
      .filter((file) => !file.path.startsWith(room) && !knowers.includes(file.path))
      .flatMap((file) =>
        ownImports(file)
          .filter(({ target }) => target.startsWith(room))
          .map(({ target }) => `${file.path} -> ${target}`),
      )
    assert.deepEqual(knowing, [])
  }
})

/** Functions of the domain that a protocol may call itself: decisions, parsing and reading, and the streaming twin of UploadLayerPart. */
const callable = new Set([
  'authorise',
  'openToken',
  'mintToken',
  'claimsOf',
  'holderOf',
  'privateRegistry',
  'repositoryArn',
  'named',
  'parseManifest',
  'mediaTypes',
  'getRepository',
  'getUpload',
  'appendToUpload',
  'findLayer',
  'openLayer',
  'StorageFullError',
  'StorageBusyError',
  'UploadOffsetError',
  'publicRegistryOf',
  'UploadBusyError',
  'UploadTooLargeError',
  'DamagedBlobError',
])

test('5. every protocol changes state through perform, but for the streaming twin of UploadLayerPart', () => {
  const calls = below('protocol').flatMap((file) =>
    file.imports
      .filter((item) => item.own && !item.typeOnly && item.target.startsWith('src/domain/'))
      .flatMap((item) => item.names.filter((name) => !callable.has(name)).map((name) => `${file.path}: ${name}`)),
  )
  assert.deepEqual(calls, [])
  assert.deepEqual(
    places(below('protocol'), [/metadata\.write\(/, /blobs\.(append|publish|remove|discardUpload)\(/, /\.handle\(ctx/]),
    [],
  )
  const appending = below('protocol').filter((file) => file.code.includes('appendToUpload('))
  assert.deepEqual(
    appending.map((file) => file.path.replace(/[^/]+$/, '')),
    ['src/protocol/distribution/'],
  )
  const handling = files.filter((file) => /\.handle\(/.test(file.code)).map((file) => file.path)
  assert.deepEqual(handling, ['src/operations/perform.ts'])
})

test('6. nothing outside protocol/ knows an HTTP status, except the catalogue of errors', () => {
  const elsewhere = files.filter(
    // A client reads the status that somebody else has chosen.
    ({ path }) =>
      !path.startsWith('src/protocol/') && !path.startsWith('src/client/') && path !== 'src/model/errors.ts',
  )
  assert.deepEqual(
    places(elsewhere, [/\bstatus(?:Code)?\s*(?:[:=]|===|!==)\s*[1-5]\d\d\b/, /\bstatus\w*\s*\?\s*[1-5]\d\d\b/]),
    [],
  )
})

test('7. no import circles', () => {
  const targets = new Map(files.map((file) => [file.path, ownImports(file).map(({ target }) => target)]))
  const done = new Set<string>()
  const circles: string[] = []
  const visit = (path: string, trail: readonly string[]) => {
    if (trail.includes(path)) circles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '))
    if (done.has(path) || trail.includes(path)) return
    for (const target of targets.get(path) ?? []) visit(target, [...trail, path])
    done.add(path)
  }
  for (const path of targets.keys()) visit(path, [])
  assert.deepEqual(circles, [])
})

test('8. client/ knows model/ and lib/ only, and loads no package of the server', () => {
  assert.deepEqual(strays(below('client'), ['client/', 'model/', 'lib/']), [])
  const packages = below('client').flatMap((file) =>
    file.imports
      .filter((item) => !item.own && !item.typeOnly && !item.target.startsWith('node:'))
      .map(({ target }) => target),
  )
  assert.deepEqual(new Set(packages), new Set(['@aws-sdk/client-ecr', '@aws-sdk/client-ecr-public', 'tar']))
  // The tables of each API are loaded with its client alone.
  const ofPublic = /ecr-public-(inputs|errors)\.ts$/
  assert.deepEqual(
    [...reached('src/client/create-ecr.ts')].filter((path) => ofPublic.test(path)),
    [],
  )
  assert.ok([...reached('src/client/create-ecr-public.ts')].some((path) => ofPublic.test(path)))
})

test('what renders Markdown is loaded in its worker alone: the server starts without it', () => {
  const libraries = ['markdown-it', 'sanitize-html']
  assert.deepEqual(
    libraries.map((library) => reached('src/rendering/markdown-worker.ts').has(library)),
    [true, true],
  )
  for (const start of ['src/cli/main.ts', 'src/assemble.ts'])
    assert.deepEqual(
      libraries.filter((library) => reached(start).has(library)),
      [],
      start,
    )
})

test('each command loads what it needs: none about images loads the server, and the server no SDK', () => {
  const atOnce = new Map(
    files.map((file) => [
      file.path,
      file.imports.filter((item) => !item.typeOnly && !item.dynamic).map(({ target }) => target),
    ]),
  )
  const start = reached('src/cli/main.ts', new Set(), atOnce)
  const images = files.filter(({ path }) => path.startsWith('src/cli/images/')).map(({ path }) => path)
  assert.ok(images.includes('src/cli/images/list-repositories.ts'))
  const ofServer =
    /^(?:src\/(?:assemble|stores|operations|domain|protocol|storage|rendering|testing)\b|kysely|pino|node:sqlite)/
  for (const path of images)
    assert.deepEqual(
      [...start, ...reached(path, new Set(), atOnce)].filter((target) => ofServer.test(target)),
      [],
      path,
    )
  const ofClient = /^(?:src\/client\/|@aws-sdk\/)/
  assert.deepEqual(
    [...start, ...reached('src/cli/serve.ts')].filter((target) => ofClient.test(target)),
    [],
  )
})

test('what is for tests of others is nothing that the server needs', () => {
  const others = files.filter((file) => !file.path.startsWith('src/testing/'))
  const using = others.filter((file) => ownImports(file).some(({ target }) => target.startsWith('src/testing/')))
  assert.deepEqual(
    using.map(({ path }) => path),
    [],
  )
})

test('every import of ours leads to a file', () => {
  const known = new Set(files.map((file) => file.path))
  const lost = files.flatMap((file) =>
    ownImports(file)
      .filter(({ target }) => target.startsWith('src/') && !known.has(target))
      .map(({ target }) => `${file.path} -> ${target}`),
  )
  assert.deepEqual(lost, [])
})

test('house rules: no any, no default exports, no file grown out of hand', () => {
  assert.deepEqual(places(files, [/:\s*any\b|<any>|\bas any\b/, /^export default/m]), [])
  const lines = files
    .map((file) => ({ path: file.path, lines: file.text.split('\n').length }))
    .toSorted((a, b) => a.lines - b.lines)
  const share = (part: number) => lines[Math.floor(lines.length * part)]?.lines ?? 0
  assert.ok(share(0.5) <= 130, `half the files are under about 130 lines: ${share(0.5)}`)
  assert.ok(share(0.9) <= 340, `nine in ten are under about 340 lines: ${share(0.9)}`)
})
