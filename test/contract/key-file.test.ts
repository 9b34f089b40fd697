// `secrets.json` of a data directory from before there were users: it gets a key for their secrets, and keeps all it had.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import { createKeyFiles, openAccessKeys, readSecrets } from '../../src/storage/key-file.ts'

const account = '123456789012'
const warn = (sentence: string) => assert.fail(sentence)

function directoryOf(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'stowage-keys-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

test('a new directory has every secret, and a second start changes none', async (t) => {
  const directory = directoryOf(t)
  await createKeyFiles(directory, account)
  const file = join(directory, 'secrets.json')
  const text = readFileSync(file, 'utf8')
  assert.deepEqual(Object.keys(JSON.parse(text)), ['pageKey', 'tokenKeys', 'identityKey'])
  assert.equal(readSecrets({ directory, warn }).identityKey.length, 32)
  await createKeyFiles(directory, account)
  assert.equal(readFileSync(file, 'utf8'), text)
  const keys = openAccessKeys({ directory, clock: { now: () => 0 }, warn })
  assert.deepEqual([keys.hasAccount(account), keys.hasAccount('210987654321')], [true, false])
})

test('an older file gets the key it lacks, and keeps the others', async (t) => {
  const directory = directoryOf(t)
  const file = join(directory, 'secrets.json')
  const key = (byte: number) => Buffer.alloc(32, byte).toString('base64')
  writeFileSync(file, JSON.stringify({ pageKey: key(1), tokenKeys: [key(2), key(3)] }), { mode: 0o600 })
  await createKeyFiles(directory, account)
  const { pageKey, tokenKeys, identityKey } = readSecrets({ directory, warn })
  assert.deepEqual(
    [pageKey, ...tokenKeys],
    [1, 2, 3].map((byte) => Buffer.alloc(32, byte)),
  )
  assert.equal(identityKey.length, 32)
  assert.equal(statSync(file).mode & 0o777, 0o600)
  const text = readFileSync(file, 'utf8')
  await createKeyFiles(directory, account)
  assert.equal(readFileSync(file, 'utf8'), text)
})

test('a file that is damaged is left as it is, and refused', async (t) => {
  const directory = directoryOf(t)
  const file = join(directory, 'secrets.json')
  writeFileSync(file, '{"pageKey": "short"}', { mode: 0o600 })
  await createKeyFiles(directory, account)
  assert.equal(readFileSync(file, 'utf8'), '{"pageKey": "short"}')
  assert.throws(() => readSecrets({ directory, warn }), /cannot use .*secrets\.json: pageKey is wrong/)
})
